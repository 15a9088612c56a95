"""Rows of a file before anybody said which of them are headings: what every reader of a format gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, Protocol

from batchbook.tables.choices import Reading
from batchbook.tables.report import Note, SheetReport, TextReading

#: How far a table may reach.
MAX_COLUMNS, MAX_ROWS, MAX_TEXT_ROWS = 1_000, 1_000_000, 5_000_000

#: How many cells a workbook may have, counted as the rectangle that holds them.
MAX_CELLS = 5_000_000

#: How much text a cell may hold, in characters.
MAX_CELL = 1024 * 1024

#: How many rows are looked at together to guess something.
SAMPLE = 200

# About how many cells are held at a time: as many as the processor's own memory takes, since more are slower; and how
# many rows at least, however wide they are.
_HELD_CELLS, _HELD_ROWS = 8_000, 100


class Block(NamedTuple):
    """Rows that follow each other, as raw texts; ``first`` is the number of the first of them, counted from 1."""

    first: int
    rows: Sequence[Sequence[str]]


class Rows(Protocol):
    """The rows of a file, which can be read again and again; rows without a cell may be left out between blocks."""

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows in blocks of at most ``size``; raise ``BadInput`` where they stop being readable."""
        ...

    def notes(self) -> tuple[Note, ...]:
        """Return what was noticed while rows were read, so far."""
        ...


@dataclass(frozen=True)
class Opened:
    """A file that can be read: its rows, how they are read, and what its structure shows.

    ``ragged`` tells that a row has as many cells as were written; else rows are parts of a rectangle.
    """

    rows: Rows
    reading: Reading
    expected_rows: int | None
    ragged: bool = False
    sheets: tuple[SheetReport, ...] = ()
    notes: tuple[Note, ...] = field(default=())
    readings: tuple[TextReading, ...] = ()


Numbered = tuple[int, Sequence[str]]


def first_rows(rows: Rows, count: int = SAMPLE) -> list[Numbered]:
    """Return the first ``count`` rows that are not blank, with their numbers."""
    numbered = (
        (number, row)
        for block in rows.blocks(count)
        if any(map(any, block.rows))
        for number, row in enumerate(block.rows, block.first)
        if not is_blank(row)
    )
    return list(islice(numbered, count))


def rows_at_once(size: int, width: int) -> int:
    """Return how many rows of ``width`` cells are held together where ``size`` are wanted."""
    return max(1, min(size, max(_HELD_ROWS, _HELD_CELLS // max(1, width))))


def is_blank(row: Sequence[str]) -> bool:
    """Tell whether nothing but blanks is in ``row``."""
    return not any(row) or not "".join(row).strip()
