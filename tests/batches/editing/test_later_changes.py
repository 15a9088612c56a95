"""What counts as a later change of a cell: not what the handler made of it, nor what was undone again."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, update
from tests.batches.editing.undoing import FILE, redo, reverse, undo
from tests.batches.harness import BatchHarness, stock
from tests.batches.shelf_count import ShelfCountRow

from batchbook.batches.editing.later_changes import LaterChanges


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9), ("010", 10))
    return harness.open(FILE, shelf="A")


def test_what_the_handler_made_of_a_cell_is_no_change_by_others(
    engine: Engine, harness: BatchHarness, batch_id: int
) -> None:
    harness.edit(batch_id, 1, item_code="abc")
    harness.edit(batch_id, 1, counted="3")
    with engine.begin() as connection:
        connection.execute(update(ShelfCountRow).where(ShelfCountRow.sequence == 1).values(item_code="ABC"))
    harness.edit(batch_id, 1, item_code="x")
    for _ in range(3):
        assert not undo(harness, batch_id).left
    assert harness.row(batch_id, 1).item_code == "007"


def test_what_was_undone_again_is_no_change(harness: BatchHarness, batch_id: int) -> None:
    ann, bob = harness.by("ann"), harness.by("bob")
    ann.edit(batch_id, 1, remark="a")
    bob.edit(batch_id, 1, remark="b")
    bob.edit(batch_id, 2, remark="c")

    def author(sequence: int = 1, number: int = 3) -> str | None:
        with harness.engine() as engine:
            context = engine.context_of(engine.find(batch_id))
            return LaterChanges(context, number, [1, 2]).author_in(sequence)

    assert author() == "bob"
    reverse(bob, batch_id, 4)
    assert author() is None
    redo(bob, batch_id)
    # Seen from the operation that was undone and redone, nothing happened; seen from the undo, the redo is a change.
    assert (author(), author(number=4), author(number=6)) == ("bob", None, "bob")
    undo(bob, batch_id)
    assert author() is None
    assert (author(number=6), author(2), author(2, number=5)) == (None, "bob", None)
