"""Reading a sheet of an old Excel workbook (XLS), row by row, as a person would have typed its cells."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.tables import biff
from batchbook.tables.archive import TooMuch
from batchbook.tables.choices import Reading
from batchbook.tables.compound import Compound
from batchbook.tables.extent import NotASheet
from batchbook.tables.kinds import password_sentence
from batchbook.tables.refusals import in_sentences, too_far
from batchbook.tables.report import Note
from batchbook.tables.rows import MAX_CELLS, MAX_COLUMNS, Block, Opened
from batchbook.tables.sheets import choose_sheet
from batchbook.tables.texts import MAX_TEXT
from batchbook.tables.xlscells import Cells
from batchbook.tables.xlsglobals import Globals, read_globals

_WHAT = "an old Excel workbook"


def open_xls(name: str, file: BinaryIO, said: Reading, expected: Collection[str]) -> Opened:
    """Return the rows of one sheet of ``file``, called ``name``; ``expected`` are headings that it may have.

    Raises ``BadInput`` for what is no workbook, and for one that a password protects, also while rows are read.
    """
    with in_sentences(name, _WHAT):
        stream = memoryview(Compound(file).stream("workbook"))
        book = read_globals(stream)
        if book.is_protected:
            raise BadInput(password_sentence(name))
        if not book.sheets:
            raise NotASheet("it has no sheet")
        sheets = [(sheet.name, sheet.visible) for sheet in book.sheets]
        chosen = choose_sheet(
            name, sheets, lambda place: XlsRows(name, stream, book, place), said.sheet, expected
        )
    reading = replace(said, format="xls", encoding="", delimiter="", sheet=chosen.name)
    return Opened(chosen.rows, reading, chosen.rows.height, sheets=chosen.reports, notes=chosen.notes)


class XlsRows:
    """The rows of the sheet at a place."""

    def __init__(self, name: str, stream: memoryview, book: Globals, place: int) -> None:
        self._name, self._stream, self._book = name, stream, book
        self._start = book.sheets[place].start
        self._cells = Cells(book)
        #: The number of its last row, as far as it says so itself.
        self.height = self._said_height()

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows with something in them, in blocks of at most ``size``."""
        with in_sentences(self._name, _WHAT):
            self._cells = Cells(self._book)
            first, held = 1, list[Sequence[str]]()
            for number, row in _limited(_rows(self._cells.found(self._stream, self._start))):
                if held and (number != first + len(held) or len(held) == size):
                    yield Block(first, held)
                    held = []
                first = first if held else number
                held.append(row)
            if held:
                yield Block(first, held)

    def notes(self) -> tuple[Note, ...]:
        """Return what was noticed while rows were read."""
        return self._cells.notes()

    def _said_height(self) -> int | None:
        for record in biff.records(self._stream, self._start):
            if record.kind == biff.DIMENSIONS:
                return min(int(struct.unpack_from("<I", record.data, 4)[0]), 65_536)
        return None


def _rows(cells: Iterator[tuple[int, int, str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the texts of each row; raise :class:`NotASheet` where a row comes in two parts."""
    number, row = 0, list[str]()
    for at, column, text in cells:
        if at + 1 != number:
            if row:
                yield number, row
            if at + 1 < number:
                raise NotASheet(f"row {at + 1:,} stands below row {number:,}")
            number, row = at + 1, []
        if column >= MAX_COLUMNS:
            raise TooMuch(too_far(number, column + 1))
        if column >= len(row):
            row.extend([""] * (column + 1 - len(row)))
        row[column] = text
    if row:
        yield number, row


def _limited(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, Sequence[str]]]:
    cells, text = 0, 0
    for number, row in rows:
        cells += len(row)
        text += sum(map(len, row))
        if cells > MAX_CELLS:
            raise TooMuch(too_far(number, len(row)))
        if text > MAX_TEXT:
            raise TooMuch(f"repeats its texts so often that its cells hold more than {MAX_TEXT:,} characters")
        yield number, tuple(row)
