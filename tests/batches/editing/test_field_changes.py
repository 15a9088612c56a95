"""Submitted texts change the fields whose meaning they change, and no others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.batches.shelf_count import ShelfCount, ShelfCountRow

from batchbook.batches import issue
from batchbook.batches.concurrency import StaleEdit
from batchbook.batches.editing.field_changes import (
    CellProblems,
    Change,
    Target,
    cell_text,
    changes_of,
    columns_named,
    editable_columns,
    labels_of,
)
from batchbook.batches.history import Cell
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.batches.rows.row_values import NOT_STORED
from batchbook.errors import BadInput
from batchbook.grid import columns_of


def test_what_can_be_edited_is_what_the_models_say() -> None:
    assert [c.name for c in editable_columns(ShelfCountRow, EVERYTHING)] == ["item_code", "counted", "remark"]
    assert {c.name for c in editable_columns(ShelfCount, EVERYTHING)} == {
        "description",
        "notes",
        "shelf",
        "tolerance",
    }


COLUMNS = columns_of(ShelfCountRow, ["item_code", "counted", "remark"])


def changed(version: int | None = 1, raw: frozenset[str] = frozenset(), **texts: str) -> dict[str, Any]:
    """Return the values, by field, that ``texts`` change in a row that nobody but the editor has touched."""
    target = Target("Row 3", 1, {"item_code": "007", "counted": "9", "remark": "a\nb"}, raw)
    columns = [column for column in COLUMNS if column.name in texts]
    return {change.column.name: change.value for change in changes_of(target, columns, texts, version)}


def test_only_texts_with_another_meaning_are_changes() -> None:
    assert changed(item_code="007", counted=" 9 ", remark="a\r\nb") == {}
    assert changed(item_code="7", counted="", remark=" a b ") == {
        "item_code": "7",
        "counted": None,
        "remark": "a b",
    }


def test_a_stale_edit_names_both_texts_of_what_it_would_change() -> None:
    with pytest.raises(StaleEdit) as caught:
        changed(version=2, item_code="007", counted="8")
    error = caught.value
    assert (error.mine, error.theirs, error.version) == ({"counted": "8"}, {"counted": "9"}, 1)
    assert changed(version=2, counted="9") == {}, "Nothing would change, so nothing is stale."
    assert changed(version=None, counted="8") == {"counted": 8}, "A script sees no version."


def edited_over(seen: dict[str, str], **texts: str) -> dict[str, Any]:
    """Return what an edit of an older version changes in a row with item code 007, counted 9, remark "a b"."""
    target = Target("Row 3", 2, {"item_code": "007", "counted": "9", "remark": "a b"})
    columns = [column for column in COLUMNS if column.name in texts]
    return {change.column.name: change.value for change in changes_of(target, columns, texts, 1, seen)}


def test_only_a_field_that_both_changed_is_a_conflict() -> None:
    seen = {"item_code": "007", "counted": "8", "remark": " a b"}
    # Somebody else counted 9: that stays, and the item code is nobody else's.
    assert edited_over(seen, item_code="008", counted="8", remark="a b") == {"item_code": "008"}
    assert edited_over(seen, counted="9") == {}
    with pytest.raises(StaleEdit) as caught:
        edited_over(seen, item_code="008", counted="7")
    assert (caught.value.mine, caught.value.theirs) == ({"counted": "7"}, {"counted": "9"})
    with pytest.raises(StaleEdit):
        edited_over({"counted": "8"}, item_code="008")  # What it was when the edit began is not known.


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(CellProblems) as caught:
        changed(counted="-1", item_code="x" * 21, remark="fine")
    assert set(caught.value.problems) == {"counted", "item_code"}


def test_a_text_that_is_shown_but_not_stored_is_stored_when_it_can_be() -> None:
    assert changed(raw=frozenset({"counted"}), counted="9") == {"counted": 9}
    assert changed(raw=frozenset({"item_code"}), counted="9") == {}


def test_a_cell_that_could_not_be_stored_shows_its_text() -> None:
    refused = issue("counted", NOT_STORED, "“many” is no number.", raw="many")
    row = SimpleNamespace(sequence=3, version=2, item_code="007", counted=None, remark="", issues=[refused])
    target = Target.row(row, COLUMNS)
    assert (target.name, target.version) == ("Row 3", 2)
    assert target.texts == {"item_code": "007", "counted": "many", "remark": ""}
    assert target.raw == {"counted"}
    assert cell_text(COLUMNS[1], row) == "many"


def test_history_keeps_the_texts_before_and_after() -> None:
    change = Change(COLUMNS[1], "", 9)
    assert change.cell(3) == Cell(3, "counted", None, "9")
    assert labels_of([change]) == ["Counted"]


def test_a_field_that_nobody_edits_is_refused_by_name() -> None:
    assert [c.name for c in columns_named(ShelfCountRow, {"remark": "x", "item_code": "1"}, EVERYTHING)] == [
        "item_code",
        "remark",
    ]
    with pytest.raises(BadInput, match="“status” is not a field that can be edited"):
        columns_named(ShelfCountRow, {"status": "matches"}, EVERYTHING)
