"""Raw rows of a file, as every format's reader gives them, and the records of a table made from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import NamedTuple, Protocol

from batchbook.tables.report import Chunk, Note, Reading, SheetReport, TextReading

#: How many rows are looked at together to guess something.
SAMPLE = 200


class Block(NamedTuple):
    """Consecutive rows as raw texts; ``first`` is the number of the first row, counted from 1."""

    first: int
    rows: Sequence[Sequence[str]]


class RawRows(Protocol):
    """The rows of a file, which can be read repeatedly; rows without a cell may be missing between blocks."""

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
    first, held = 1, list[Sequence[str]]()
    for number, row in rows:
        if held and (number != first + len(held) or len(held) == size):
            yield Block(first, held)
            held = []
        first = first if held else number
        held.append(row)
    if held:
        yield Block(first, held)


def is_blank(row: Sequence[str]) -> bool:
    """Tell whether nothing but blanks is in ``row``."""
    return not any(row) or not "".join(row).strip()


_first_cell = itemgetter(0)


class RecordBuilder:
    """Builder of records from blocks of rows; ``blank`` counts the blank rows between records so far.

    The first ``above`` rows and the rows in ``left_out`` are no records. Without ``fitting``, records keep their own length.
    """

    def __init__(self, width: int, above: int, left_out: Collection[int], *, fitting: bool = True) -> None:
        self._width, self._above, self._left_out, self._fitting = width, above, frozenset(left_out), fitting
        self._last, self._waiting = above, 0
        self.blank = 0

    def chunk(self, block: Block) -> Chunk:
        """Return the records of ``block``."""
        first, rows = block
        if first <= self._above:
            rows = rows[self._above - first + 1 :]
            first = self._above + 1
        if not rows:
            return Chunk((), (), {})
        self._waiting += max(0, first - self._last - 1)  # Rows that the reader left out have no cell.
        self._last = first + len(rows) - 1
        if self._all_plain(first, rows):
            self._count_waiting()
            return Chunk(range(first, first + len(rows)), rows, {})
        if not any(map(any, rows)):
            self._waiting += len(rows)
            return Chunk((), (), {})
        return self._one_by_one(first, rows)

    def _all_plain(self, first: int, rows: Sequence[Sequence[str]]) -> bool:
        """Tell whether all rows are as wide as the table and begin with something, which most tables' rows do."""
        if set(map(len, rows)) != {self._width} or not self._left_out.isdisjoint(
            range(first, first + len(rows))
        ):
            return False
        starts = list(map(_first_cell, rows))
        return all(starts) and not any(map(str.isspace, starts))

    def _one_by_one(self, first: int, rows: Sequence[Sequence[str]]) -> Chunk:
        numbers: list[int] = []
        records: list[Sequence[str]] = []
        surplus: dict[int, Sequence[str]] = {}
        width, left_out = self._width, self._left_out
        for number, row in enumerate(rows, first):
            if is_blank(row):
                self._waiting += 1
            elif number not in left_out:
                self._count_waiting()
                numbers.append(number)
                records.append(row if len(row) == width else self._fitted(number, row, surplus))
        return Chunk(numbers, records, surplus)

    def _fitted(self, number: int, row: Sequence[str], surplus: dict[int, Sequence[str]]) -> Sequence[str]:
        if not self._fitting:
            return row
        if len(row) < self._width:
            return (*row, *[""] * (self._width - len(row)))
        if any(row[self._width :]):
            surplus[number] = row[self._width :]
        return row[: self._width]

    def _count_waiting(self) -> None:
        # Blank rows behind the last record are not between records.
        self.blank += self._waiting
        self._waiting = 0
