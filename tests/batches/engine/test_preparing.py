"""Rows are written and settled the same way however a batch is made, and a batch is complete if its handler agrees."""

from __future__ import annotations

import pytest
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.engine.preparing import note_complete, note_sent_back, settle_rows, write_rows
from batchbook.errors import Conflict


def test_given_rows_replace_those_that_are_there_and_are_refreshed(harness: BatchHarness) -> None:
    batch_id = harness.open("item,counted,remark\n1,1,\n2,2,\n", shelf="A")
    with harness.engine() as engine:
        context = engine.lock(batch_id, Action.EDIT)
        assert write_rows(context, lambda: ({"item_code": code, "counted": 1} for code in "789")) == 3
        settle_rows(context)
    assert [(row.item_code, row.status, row.looked_up) for row in harness.rows(batch_id)] == [
        (code, "unknown", 1) for code in "789"
    ]
    batch = harness.batch(batch_id)
    assert (batch.row_count, batch.status_counts) == (3, {"unknown": 3})


def test_a_complete_batch_was_not_sent_back_and_its_handler_may_object(harness: BatchHarness) -> None:
    batch_id = harness.open("item,counted,remark\n1,1,\n", shelf="A")
    with harness.engine() as engine:
        context = engine.lock(batch_id, Action.COMPLETE)
        note_sent_back(context.batch, "staff", "admin", context.now, "Count again.")
        note_complete(context, "ada")
        batch = context.batch
        assert (batch.completed_by, batch.completed_at) == ("ada", context.now)
        assert (batch.sent_back_to, batch.sent_back_reason) == (None, None)
    locked = harness.open("item,counted,remark\n1,1,\n", shelf="locked")
    with harness.engine() as engine:
        context = engine.lock(locked, Action.COMPLETE)
        with pytest.raises(Conflict, match="The shelf is locked"):
            note_complete(context, "ada")
