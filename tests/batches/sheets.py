"""Worksheets as somebody at a spreadsheet program has them: read, changed, and saved as another program would."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import xlsxwriter
from python_calamine import CalamineWorkbook

from batchbook.batches.concurrency import Token
from batchbook.batches.worksheets.batch_layout import layout_of, sheet_grid
from batchbook.batches.worksheets.diff import WorksheetDiff, diff_worksheet
from batchbook.batches.worksheets.sheet_writer import write_worksheet
from batchbook.batches.worksheets.uploads import AppliedChanges, apply_worksheet
from batchbook.batches.worksheets.worksheet_file import open_worksheet
from batchbook.grid import GridState
from batchbook.grid.export import text_sheet

from .harness import BatchHarness

Line = list[str]


@dataclass
class Book:
    """The cells of a workbook's sheets, by the name of the sheet, with the headings."""

    sheets: dict[str, list[Line]] = field(default_factory=dict)

    @classmethod
    def read(cls, data: bytes) -> Self:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return cls(
            {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
        )

    @property
    def rows(self) -> list[Line]:
        return self.sheets["Rows"]

    def place(self, heading: str) -> int:
        return self.rows[0].index(heading)

    def __getitem__(self, at: tuple[int, str]) -> str:
        """The cell beneath ``heading`` in a row, counted from 1 below the headings."""
        return self.rows[at[0]][self.place(at[1])]

    def __setitem__(self, at: tuple[int, str], text: Any) -> None:
        self.rows[at[0]][self.place(at[1])] = text

    def column(self, heading: str) -> Line:
        return [row[self.place(heading)] for row in self.rows[1:]]

    def save(self) -> bytes:
        """Write it as a program does that keeps neither formats nor hidden columns, only what cells hold."""
        saved = io.BytesIO()
        with xlsxwriter.Workbook(saved, {"constant_memory": True}) as book:
            for name, rows in self.sheets.items():
                sheet = text_sheet(book, name)
                for line, row in enumerate(rows):
                    for place, value in enumerate(row):
                        sheet.write_string(line, place, value) if isinstance(value, str) else sheet.write(
                            line, place, value
                        )
        return saved.getvalue()


def download(harness: BatchHarness, batch_id: int) -> Book:
    return Book.read(written(harness, batch_id))


def written(harness: BatchHarness, batch_id: int) -> bytes:
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        layout, file = layout_of(context), io.BytesIO()
        rows = sheet_grid(context, layout, ~context.row.removed).all_rows(engine.session, GridState(), None)
        write_worksheet(context, layout, rows, file)
    return file.getvalue()


def look(
    harness: BatchHarness, batch_id: int, book: Book, save: Callable[[Book], bytes] = Book.save
) -> WorksheetDiff:
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        return diff_worksheet(context, open_worksheet("sheet.xlsx", io.BytesIO(save(book))))


def take(
    harness: BatchHarness, batch_id: int, book: Book, *insisted: str, seen: Token | None = None
) -> AppliedChanges:
    with harness.engine() as engine:
        sheet = open_worksheet("sheet.xlsx", io.BytesIO(book.save()))
        found = diff_worksheet(engine.context_of(engine.find(batch_id)), sheet)
        return apply_worksheet(engine, batch_id, found, insisted, seen)
