"""The operations that each person can undo and redo, as the history tells them."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.batches.editing.undoing import FILE, redo, reverse, undo
from tests.batches.harness import BatchHarness, stock

from batchbook.batches.editing.reversible import (
    next_redo,
    next_undo,
    reversals_of,
    reversible,
    reversible_among,
)
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9), ("010", 10))
    return harness.open(FILE, shelf="A")


def test_each_person_undoes_their_own_and_a_new_change_ends_the_redo(
    harness: BatchHarness, batch_id: int
) -> None:
    ann, bob = harness.by("ann"), harness.by("bob")
    ann.edit(batch_id, 1, remark="a")
    bob.edit(batch_id, 2, remark="b")
    ann.edit(batch_id, 1, counted="1")
    assert undo(ann, batch_id).message == "Undid: Changed Counted in row 1."
    bob.edit(batch_id, 2, counted="2")
    assert undo(ann, batch_id).message == "Undid: Changed Remark in row 1."
    assert redo(ann, batch_id).message == "Redid: Changed Remark in row 1."
    with transaction_scope(harness.database, read_only=True) as session:
        found = next_undo(session, batch_id, "ann"), next_redo(session, batch_id, "ann")
        assert [one and (one.kind, one.summary) for one in found] == [
            ("redo", "Changed Remark in row 1."),
            ("undo", "Changed Counted in row 1."),
        ]
        assert next_redo(session, batch_id, "bob") is None
    ann.edit(batch_id, 3, remark="c")
    with pytest.raises(Conflict, match="undone nothing since your last change"):
        redo(ann, batch_id)
    assert harness.row(batch_id, 2).remark == "b"
    # The one that was undone before stays undone; what was redone is undone again.
    assert undo(ann, batch_id).message == "Undid: Changed Remark in row 3."
    assert undo(ann, batch_id).message == "Undid: Changed Remark in row 1."
    with pytest.raises(Conflict, match="nothing to undo"):
        undo(ann, batch_id)


def test_the_history_tells_what_is_reversed_and_by_which_operation(
    harness: BatchHarness, batch_id: int
) -> None:
    ann = harness.by("ann")
    ann.edit(batch_id, 1, remark="one")
    ann.edit(batch_id, 2, remark="two")
    reverse(ann, batch_id, 3)
    with transaction_scope(harness.database, read_only=True) as session:
        assert reversible_among(session, batch_id, (2, 3, 4, 5)) == {4, 5}
        assert {number: one.number for number, one in reversals_of(session, batch_id, (3, 4)).items()} == {
            3: 5
        }
        found = reversible(session, batch_id, 5)
        assert (found and found.summary, reversible(session, batch_id, 3)) == (
            "Changed Remark in row 1.",
            None,
        )
