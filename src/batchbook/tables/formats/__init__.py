"""Readers of file formats: CSV, XLSX, XLS and ODS, each of which gives its rows in blocks of texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, Protocol

from batchbook.tables.report import Note, Reading, SheetReport, TextReading

#: The number of first rows from which guesses are made.
SAMPLE = 200


class Block(NamedTuple):
    """Consecutive rows as raw texts; ``first`` is the number of the first row, counted from 1."""

    first: int
    rows: Sequence[Sequence[str]]


class MergedRange(NamedTuple):
    """A range of merged cells: its first and last row, counted from 1, its first and last column, counted from 0."""

    top: int
    bottom: int
    left: int
    right: int

    def __str__(self) -> str:
        """Return the range as spreadsheet programs write it, such as A1:C2."""
        return f"{column_letters(self.left)}{self.top}:{column_letters(self.right)}{self.bottom}"


def column_letters(column: int) -> str:
    """Return the letters by which spreadsheet programs call a column, counted from 0."""
    first = column_letters(column // 26 - 1) if column >= 26 else ""
    return first + chr(ord("A") + column % 26)


class RawRows(Protocol):
    """The rows of a file, which can be read repeatedly; rows without a cell may be missing between blocks."""

    @property
    def hidden_rows(self) -> Collection[int]:
        """The numbers of the rows that are hidden, as far as they were read."""
        ...

    @property
    def merged(self) -> Sequence[MergedRange]:
        """The ranges of merged cells: all of them, or those that begin in rows that were read."""
        ...

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows in blocks of at most ``size``; raise ``BadInput`` where they stop being readable."""
        ...

    def notes(self) -> tuple[Note, ...]:
        """Return the notes from reading rows so far."""
        ...


@dataclass(frozen=True)
class OpenedFile:
    """An open file: its rows, the options by which it is read, and notes about its structure.

    The rows of a ``ragged`` file have as many cells as were written; those of others are parts of a rectangle.
    """

    rows: RawRows
    reading: Reading
    expected_rows: int | None
    ragged: bool = False
    sheets: tuple[SheetReport, ...] = ()
    notes: tuple[Note, ...] = field(default=())
    readings: tuple[TextReading, ...] = ()


NumberedRow = tuple[int, Sequence[str]]


def first_rows(rows: RawRows, count: int = SAMPLE) -> list[NumberedRow]:
    """Return the first ``count`` rows that are not blank, with their numbers."""
    numbered = (
        (number, row)
        for block in rows.blocks(count)
        if any(map(any, block.rows))
        for number, row in enumerate(block.rows, block.first)
        if not is_blank(row)
    )
    return list(islice(numbered, count))


def blocks_of(rows: Iterable[NumberedRow], size: int) -> Iterator[Block]:
    """Yield rows in blocks of at most ``size``; a block ends where numbers are left out."""
    first, pending = 1, list[Sequence[str]]()
    for number, row in rows:
        if pending and (number != first + len(pending) or len(pending) == size):
            yield Block(first, pending)
            pending = []
        first = first if pending else number
        pending.append(row)
    if pending:
        yield Block(first, pending)


def is_blank(row: Sequence[str]) -> bool:
    """Return whether nothing but blanks is in ``row``."""
    return not any(row) or not "".join(row).strip()
