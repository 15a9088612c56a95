"""The error workbook of an import: the file as it was sent, with what is wrong beside it, and back again."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from batchbook.batches import Action
from batchbook.batches.worksheets.batch_layout import layout_of, sheet_grid
from batchbook.batches.worksheets.diff import diff_worksheet
from batchbook.batches.worksheets.sheet_writer import write_worksheet
from batchbook.batches.worksheets.uploads import apply_worksheet
from batchbook.batches.worksheets.worksheet_file import open_worksheet
from batchbook.db.transactions import transaction_scope
from batchbook.grid import GridState

from .conftest import ImportHarness

LIST = (
    "Artikel;Bezeichnung;Notiz;Preis;Abteilung\n"
    "000000001;Item 1;bleibt;1,50;GROCERY\n"
    "000000002;Item 2;;abc;PRODUC\n"
    "000000003;Item 3;;3,00;PRODUCE\n"
)
pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


def _workbook(harness: ImportHarness, number: int) -> bytes:
    file = io.BytesIO()
    with transaction_scope(harness.database, read_only=True) as session:
        engine = harness.act(session)
        context = engine.context_of(engine.find(number))
        layout = layout_of(context)
        write_worksheet(
            context, layout, sheet_grid(context, layout).all_rows(session, GridState(), None), file
        )
    return file.getvalue()


def _sheets(data: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def _rewritten(sheets: dict[str, list[list[Any]]]) -> bytes:
    """Return a workbook with these cells, as a spreadsheet program would save them."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for line, cells in enumerate(rows):
                for place, text in enumerate(cells):
                    sheet.write_string(line, place, str(text))
    return file.getvalue()


def test_it_is_the_file_with_what_is_wrong_beside_it(harness: ImportHarness) -> None:
    number = harness.create(LIST)
    heading, first, second, third = _sheets(_workbook(harness, number))["Rows"]
    assert heading == ["Key", "Artikel", "Bezeichnung", "Notiz", "Preis", "Abteilung", "Status", "Problems"]
    assert first[1:7] == ["000000001", "Item 1", "bleibt", "1,50", "GROCERY", "Update"]
    assert third[1:7] == ["000000003", "Item 3", "", "3,00", "PRODUCE", "Unchanged"]
    assert second[4:6] == ["abc", "PRODUC"]
    assert "“abc” is not a number" in second[7]
    assert "Suggested: “PRODUCE”" in second[7]


def test_only_what_was_corrected_is_taken_and_nothing_that_changed_meanwhile(harness: ImportHarness) -> None:
    number = harness.create(LIST)
    sheets = _sheets(_workbook(harness, number))
    rows = sheets["Rows"]
    rows[1][4] = "1.234,50"
    rows[2][4], rows[2][5] = "2,20", "PRODUCE"
    rows[3][3] = "bought"
    rows[1], rows[3] = rows[3], rows[1]  # Sorted otherwise.
    harness.edit(number, 1, new_price="1.60")
    with transaction_scope(harness.database) as session:
        engine = harness.act(session)
        found = diff_worksheet(
            engine.context_of(engine.find(number)),
            open_worksheet("back.xlsx", io.BytesIO(_rewritten(sheets))),
        )
        assert [(c.sequence, c.label, c.before, c.now, c.sheet, c.text) for c in found.conflicts] == [
            (1, "Preis", "1,50", "1,60", "1.234,50", "1234.50")
        ]
        assert [(c.sequence, c.sheet, c.text) for c in found.taken] == [
            (2, "2,20", "2.20"),
            (2, "PRODUCE", "PRODUCE"),
        ]
        apply_worksheet(engine, number, found)
    assert [(row.status, str(row.new_price)) for row in harness.rows(number)] == [
        ("update", "1.60"), ("update", "2.20"), ("unchanged", "3.00"),
    ]  # fmt: skip


def test_the_sheet_as_it_was_downloaded_changes_nothing(harness: ImportHarness) -> None:
    number = harness.create(LIST)
    sheet = _rewritten(_sheets(_workbook(harness, number)))
    harness.run(number, Action.REFRESH)
    with transaction_scope(harness.database) as session:
        engine = harness.act(session)
        found = diff_worksheet(
            engine.context_of(engine.find(number)), open_worksheet("back.xlsx", io.BytesIO(sheet))
        )
        assert found.empty


def test_what_was_edited_stands_there_as_the_file_would_say_it(harness: ImportHarness) -> None:
    """Among decimal commas 1234.60 would be understood as something else as soon as a digit is added."""
    number = harness.create(LIST)
    harness.edit(number, 1, new_price="1234.60")
    sheets = _sheets(_workbook(harness, number))
    assert sheets["Rows"][1][4] == "1234,60"
    sheets["Rows"][1][4] = "1234,80"
    with transaction_scope(harness.database) as session:
        engine = harness.act(session)
        sheet = open_worksheet("back.xlsx", io.BytesIO(_rewritten(sheets)))
        found = diff_worksheet(engine.context_of(engine.find(number)), sheet)
        assert [(c.before, c.sheet, c.text) for c in found.taken] == [("1234,60", "1234,80", "1234.80")]
        assert not found.conflicts
