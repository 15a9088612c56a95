"""Checks of edits to the rows of an open batch, on pages and by worksheet."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from batchbook.batches.changed_cells import ChangedCell
from batchbook.batches.editing import CellProblems, RowEditor, RowRemover, StaleEdit, editable_columns
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.batches.worksheets.batch_layout import SheetRows, layout_of, sheet_grid
from batchbook.batches.worksheets.diff import WorksheetDiff, diff_worksheet
from batchbook.batches.worksheets.sheet_writer import write_worksheet
from batchbook.batches.worksheets.worksheet_file import ROWS, open_worksheet
from batchbook.errors import BadInput
from batchbook.grid import GridState
from batchbook.grid.export import text_sheet
from batchbook.testing.harness import AppHarness, HarnessFixtures
from batchbook.testing.populate_checks import check_counts, unreadable
from batchbook.testing.sample import Sample, check, complain, refused, same

#: A text that is no code of anything.
_UNKNOWN = "\N{SNOWMAN} no such thing"
#: The columns that still differ after an edit has been undone.
_TRACES = ("version", "modified_at")


class EditChecks(HarnessFixtures):
    """Checks of editing, adding, scanning, removing and restoring rows."""

    def test_an_edit_is_stored_and_remembered(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """The cell has its new value, the row a new version, and the history an entry; the header's counts are right."""
        sample, number = made
        for field, text in _edits_of(harness, sample, number):
            before = harness.rows(number)[1]
            with harness.acting() as engine:
                RowEditor(engine).edit(number, 1, {field: text}, before["version"])
            after = harness.rows(number)[1]
            check(
                after[field] != before[field],
                f"Row 1 has {before[field]!r} in {field} after an edit to {text!r}.",
            )
            check(
                after["version"] > before["version"], "An edit must give the row a new version, and did not."
            )
            with harness.transaction(read_only=True) as session:
                changes = select(ChangedCell.field).where(ChangedCell.batch_id == number)
                changed = session.scalars(changes).all()
            check(field in changed, f"The history lacks the change of {field}.")
            check_counts(harness, number, f"after an edit of {field}")

    def test_a_stale_edit_is_refused(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """An edit based on an older version changes nothing."""
        sample, number = made
        field, text = _edits_of(harness, sample, number)[0]
        before = harness.rows(number)
        with refused(StaleEdit, "edit a row based on an old version"), harness.acting() as engine:
            RowEditor(engine).edit(number, 1, {field: text}, before[1]["version"] - 1)
        same(before, harness.rows(number), "A stale edit must change nothing.")

    def test_an_unreadable_text_is_refused(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """A text that the cell cannot store changes nothing."""
        sample, number = made
        fields = [field for field, _ in _edits_of(harness, sample, number)]
        columns = {one.name: one for one in editable_columns(harness.row_of(number), EVERYTHING)}
        unfit = {field: text for field in fields if (text := unreadable(columns[field])) is not None}
        if not unfit:
            pytest.skip(f"Any text can be stored in {', '.join(fields)}.")
        before = harness.rows(number)
        for field, text in unfit.items():
            with refused(CellProblems, f"store {text[:20]!r} in {field}"), harness.acting() as engine:
                RowEditor(engine).edit(number, 1, {field: text}, before[1]["version"])
        same(before, harness.rows(number), "A refused edit must change nothing.")

    def test_a_row_can_be_added(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """The new row comes last, has its values, and is counted."""
        sample, number = made
        if not harness.batch_type.handler.rows_can_be_added:
            pytest.skip("Rows of this type cannot be added by hand.")
        if sample.row is None:
            complain("Rows of this type can be added by hand: give the sample one as row.")
        expected = len(harness.rows(number)) + 1
        with harness.acting() as engine:
            sequence = RowEditor(engine).add(number, sample.row)
        check(sequence == expected, f"An added row must come last, as row {expected}, and is row {sequence}.")
        check_counts(harness, number, "after a row was added")

    def test_quick_entry_understands_and_refuses(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """A valid scan is taken; an unknown one changes nothing, or is a row where the type says so."""
        sample, number = made
        if harness.batch_type.handler.quick_entry is None:
            pytest.skip("This type has no quick entry.")
        if sample.scan is None:
            complain("This type has quick entry: give the sample a text for it as scan.")
        with harness.acting() as engine:
            RowEditor(engine).enter(number, sample.scan)
        check_counts(harness, number, "after a quick entry")
        before = harness.rows(number)
        if harness.batch_type.handler.quick_entry.unknown:
            with harness.acting() as engine:
                RowEditor(engine).enter(number, _UNKNOWN)
            check(
                len(harness.rows(number)) == len(before) + 1,
                "An unknown text must become a row, and did not.",
            )
            check_counts(harness, number, "after an unknown text was entered")
            return
        with refused(BadInput, "enter an unknown text"), harness.acting() as engine:
            RowEditor(engine).enter(number, _UNKNOWN)
        same(before, harness.rows(number), "A refused quick entry must add nothing.")

    def test_a_row_can_be_removed_and_restored(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """A removed row is not counted; restoring it brings back the original batch."""
        _, number = made
        before = harness.rows(number, without=_TRACES)
        _set_removed(harness, number, removed=True)
        check(harness.batch(number).removed_count == 1, "The header does not count the removed row.")
        check_counts(harness, number, "after a row was removed")
        _set_removed(harness, number, removed=False)
        same(before, harness.rows(number, without=_TRACES), "Restoring a row must bring back its values.")
        check_counts(harness, number, "after a row was restored")


def _edits_of(harness: AppHarness, sample: Sample, number: int) -> list[tuple[str, str]]:
    if sample.all_edits:
        return sample.all_edits
    if editable_columns(harness.row_of(number), EVERYTHING):
        complain("Rows of this type can be edited: give the sample a field and a new text as edit.")
    pytest.skip("Rows of this type have no editable column.")


def _set_removed(harness: AppHarness, number: int, *, removed: bool) -> None:
    with harness.acting() as engine:
        RowRemover(engine).set_removed(number, 1, removed=removed)


#: The sheets of a workbook by name, each as rows of texts.
Sheets = dict[str, list[list[str]]]


class SheetChecks(HarnessFixtures):
    """Checks of downloading, changing and comparing worksheets."""

    def test_a_worksheet_comes_back_as_it_went_out(
        self, harness: AppHarness, made: tuple[Sample, int]
    ) -> None:
        """An unchanged worksheet does not differ from its batch."""
        found = _compared(harness, made[1], lambda _context, _sheets: None)
        differing = [change.mark for change in (*found.taken, *found.conflicts, *found.unreadable)]
        check(
            found.empty and not found.notes,
            f"An unchanged worksheet differs from its batch: {', '.join([*differing, *found.notes])}",
        )

    def test_a_cell_changed_in_a_worksheet_is_found(
        self, harness: AppHarness, made: tuple[Sample, int]
    ) -> None:
        """A changed cell is found, is read as it was written, and is no conflict."""
        sample, number = made
        if not sample.all_edits:
            pytest.skip("Rows of this type have no editable column.")
        for field, text in sample.all_edits:
            change = partial(_write, field=field, text=text)
            found = _compared(harness, number, change)
            marks = [change.mark for change in found.taken]
            check(
                marks == [f"1.{field}"] and not found.conflicts,
                f"Row 1 of a worksheet has {text!r} in {field}, and the changes found are {marks or 'none'}: the layout must"
                " write the same texts for a row each time, and be able to read them.",
            )


def _compared(
    harness: AppHarness, number: int, change: Callable[[ActionContext, Sheets], None]
) -> WorksheetDiff:
    with harness.acting() as engine:
        context = engine.context_of(engine.find(number))
        sheets = _sheets(_written(context))
        change(context, sheets)
        return diff_worksheet(
            engine.context_of(context.batch), open_worksheet("sheet.xlsx", _rewritten(sheets))
        )


def _write(context: ActionContext, sheets: Sheets, field: str, text: str) -> None:
    """Write row 1 of ``sheets`` as the layout does if its ``field`` is ``text``."""
    layout = layout_of(context)
    rows = SheetRows(context, layout)
    grid = sheet_grid(context, layout, context.row.sequence == 1)
    (row,) = map(rows.proxy, grid.all_rows(context.session, GridState(), None))
    texts = rows.texts(row, rows.fields(row) | {field: text})
    place = [column.field for column in layout.columns].index(field)
    sheets[ROWS][1][place + 1] = texts[place]


def _written(context: ActionContext) -> io.BytesIO:
    layout, data = layout_of(context), io.BytesIO()
    rows = sheet_grid(context, layout, ~context.row.removed).all_rows(context.session, GridState(), None)
    write_worksheet(context, layout, rows, data)
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
