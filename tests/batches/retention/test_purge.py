"""Executed batches are purged once their retention is over and nobody holds them, and leave a tombstone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError
from tests.batches.freeze.test_retention import executed_count, purge
from tests.batches.harness import BatchHarness

from batchbook.batches.cell_chunks import CellChunk
from batchbook.batches.freeze import MESSAGE
from batchbook.batches.models import Batch, CellChange, Operation
from batchbook.batches.registry import BatchTypes
from batchbook.batches.retention.models import RetentionPolicy, Tombstone
from batchbook.batches.retention.purge import (
    due_batches,
    idle_batches,
    place_hold,
    purge_batch,
    purge_by_schedule,
)
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict, Missing
from batchbook.security.models import AuditEntry
from batchbook.services import Services

OVER = timedelta(seconds=-1)


def due(harness: BatchHarness) -> list[int]:
    with transaction_scope(harness.database, read_only=True) as session:
        return [one.number for one in due_batches(session, harness.types)]


def hold(harness: BatchHarness, number: int, *, placed: bool = True) -> None:
    with transaction_scope(harness.database) as session:
        place_hold(session, number, "admin", "Lawsuit 12/26.", placed=placed)


def test_a_purge_leaves_a_tombstone_and_nothing_else(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchbook.batches.retention.purge._AT_A_TIME", 1)
    harness, number = executed_count(engine, OVER)
    other = harness.create(shelf="B")
    operations = len(harness.operations(number))
    with transaction_scope(engine, acted_by="command") as session:
        assert "was purged, with 1 rows" in purge_batch(session, harness.types, number, "admin")
    with transaction_scope(engine, read_only=True) as session:
        stone = session.scalars(select(Tombstone)).one()
        assert (stone.number, stone.type, stone.rows, stone.operations, stone.files) == (
            number,
            "shelf_count",
            1,
            operations,
            1,
        )
        assert (stone.purged_by, stone.acted_by, stone.executed_by, stone.seal) == (
            "admin",
            "command",
            "staff",
            1,
        )
        assert session.scalars(select(Batch.id)).all() == [other]
        for model in (CellChange, Operation):
            assert not session.scalar(select(func.count()).where(model.batch_id == number))
        assert "batch purged" in session.scalars(select(AuditEntry.event)).all()
    with pytest.raises(Missing), transaction_scope(engine) as session:
        purge_batch(session, harness.types, number, "admin")
    for statement in ("UPDATE tombstone SET purged_by = 'x'", "DELETE FROM tombstone"):
        with pytest.raises(DBAPIError, match="append-only"), transaction_scope(engine) as session:
            session.execute(text(statement))


@pytest.mark.parametrize("retention", [None, timedelta(hours=1)])
def test_a_batch_is_not_due_before(engine: Engine, retention: timedelta | None) -> None:
    harness, number = executed_count(engine, retention)
    assert due(harness) == []
    with pytest.raises(Conflict), transaction_scope(engine) as session:
        purge_batch(session, harness.types, number, "admin")


def test_packed_cells_are_counted_and_purged(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchbook.batches.cell_chunks.FEWEST_PACKED", 1)
    harness, number = executed_count(engine, OVER)
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(CellChunk)) == 1
    with transaction_scope(engine) as session:
        purge_batch(session, harness.types, number, "admin")
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(Tombstone.cells)).all() == [1]
        assert session.scalar(select(func.count()).select_from(CellChunk)) == 0


def test_a_held_batch_stays_also_for_sql_until_it_is_released(engine: Engine) -> None:
    harness, number = executed_count(engine, OVER)
    hold(harness, number)
    assert due(harness) == []
    with pytest.raises(Conflict, match="already"):
        hold(harness, number)
    with pytest.raises(Exception, match=MESSAGE):
        purge(engine, number)
    for table in ("cell_change", "operation", "batch_file", "shelf_count_row", "shelf_count", "batch"):
        with pytest.raises(Exception, match=MESSAGE), transaction_scope(engine) as session:
            session.execute(text(f"DELETE FROM {table}"))
    with pytest.raises(DBAPIError, match="append-only"), transaction_scope(engine) as session:
        session.execute(text("UPDATE legal_hold SET placed = FALSE"))
    hold(harness, number, placed=False)
    assert due(harness) == [number]
    purge(engine, number)


def test_the_policy_of_a_type_holds_for_batches_executed_from_then_on(engine: Engine) -> None:
    harness, early = executed_count(engine, OVER)
    assert due(harness) == [early]
    with transaction_scope(engine) as session:
        session.add(RetentionPolicy(type="shelf_count", days=30))
    assert due(harness) == [], "A longer policy keeps those that were executed before, too."
    late = harness.executed("item,counted,remark\n", shelf="A")
    batch = harness.batch(late)
    assert batch.executed_at is not None
    assert batch.purge_after == batch.executed_at + timedelta(days=30)
    with transaction_scope(engine) as session:
        policy = session.scalars(select(RetentionPolicy)).one()
        policy.days = 1
    assert harness.batch(late).purge_after == batch.purge_after
    with transaction_scope(engine) as session:
        session.scalars(select(RetentionPolicy)).one().days = None
    assert due(harness) == []


def test_the_schedule_purges_what_is_due_and_only_if_it_is_wanted(engine: Engine) -> None:
    harness, number = executed_count(engine, OVER)
    services = Services({})
    services.add(Engine, engine)
    services.add(BatchTypes, harness.types)
    purge_by_schedule(services)
    assert due(harness) == [number]
    services.settings = {"batchbook.purge_by_schedule": "true"}
    purge_by_schedule(services)
    assert due(harness) == []
    with transaction_scope(engine, read_only=True) as session:
        stone = session.scalars(select(Tombstone)).one()
        assert (stone.purged_by, stone.acted_by) == ("batchbook", "schedule")


def test_idle_batches_are_those_that_were_not_executed(engine: Engine) -> None:
    harness, _executed = executed_count(engine, OVER)
    waiting = harness.create(shelf="B")
    with transaction_scope(engine, read_only=True) as session:
        assert [batch.id for batch in idle_batches(session, -1)] == [waiting]
        assert idle_batches(session, 1) == []
