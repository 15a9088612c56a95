"""Undo and redo of a person's operations in their order, and of single operations out of order."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, true
from tests.batches.editing.undoing import FILE, fill, last_number, redo, reverse, table, undo
from tests.batches.harness import BatchHarness, snapshot, stock
from tests.batches.shelf_count import COUNTS, ShelfCountRow

from batchbook.batches import Action
from batchbook.batches.editing import RowRemover, Undoer
from batchbook.batches.editing.undo import TooManyCellsError
from batchbook.db import Base
from batchbook.errors import Conflict, Missing


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9), ("010", 10))
    return harness.open(FILE, shelf="A")


def test_all_that_a_person_did_is_undone_and_redone_step_by_step(
    harness: BatchHarness, batch_id: int
) -> None:
    ann = harness.by("ann")
    tables = [table(ann, batch_id)]

    def did() -> None:
        tables.append(table(ann, batch_id))

    ann.edit(batch_id, 2, counted="8", remark="eight")
    did()
    ann.remove(batch_id, 4)
    did()
    fill(ann, batch_id, {3: {"counted": "9"}, 5: {"counted": "10", "item_code": "008"}})
    did()
    ann.add(batch_id, item_code="011", counted="1")
    did()
    ann.add(batch_id)
    did()
    ann.remove_where(batch_id, ShelfCountRow.counted > 8)
    did()
    with ann.engine() as engine:
        RowRemover(engine).restore_where(batch_id, true())
    did()
    before = last_number(ann, batch_id)
    for step in range(7, 0, -1):
        result = undo(ann, batch_id)
        assert not result.left
        now, wanted = table(ann, batch_id), tables[step - 1]
        assert now[: len(wanted)] == wanted, step
        assert all(row[3] for row in now[len(wanted) :]), "Rows that were added are marked as removed."
        ann.assert_counted(batch_id)
    with pytest.raises(Conflict, match="nothing to undo: you have changed nothing that is not undone"):
        undo(ann, batch_id)
    for step in range(1, 8):
        redo(ann, batch_id)
        now, wanted = table(ann, batch_id), tables[step]
        assert now[: len(wanted)] == wanted, step
        ann.assert_counted(batch_id)
    with pytest.raises(Conflict, match="nothing to redo"):
        redo(ann, batch_id)
    assert [row.version for row in ann.rows(batch_id)][1] == 4
    operations = ann.operations(batch_id)[before:]
    assert [kind for kind, *_ in operations] == ["undo"] * 7 + ["redo"] * 7
    assert operations[4] == ("undo", "ann", "Undid: Filled 2 rows.", 3)
    assert operations[9] == ("redo", "ann", "Redid: Filled 2 rows.", 3)


def test_operations_are_undone_out_of_order_by_anybody(harness: BatchHarness, batch_id: int) -> None:
    ann, bob = harness.by("ann"), harness.by("bob")
    ann.edit(batch_id, 1, remark="one")
    ann.edit(batch_id, 2, remark="two")
    ann.edit(batch_id, 1, remark="three")
    assert reverse(bob, batch_id, 4).message == "Undid: Changed Remark in row 2."
    with pytest.raises(Conflict, match="row 1 was changed by ann since"):
        reverse(bob, batch_id, 3)
    with pytest.raises(Conflict, match="row 1 was changed by you since"):
        reverse(ann, batch_id, 3)
    with pytest.raises(Conflict, match=r"row 1 was changed by ann since"):
        reverse(bob, batch_id, 3, partly=True)
    with pytest.raises(Conflict, match="Operation 4 was undone already, by bob"):
        reverse(ann, batch_id, 4)
    with pytest.raises(Conflict, match="Operation 2 changed no cells"):
        reverse(ann, batch_id, 2)
    for number in (0, 99, 2**40):
        with pytest.raises(Missing, match="no operation"):
            reverse(ann, batch_id, number)
    assert redo(bob, batch_id).message == "Redid: Changed Remark in row 2."
    assert [row.remark for row in harness.rows(batch_id)][:2] == ["three", "two"]
    assert reverse(ann, batch_id, 7).message == "Undid: Changed Remark in row 2."


def test_an_undo_passes_over_no_more_cells_than_it_may(harness: BatchHarness, batch_id: int) -> None:
    ann, bob = harness.by("ann"), harness.by("bob")
    ann.edit(batch_id, 5, remark="five")
    for number in (1, 2):
        fill(ann, batch_id, {row: {"remark": f"ann {number}"} for row in (1, 2, 3)})
    fill(bob, batch_id, {row: {"remark": "bob"} for row in (1, 2, 3)})
    before = last_number(ann, batch_id)
    with ann.engine() as engine, pytest.raises(TooManyCellsError) as refusal:
        Undoer(engine, lambda cells: cells > 5).undo(batch_id)
    assert (refusal.value.first.number, last_number(ann, batch_id)) == (5, before)
    with ann.engine() as engine, pytest.raises(Conflict, match=r"something in .* since you asked for this"):
        Undoer(engine).undo(batch_id, 4)
    with ann.engine() as engine:
        assert Undoer(engine, lambda cells: cells > 7).undo(batch_id, 5).message == (
            "Undid: Changed Remark in row 5."
        )


def test_nothing_is_undone_in_a_batch_that_is_not_open(
    engine: Engine, harness: BatchHarness, batch_id: int
) -> None:
    harness.edit(batch_id, 3, counted="9")
    harness.run(batch_id, Action.COMPLETE)
    before = snapshot(engine, Base.metadata, COUNTS)
    for act in (undo, redo):
        with pytest.raises(Conflict, match=r"It is marked complete by staff .*: reopen it to change it"):
            act(harness, batch_id)
    assert snapshot(engine, Base.metadata, COUNTS) == before
