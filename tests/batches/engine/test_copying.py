"""Copies of batches have the rows, files and fields of their source, and a history of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, stock
from tests.batches.shelf_count import CountStatus, ShelfCount, ShelfCountHandler, ShelfCountRow

from batchbook.batches import Action, BatchFile, Outcome, Rows, State
from batchbook.errors import Missing

FILE = "item,counted,remark\n007,7,\n008,9,look\n007,many,\n"


@pytest.mark.parametrize("state", [State.OPEN, State.COMPLETE, State.EXECUTED])
def test_a_clone_is_an_open_batch_with_the_same_rows_and_files(
    engine: Engine, harness: BatchHarness, state: State
) -> None:
    stock(engine, ("007", 7), ("008", 8))
    source = harness.open(FILE, shelf="A", tolerance="1", notes="Ask Bob.")
    harness.remove(source, 3)
    harness.edit(source, 2, remark="edited")
    if state != State.OPEN:
        harness.run(source, Action.COMPLETE)
    if state == State.EXECUTED:
        harness.run(source, Action.EXECUTE)
    before = harness.rows(source)
    clone = harness.by("bob").clone(source)
    batch = harness.batch(clone)
    assert (batch.state, batch.created_by, batch.notes) == (State.OPEN, "bob", "Ask Bob.")
    assert (batch.shelf, batch.tolerance, batch.description) == ("A", 1, "Again: A")  # type: ignore[attr-defined]
    assert (batch.executed_at, batch.completed_at, batch.execution_outcome, batch.purge_after) == (None,) * 4
    kept = ("sequence", "item_code", "counted", "remark", "removed", "issues", "on_hand", "status")
    assert [{k: row[k] for k in kept} for row in harness.rows(clone)] == [
        {k: row[k] for k in kept} for row in before
    ]
    harness.assert_counted(clone)
    assert [op[0] for op in harness.operations(clone)] == ["clone", "refresh"]
    assert harness.operations(clone)[0][2] == f"Cloned from Batch {source:08d}."
    assert harness.cells(clone) == []
    with harness.engine() as at_work:
        digests = [at_work.session.get_one(BatchFile, (number, 1)).sha256 for number in (source, clone)]
    assert digests[0] == digests[1]
    assert harness.rows(source) == before


def test_a_clone_of_a_new_batch_is_new_and_can_be_populated(harness: BatchHarness) -> None:
    clone = harness.clone(harness.create(FILE, shelf="A"))
    assert harness.batch(clone).state == State.NEW
    harness.run(clone, Action.POPULATE)
    assert len(harness.rows(clone)) == 3


# --- Follow-up batches -----------------------------------------------------------------------------------------------


class Leaving(ShelfCountHandler):
    """Leaves out the rows that were not counted."""

    def execute(self, batch: ShelfCount, rows: Rows, options: Mapping[str, Any]) -> Outcome:
        done = super().execute(batch, rows, options)
        return replace(done, rest=ShelfCountRow.status == CountStatus.UNCOUNTED)


def test_rows_that_were_left_out_go_into_an_open_batch_of_their_own(harness: BatchHarness) -> None:
    leaving = harness.with_handler(Leaving)
    source = leaving.open("item,counted,remark\n007,7,\n008,,late\n009,,\n", shelf="A", notes="Ask Bob.")
    leaving.remove(source, 3)
    leaving.run(source, Action.COMPLETE)
    message = leaving.by("bob").run(source, Action.EXECUTE).message
    executed = leaving.batch(source)
    number = executed.execution_outcome["figures"]["follow_up"]  # type: ignore[index]
    assert message.endswith(f"1 row went into batch {number:08d}.")
    batch = leaving.batch(number)
    assert (batch.state, batch.created_by, batch.notes, batch.version) == (State.OPEN, "bob", "Ask Bob.", 1)
    assert batch.description == "Again: A", "The type's callback for clones completed it."
    (row,) = leaving.rows(number)
    assert (row.sequence, row.item_code, row.remark) == (2, "008", "late"), "Removed rows stay behind."
    leaving.assert_counted(number)
    assert [kind for kind, *_ in leaving.operations(number)] == ["follow-up"]
    with leaving.engine() as engine:
        assert engine.session.get_one(BatchFile, (number, 1)).name == "list.csv"


def test_nothing_left_out_is_no_batch(harness: BatchHarness) -> None:
    leaving = harness.with_handler(Leaving)
    source = leaving.executed("item,counted,remark\n007,7,\n", shelf="A")
    assert "follow_up" not in leaving.batch(source).execution_outcome["figures"]  # type: ignore[index]
    with pytest.raises(Missing):
        leaving.batch(source + 1)
