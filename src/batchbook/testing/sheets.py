"""Checks of worksheets: a batch's rows that go out as a workbook, and come back with a cell changed."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from batchbook.batches.work import Work
from batchbook.batches.worksheets import Comparison, compare, layout_of, open_worksheet, write_worksheet
from batchbook.batches.worksheets.label import ROWS
from batchbook.batches.worksheets.rows import SheetRows, sheet_grid
from batchbook.grid import GridState
from batchbook.grid.export import text_sheet
from batchbook.testing.bench import Bench
from batchbook.testing.sample import Sample
from batchbook.testing.verdict import check
from batchbook.testing.workbench import Workbench

#: The sheets of a workbook by name, each as rows of texts.
Sheets = dict[str, list[list[str]]]


class SheetChecks(Bench):
    """Download, change, compare."""

    def test_a_worksheet_comes_back_as_it_went_out(self, bench: Workbench, made: tuple[Sample, int]) -> None:
        """A worksheet that nobody changed differs from its batch in nothing."""
        found = _compared(bench, made[1], lambda _work, _sheets: None)
        differing = [change.mark for change in (*found.taken, *found.conflicts, *found.unreadable)]
        check(
            found.empty and not found.notes,
            f"A worksheet that nobody changed differs from its batch: {', '.join([*differing, *found.notes])}",
        )

    def test_a_cell_changed_in_a_worksheet_is_found(self, bench: Workbench, made: tuple[Sample, int]) -> None:
        """A change of one cell is found, means what was written there, and is no conflict."""
        sample, number = made
        if sample.edit is None:
            pytest.skip("Rows of this type have no editable column.")
        field, text = sample.edit
        found = _compared(bench, number, lambda work, sheets: _write(work, sheets, field, text))
        marks = [change.mark for change in found.taken]
        check(
            marks == [f"1.{field}"] and not found.conflicts,
            f"Row 1 says {text!r} in {field} in a worksheet, and what is to be taken is {marks or 'nothing'}: the layout"
            " must say the same of a row each time, and understand what it says.",
        )


def _compared(bench: Workbench, number: int, change: Callable[[Work, Sheets], None]) -> Comparison:
    with bench.acting() as engine:
        work = engine.work_on(engine.find(number))
        sheets = _sheets(_written(work))
        change(work, sheets)
        return compare(engine.work_on(work.batch), open_worksheet("sheet.xlsx", _rewritten(sheets)))


def _write(work: Work, sheets: Sheets, field: str, text: str) -> None:
    """Have row 1 say in ``sheets`` what the layout makes of ``text`` in ``field``."""
    layout = layout_of(work)
    rows = SheetRows(work, layout)
    grid = sheet_grid(work, layout, work.row.sequence == 1)
    (row,) = map(rows.proxy, grid.all_rows(work.session, GridState(), None))
    texts = rows.texts(row, rows.fields(row) | {field: text})
    place = [column.field for column in layout.columns].index(field)
    sheets[ROWS][1][place + 1] = texts[place]


def _written(work: Work) -> io.BytesIO:
    layout, data = layout_of(work), io.BytesIO()
    rows = sheet_grid(work, layout, ~work.row.removed).all_rows(work.session, GridState(), None)
    write_worksheet(work, layout, rows, data)
    return data


def _sheets(data: io.BytesIO) -> Sheets:
    data.seek(0)
    book = CalamineWorkbook.from_filelike(data)
    return {
        name: [list(map(str, row)) for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)]
        for name in book.sheet_names
    }


def _rewritten(sheets: Sheets) -> io.BytesIO:
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"constant_memory": True, "strings_to_formulas": False}) as book:
        for name, rows in sheets.items():
            sheet: Any = text_sheet(book, name)
            for line, cells in enumerate(rows):
                for place, text in enumerate(cells):
                    sheet.write_string(line, place, text)
    return data
