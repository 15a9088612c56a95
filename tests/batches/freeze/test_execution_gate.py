"""The triggers that enforce policies and keep approvals as they are."""

from __future__ import annotations

from decimal import Decimal

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
    refused_by_the_database,
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


def test_one_person_who_approves_twice_is_one_to_the_database(counts: BatchHarness) -> None:
    counts = declaring(counts, approvals=2, approvals_above=Decimal(201))
    batch_id = complete(counts)
    approve(counts, batch_id, "ada")
    columns = "batch_id, kind, at, meaning, digest, number, signed_by, amount"

    def add(number: int, kind: str, user: str, amount: str) -> None:
        by_sql(
            counts,
            f"INSERT INTO batch_approval ({columns}) SELECT batch_id, :kind, at, meaning, digest, :number, :user, {amount}"
            " FROM batch_approval WHERE batch_id = :id AND number = 1",
            id=batch_id,
            kind=kind,
            number=number,
            user=user,
        )

    add(2, "approve", "ada", "NULL")
    add(3, "approve", "clerk", "NULL")  # Who edited it.
    add(4, "execute", "admin", in_database(counts, "202"))
    assert refused_by_the_database(counts, batch_id, "admin")
    add(5, "execute", "admin", in_database(counts, "201"))
    assert not refused_by_the_database(counts, batch_id, "admin")
    add(6, "execute", "admin", in_database(counts, "202"))
    assert refused_by_the_database(counts, batch_id, "admin")
    add(7, "approve", "bob", "NULL")
    assert not refused_by_the_database(counts, batch_id, "admin")


def in_database(counts: BatchHarness, amount: str) -> str:
    """Return an amount as SQLite stores it, a whole number of the last digit, or PostgreSQL."""
    return f"{amount}0000" if counts.database.dialect.name == "sqlite" else amount


def test_approvals_are_frozen_and_never_changed(counts: BatchHarness) -> None:
    counts = declaring(counts, approvals=1)
    batch_id = complete(counts)
    approve(counts, batch_id, "ada")
    with pytest.raises(DBAPIError, match="a new one is added instead"):
        by_sql(counts, "UPDATE batch_approval SET signed_by = 'bob'")
    counts.by("admin").run(batch_id, Action.EXECUTE)
    with pytest.raises(DBAPIError, match="frozen"):
        by_sql(counts, "DELETE FROM batch_approval")
