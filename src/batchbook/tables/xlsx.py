"""Reading a sheet of an Excel workbook as text: numbers become what a person would have typed, texts keep zeros."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

from batchbook.tables.archive import TooMuch
from batchbook.tables.choices import Reading
from batchbook.tables.refusals import in_sentences, too_long
from batchbook.tables.report import Note
from batchbook.tables.rows import MAX_CELL, Block, Opened, rows_at_once
from batchbook.tables.sheets import choose_sheet
from batchbook.tables.values import LongNumbers, texts_of
from batchbook.tables.workbook import Book, Loaded


def open_xlsx(name: str, file: BinaryIO, said: Reading, expected: Collection[str]) -> Opened:
    """Return the rows of one sheet of ``file``, called ``name``; ``expected`` are headings that it may have.

    Raises ``BadInput`` for what is no workbook, unpacks to too much, or reaches too far.
    """
    with in_sentences(name, "an Excel workbook"):
        book = Book(file)
        chosen = choose_sheet(
            name,
            [(sheet.name, sheet.visible) for sheet in book.sheets],
            lambda place: SheetRows(name, book.load(book.sheets[place])),
            said.sheet,
            expected,
        )
    reading = replace(said, format="xlsx", encoding="", delimiter="", sheet=chosen.name)
    return Opened(chosen.rows, reading, chosen.rows.height, sheets=chosen.reports, notes=chosen.notes)


class SheetRows:
    """The rows of a sheet that was read."""

    def __init__(self, name: str, loaded: Loaded) -> None:
        self._name, self._cells, self._found = name, loaded.cells, loaded.found
        self._long = LongNumbers()
        #: The number of its last row.
        self.height = loaded.cells.total_height

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows, from the sheet's first also where that is blank, in blocks of at most ``size``."""
        rows, first = self._cells.iter_rows(), 1
        self._long = LongNumbers()
        while values := list(islice(rows, rows_at_once(size, self._cells.total_width))):
            self._long.look(first, values)
            texts = texts_of(values)
            with in_sentences(self._name, "an Excel workbook"):
                _check_lengths(first, texts)
            yield Block(first, texts)
            first += len(values)

    def notes(self) -> tuple[Note, ...]:
        """Return what was noticed."""
        return (*self._found.notes(), *self._long.notes())


def _check_lengths(first: int, rows: Sequence[Sequence[str]]) -> None:
    for column in zip(*rows, strict=True):
        if max(map(len, column)) > MAX_CELL:
            raise TooMuch(too_long(first + next(n for n, text in enumerate(column) if len(text) > MAX_CELL)))
