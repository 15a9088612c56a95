"""Reading a sheet of an Excel workbook as text: numbers become what a person would have typed, texts keep zeros."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

from python_calamine import CalamineError

from batchbook.errors import BadInput
from batchbook.tables.archive import TooMuch
from batchbook.tables.choices import Reading
from batchbook.tables.extent import NotASheet
from batchbook.tables.report import Note
from batchbook.tables.rows import MAX_CELL, Block, Opened, rows_at_once
from batchbook.tables.sheets import choose_sheet
from batchbook.tables.values import LongNumbers, texts_of
from batchbook.tables.workbook import Book, Loaded

#: What is raised by what is no workbook, whatever is wrong with it.
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, CalamineError, NotASheet, KeyError, IndexError, OSError, EOFError, ValueError,
    RuntimeError, NotImplementedError, StopIteration,
)  # fmt: skip


def open_xlsx(name: str, file: BinaryIO, said: Reading, expected: Collection[str]) -> Opened:
    """Return the rows of one sheet of ``file``, called ``name``; ``expected`` are headings that it may have.

    Raises ``BadInput`` for what is no workbook, unpacks to too much, or reaches too far.
    """
    try:
        book = Book(file)
        names = [(sheet.name, sheet.visible) for sheet in book.sheets]
        chosen = choose_sheet(
            name, names, lambda place: SheetRows(name, book.load(book.sheets[place])), said.sheet, expected
        )
    except TooMuch as error:
        raise BadInput(f"“{name}” {error}. Nothing was taken from it.") from None
    except UNREADABLE as error:
        raise BadInput(
            f"“{name}” cannot be read as an Excel workbook ({error}). Open it in your spreadsheet program, save it once"
            " more as XLSX, and upload that."
        ) from None
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
            check_lengths(self._name, first, texts)
            yield Block(first, texts)
            first += len(values)

    def notes(self) -> tuple[Note, ...]:
        """Return what was noticed."""
        return (*self._found.notes(), *self._long.notes())


def check_lengths(name: str, first: int, rows: list[Sequence[str]]) -> None:
    """Raise ``BadInput`` where a cell of ``rows``, of which the first has the number ``first``, is far too long."""
    for column in zip(*rows, strict=True):
        if max(map(len, column)) > MAX_CELL:
            row = first + next(place for place, text in enumerate(column) if len(text) > MAX_CELL)
            raise BadInput(
                f"“{name}” has a cell with more than {MAX_CELL:,} characters in row {row:,}. No cell may be that long."
                " Nothing was taken from it."
            )
