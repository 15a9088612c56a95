"""The triggers that enforce policies and keep approvals as they are."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from tests.batches.engine.test_execution_check import Counting
from tests.batches.harness import BatchHarness, stock
from tests.batches.policies.controlled import (
    approve,
    by_sql,
    complete,
    declaring,
)

from batchbook.batches import Action


@pytest.fixture
def counts(engine: Engine, harness: BatchHarness) -> BatchHarness:
    stock(engine, ("A", 10), ("B", 100))
    return harness.with_handler(Counting)


def test_nobody_named_is_nobody_to_the_database(counts: BatchHarness) -> None:
    counts = declaring(counts, other_than_editor=True)
    batch_id = complete(counts)
    with pytest.raises(DBAPIError, match="another person is needed"):
        by_sql(counts, "UPDATE batch SET state = 'executed' WHERE id = :id", id=batch_id)


def test_approvals_are_frozen_and_never_changed(counts: BatchHarness) -> None:
    counts = declaring(counts, approvals=1)
    batch_id = complete(counts)
    approve(counts, batch_id, "ada")
    with pytest.raises(DBAPIError, match="a new one is added instead"):
        by_sql(counts, "UPDATE batch_approval SET signed_by = 'bob'")
    counts.by("admin").run(batch_id, Action.EXECUTE)
    with pytest.raises(DBAPIError, match="frozen"):
        by_sql(counts, "DELETE FROM batch_approval")
