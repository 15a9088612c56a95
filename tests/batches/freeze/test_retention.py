"""How long an executed batch is kept, and that it can be purged then but not before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, shelves
from tests.batches.shelf_count import Remembering, make_tables

from batchbook.batches import Action, State
from batchbook.batches.freeze import MESSAGE, unfreeze_table
from batchbook.db.transactions import transaction_scope

PURGED = ("cell_change", "operation", "batch_file_chunk", "batch_file", "shelf_count_row")


def executed_count(engine: Engine, retention: timedelta | None) -> tuple[BatchHarness, int]:
    make_tables(engine)
    catalogue = shelves(engine)
    handler = type(
        "Kept",
        (Remembering,),
        {
            "calls": [],
            "source": [{"item_code": "1"}],
            "execution_policy": replace(Remembering.execution_policy, retention=retention),
        },
    )
    catalogue = catalogue.with_handler(handler)
    batch_id = catalogue.open("item,counted,remark\n", shelf="A")
    catalogue.edit(batch_id, 1, remark="x")
    catalogue.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    return catalogue, batch_id


def purge(engine: Engine, batch_id: int) -> None:
    with transaction_scope(engine) as session:
        for name in PURGED:
            session.connection().exec_driver_sql(f"DELETE FROM {name} WHERE batch_id = {batch_id}")
        session.connection().exec_driver_sql(f"DELETE FROM shelf_count WHERE id = {batch_id}")
        session.connection().exec_driver_sql(f"DELETE FROM batch WHERE id = {batch_id}")


def test_retention_says_until_when_a_batch_is_kept(engine: Engine) -> None:
    catalogue, batch_id = executed_count(engine, timedelta(days=30))
    batch = catalogue.batch(batch_id)
    assert batch.executed_at is not None
    assert batch.purge_after == batch.executed_at + timedelta(days=30)


@pytest.mark.parametrize("retention", [None, timedelta(hours=1)])
def test_it_is_not_purged_before(engine: Engine, retention: timedelta | None) -> None:
    catalogue, batch_id = executed_count(engine, retention)
    with pytest.raises(Exception, match=MESSAGE):
        purge(engine, batch_id)
    for name in (*PURGED, "shelf_count", "batch"):
        with pytest.raises(Exception, match=MESSAGE), transaction_scope(engine) as session:
            session.connection().exec_driver_sql(f"DELETE FROM {name}")
    assert (len(catalogue.rows(batch_id)), catalogue.batch(batch_id).state) == (1, State.EXECUTED)


def test_it_is_purged_after_and_nothing_but_purged(engine: Engine) -> None:
    catalogue, batch_id = executed_count(engine, timedelta(seconds=-1))
    for statement in (
        f"UPDATE batch SET notes = 'x' WHERE id = {batch_id}",
        f"UPDATE shelf_count_row SET item_code = 'x' WHERE batch_id = {batch_id}",
        f"UPDATE operation SET actor = 'x' WHERE batch_id = {batch_id}",
        f"INSERT INTO batch_file_chunk VALUES ({batch_id}, 1, 9, 'x')",
    ):
        with pytest.raises(Exception, match=MESSAGE), transaction_scope(engine) as session:
            session.connection().exec_driver_sql(statement)
    other = catalogue.create(shelf="B")
    purge(engine, batch_id)
    assert catalogue.rows(batch_id) == []
    assert catalogue.operations(batch_id) == []
    assert catalogue.batch(other).state == State.NEW


def test_a_table_can_be_unfrozen_for_a_migration_that_rebuilds_it(engine: Engine) -> None:
    catalogue, batch_id = executed_count(engine, None)
    with engine.begin() as connection:
        unfreeze_table(connection, "shelf_count_row")
        connection.exec_driver_sql("UPDATE shelf_count_row SET item_code = 'rebuilt'")
        with pytest.raises(Exception, match=MESSAGE), connection.begin_nested():
            connection.exec_driver_sql("UPDATE shelf_count SET shelf = 'x'")
    assert catalogue.rows(batch_id)[0].item_code == "rebuilt"
