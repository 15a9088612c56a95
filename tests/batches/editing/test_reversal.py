"""The reversal of the cells of an operation beside what other people changed since."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, delete, update
from tests.batches.editing.undoing import FILE, fill, last_number, redo, reverse, undo
from tests.batches.harness import BatchHarness, stock

from batchbook.batches.editing import HeaderEditor, reversal
from batchbook.batches.history import REMOVED
from batchbook.batches.models import CellChange
from batchbook.errors import Conflict


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9), ("010", 10))
    return harness.open(FILE, shelf="A")


@pytest.mark.parametrize("together", [500, 1])
def test_what_somebody_else_changed_since_is_left_alone_and_named(
    harness: BatchHarness, batch_id: int, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(reversal, "AT_A_TIME", together)
    ann, bob = harness.by("ann"), harness.by("bob")
    fill(ann, batch_id, {number: {"remark": "x", "counted": "1"} for number in range(1, 6)})
    bob.edit(batch_id, 2, remark="mine")
    bob.remove(batch_id, 3)
    bob.edit(batch_id, 4, counted="5")
    bob.edit(batch_id, 4, counted="1")  # As Ann left it.
    bob.edit(batch_id, 5, remark="")  # As it was before.
    before = last_number(harness, batch_id)
    with pytest.raises(Conflict, match=r"^Nothing was changed\. .*Remark in row 2 was changed by bob since"):
        reverse(ann, batch_id, 3)
    assert last_number(harness, batch_id) == before
    result = undo(ann, batch_id)
    assert (result.undone, result.left) == (6, 3)
    assert [(one.sequence, one.field, one.reason) for one in reversed(result.skipped)] == [
        (2, "remark", "Remark in row 2 was changed by bob since."),
        (3, "remark", "Remark in row 3: the row was removed by bob since."),
        (3, "counted", "Counted in row 3: the row was removed by bob since."),
    ]
    assert result.sequences == [1, 2, 4, 5]
    assert [row.remark for row in harness.rows(batch_id)] == [None, "mine", "x", None, None]
    assert [row.counted for row in harness.rows(batch_id)] == [7, 9, 1, 7, None]
    assert harness.row(batch_id, 5).issues[0]["raw"] == "lots"
    assert harness.operations(batch_id)[-1] == (
        "undo",
        "ann",
        "Undid: Filled 5 rows. 3 cells were left alone.",
        6,
    )
    assert redo(ann, batch_id).undone == 6
    assert [row.remark for row in harness.rows(batch_id)] == ["x", "mine", "x", "x", None]
    harness.assert_counted(batch_id)


def test_a_row_that_others_worked_in_does_not_disappear(harness: BatchHarness, batch_id: int) -> None:
    ann, bob = harness.by("ann"), harness.by("bob")
    ann.edit(batch_id, 1, remark="first")
    number = ann.add(batch_id, item_code="011")
    bob.edit(batch_id, number, counted="3")
    # It is passed over, and stays to be undone.
    assert undo(ann, batch_id).message == "Undid: Changed Remark in row 1."
    reason = f"Nothing of this could be undone: Added row {number}. Row {number} was changed by bob since."
    before = last_number(ann, batch_id)
    with pytest.raises(Conflict, match=f"^{re.escape(reason)}$"):
        undo(ann, batch_id)
    assert last_number(ann, batch_id) == before
    assert not harness.row(batch_id, number).removed
    undo(bob, batch_id)
    assert undo(ann, batch_id).message == f"Undid: Added row {number}."
    assert harness.row(batch_id, number).removed


def test_the_header_is_undone_with_its_effect_on_rows(harness: BatchHarness, batch_id: int) -> None:
    ann, bob = harness.by("ann"), harness.by("bob")
    ann.edit_header(batch_id, tolerance="5", description="Mine")
    assert harness.statuses(batch_id)[1] == "matches"
    bob.edit_header(batch_id, description="Ours")
    result = undo(ann, batch_id)
    assert (result.undone, result.left, result.sequences) == (1, 1, [])
    assert "Description was changed by bob since." in result.message
    batch = harness.batch(batch_id)
    assert (batch.tolerance, batch.description) == (None, "Ours")  # type: ignore[attr-defined]
    assert harness.statuses(batch_id)[1] == "differs"
    redo(ann, batch_id)
    assert harness.statuses(batch_id)[1] == "matches"
    with harness.engine() as session:
        assert HeaderEditor(session).edit(batch_id, {"shelf": "B"}) == ["Shelf"]
    undo(harness, batch_id)
    assert harness.batch(batch_id).shelf == "A"  # type: ignore[attr-defined]


def test_operations_of_older_versions_are_undone(
    engine: Engine, harness: BatchHarness, batch_id: int
) -> None:
    harness.edit(batch_id, 3, counted="9")
    number = harness.add(batch_id, item_code="011", counted="1")
    with engine.begin() as connection:
        connection.execute(update(CellChange).values(issues=None))
        connection.execute(delete(CellChange).where(CellChange.field == REMOVED))
    assert undo(harness, batch_id).undone == 1
    assert harness.row(batch_id, number).removed
    undo(harness, batch_id)
    (issue,) = harness.row(batch_id, 3).issues
    assert (issue["raw"], issue["code"]) == ("lots", "not-a-whole-number")
