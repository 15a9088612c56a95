"""Checks of what people do to the rows of an open batch."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from batchbook.batches.editing import CellProblems, RowEditor, RowRemover, Stale, editable_columns
from batchbook.batches.models import CellChange
from batchbook.errors import BadInput
from batchbook.testing.bench import Bench
from batchbook.testing.populating import check_counts, unreadable
from batchbook.testing.sample import Sample
from batchbook.testing.verdict import check, complain, refused, same
from batchbook.testing.workbench import Workbench

#: What an edit that is taken back leaves behind: that there was one.
_TRACES = ("version", "modified_at")


class EditChecks(Bench):
    """Edit, add, scan, remove and restore."""

    def test_an_edit_is_stored_and_remembered(self, bench: Workbench, made: tuple[Sample, int]) -> None:
        """The cell has the new value, the row a new version, the history the cell, the header its counts."""
        sample, number = made
        field, text = _edit_of(bench, sample, number)
        before = bench.rows(number)[1]
        with bench.acting() as engine:
            RowEditor(engine).edit(number, 1, {field: text}, before["version"])
        after = bench.rows(number)[1]
        check(
            after[field] != before[field],
            f"Row 1 has {before[field]!r} in {field} after an edit to {text!r}.",
        )
        check(after["version"] > before["version"], "An edit must give the row a new version, and did not.")
        check(field in _changed_fields(bench, number), f"The history does not say that {field} was changed.")
        check_counts(bench, number, "after an edit")

    def test_a_stale_edit_is_refused(self, bench: Workbench, made: tuple[Sample, int]) -> None:
        """An edit that saw an older version changes nothing."""
        sample, number = made
        field, text = _edit_of(bench, sample, number)
        before = bench.rows(number)
        with refused(Stale, "edit a row by an old version"), bench.acting() as engine:
            RowEditor(engine).edit(number, 1, {field: text}, before[1]["version"] - 1)
        same(before, bench.rows(number), "A stale edit must change nothing.")

    def test_an_unreadable_text_is_refused(self, bench: Workbench, made: tuple[Sample, int]) -> None:
        """A text that the cell cannot store changes nothing."""
        sample, number = made
        field, _ = _edit_of(bench, sample, number)
        column = next(column for column in editable_columns(bench.row_of(number)) if column.name == field)
        text = unreadable(column)
        if text is None:
            pytest.skip(f"The field {field} can store any text.")
        before = bench.rows(number)
        with refused(CellProblems, f"store {text[:20]!r} in {field}"), bench.acting() as engine:
            RowEditor(engine).edit(number, 1, {field: text}, before[1]["version"])
        same(before, bench.rows(number), "An edit that is refused must change nothing.")

    def test_a_row_can_be_added(self, bench: Workbench, made: tuple[Sample, int]) -> None:
        """The row comes last, with the values given, and is counted."""
        sample, number = made
        if not bench.batch_type.handler.rows_can_be_added:
            pytest.skip("Rows of this type cannot be added by hand.")
        if sample.row is None:
            complain("Rows of this type can be added by hand: the sample must say one, in row.")
        expected = len(bench.rows(number)) + 1
        with bench.acting() as engine:
            sequence = RowEditor(engine).add(number, sample.row)
        check(sequence == expected, f"An added row must come last, as row {expected}, and is row {sequence}.")
        check_counts(bench, number, "after a row was added")

    def test_quick_entry_understands_and_refuses(self, bench: Workbench, made: tuple[Sample, int]) -> None:
        """What was scanned becomes a row; what means nothing becomes none."""
        sample, number = made
        if bench.batch_type.handler.quick_entry_label is None:
            pytest.skip("This type has no quick entry.")
        if sample.scan is None:
            complain("This type has a quick entry: the sample must have a text for it, in scan.")
        with bench.acting() as engine:
            RowEditor(engine).enter(number, sample.scan)
        check_counts(bench, number, "after a quick entry")
        before = bench.rows(number)
        with refused(BadInput, "enter a text that means nothing"), bench.acting() as engine:
            RowEditor(engine).enter(number, "\N{SNOWMAN} no such thing")
        same(before, bench.rows(number), "A quick entry that is refused must add nothing.")

    def test_a_row_can_be_removed_and_restored(self, bench: Workbench, made: tuple[Sample, int]) -> None:
        """A removed row is not counted; restored, the batch is what it was."""
        _, number = made
        before = bench.rows(number, without=_TRACES)
        _set_removed(bench, number, removed=True)
        check(bench.batch(number).removed_count == 1, "The header does not count the removed row.")
        check_counts(bench, number, "after a row was removed")
        _set_removed(bench, number, removed=False)
        same(before, bench.rows(number, without=_TRACES), "Restoring a row must bring back what was there.")
        check_counts(bench, number, "after a row was restored")


def _edit_of(bench: Workbench, sample: Sample, number: int) -> tuple[str, str]:
    if sample.edit is not None:
        return sample.edit
    if editable_columns(bench.row_of(number)):
        complain("Rows of this type can be edited: the sample must name a field and a new text, in edit.")
    pytest.skip("Rows of this type have no editable column.")


def _set_removed(bench: Workbench, number: int, *, removed: bool) -> None:
    with bench.acting() as engine:
        RowRemover(engine).set_removed(number, 1, removed=removed)


def _changed_fields(bench: Workbench, number: int) -> set[Any]:
    with bench.transaction(read_only=True) as session:
        return set(session.scalars(select(CellChange.field).where(CellChange.batch_id == number)))
