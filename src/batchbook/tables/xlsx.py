"""Reading a sheet of an Excel workbook as text: numbers become what a person would have typed, texts keep zeros."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

from batchbook.tables.choices import Reading
from batchbook.tables.refusals import in_sentences
from batchbook.tables.report import Note
from batchbook.tables.rows import Block, Opened, rows_at_once
from batchbook.tables.sheets import choose_sheet
from batchbook.tables.values import ColumnTexts
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
        self._texts = ColumnTexts()
        last_row, last_column = loaded.cells.end or (-1, -1)
        #: The number of its last row.
        self.height = last_row + 1
        self._width = last_column + 1

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield the rows in blocks of at most ``size``; blocks in which nothing stands are left out."""
        rows, first = self._cells.iter_rows(), 1
        self._texts = ColumnTexts()
        at_once = rows_at_once(size, self._width)
        while values := list(islice(rows, at_once)):
            # A cell far below makes room for many rows without any.
            if values.count([""] * len(values[0])) < len(values):
                with in_sentences(self._name, "an Excel workbook"):
                    texts = self._texts.rows(first, values)
                yield Block(first, texts)
            first += len(values)

    def notes(self) -> tuple[Note, ...]:
        """Return what was noticed."""
        return (*self._found.notes(), *self._texts.long.notes())
