"""History has one operation for an action, numbered within its batch, with the cells that the action changed."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.batches.harness import BatchHarness

from batchbook.batches.history import Cell, add_cells, note_failure, record, record_all
from batchbook.batches.models import Operation
from batchbook.db.transactions import transaction_scope


@pytest.fixture
def batch_id(harness: BatchHarness) -> int:
    return harness.create(shelf="A")


def test_operations_are_numbered_within_their_batch_and_name_the_actor(
    harness: BatchHarness, batch_id: int
) -> None:
    other = harness.create(shelf="B")
    with harness.by("ann").engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        first = record(context.handler_context, context.batch, "note", "Looked at it.")
        second = record(context.handler_context, context.batch, "note", "Looked again.")
        elsewhere = engine.context_of(engine.find(other))
        third = record(elsewhere.handler_context, elsewhere.batch, "note", "And at that.")
        assert (first.number, second.number, third.number) == (2, 3, 2)
        assert (first.at, first.actor) == (context.now, "ann")
    assert harness.operations(batch_id)[1:] == [
        ("note", "ann", "Looked at it.", 0),
        ("note", "ann", "Looked again.", 0),
    ]


def test_an_operation_names_what_acted_for_the_person_and_the_reason(
    harness: BatchHarness, batch_id: int
) -> None:
    with transaction_scope(harness.database, acted_by="job 12") as session:
        engine = harness.on(session)
        engine.reason = "The vendor sent a new list."
        context = engine.context_of(engine.find(batch_id))
        record(context.handler_context, context.batch, "note", "Looked.", evidence={"rows": 1})
        record(context.handler_context, context.batch, "note", "Looked again.", reason="To be sure.")
        record_all(context.handler_context, "note", {batch_id: "And again."})
    query = select(Operation).where(Operation.batch_id == batch_id).order_by(Operation.number)
    with transaction_scope(harness.database, read_only=True) as session:
        found = [(one.acted_by, one.reason, one.evidence) for one in session.scalars(query)]
    assert found == [
        (None, None, None),
        ("job 12", "The vendor sent a new list.", {"rows": 1}),
        ("job 12", "To be sure.", None),
        ("job 12", "The vendor sent a new list.", None),
    ]


def test_cells_are_kept_in_order_and_more_can_follow(harness: BatchHarness, batch_id: int) -> None:
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        cells = [Cell(2, "counted", "1", "2"), Cell(1, "remark", None, "x")]
        operation = record(context.handler_context, context.batch, "edit", "Changed two rows.", iter(cells))
        add_cells(engine.session, operation, (Cell(n, "counted", "0", None) for n in (3, 4)))
        add_cells(engine.session, operation, ())
    assert harness.operations(batch_id)[-1] == ("edit", "staff", "Changed two rows.", 4)
    assert harness.cells(batch_id) == [
        (2, 0, 2, "counted", "1", "2"),
        (2, 1, 1, "remark", None, "x"),
        (2, 2, 3, "counted", "0", None),
        (2, 3, 4, "counted", "0", None),
    ]


def test_a_failure_is_in_the_header_too_and_makes_older_pages_stale(
    harness: BatchHarness, batch_id: int
) -> None:
    version = harness.batch(batch_id).version
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        note_failure(context.handler_context, context.batch, "Populate failed: no.")
    batch = harness.batch(batch_id)
    assert (batch.failure, batch.version) == ("Populate failed: no.", version + 1)
    assert harness.operations(batch_id)[-1] == ("failure", "staff", "Populate failed: no.", 0)
