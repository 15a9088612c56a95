"""Shelf counts whose type declares a policy, and how they are completed, approved and refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.batches.engine.test_execution_check import Counting
from tests.batches.harness import BatchHarness
from tests.batches.shelf_count import ShelfCountHandler

from batchbook.batches import Action, Policy, State
from batchbook.batches.freeze.execution_gate import GATE_MESSAGE
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

FILE = "item,counted,remark\nA,12,\nB,300,\n"
OPTIONS: dict[str, Any] = {"sign": "the shop"}


def declaring(counts: BatchHarness, **policy: Any) -> BatchHarness:
    declared = replace(ShelfCountHandler.execution_policy, policy=Policy(**policy))
    return counts.with_handler(type("Declared", (Counting,), {"execution_policy": declared}))


def complete(counts: BatchHarness, editor: str = "clerk") -> int:
    batch_id = counts.open(FILE, shelf="A")
    counts.by(editor).edit(batch_id, 1, remark="seen")
    counts.by("lead").run(batch_id, Action.COMPLETE)
    return batch_id


def refusal(counts: BatchHarness, batch_id: int, reason: str | None = None) -> str:
    def execute() -> None:
        with counts.engine() as engine:
            engine.reason = reason
            engine.run(batch_id, Action.EXECUTE, {"confirm": "all"})

    with pytest.raises(Conflict) as caught:
        execute()
    assert counts.batch(batch_id).state == State.COMPLETE
    return caught.value.message


def by_sql(counts: BatchHarness, statement: str, **values: Any) -> None:
    with transaction_scope(counts.database) as session:
        session.execute(text(statement), values)


def refused_by_the_database(counts: BatchHarness, batch_id: int, user: str) -> bool:
    """Whether SQL that makes the batch executed in the name of ``user`` is refused by the gate; it is rolled back."""
    change = text(
        "UPDATE batch SET executed_by = :user, executed_at = completed_at, state = 'executed' WHERE id = :id"
    )
    with counts.database.connect() as connection:
        try:
            connection.execute(change, {"user": user, "id": batch_id})
        except DBAPIError as error:
            return GATE_MESSAGE in str(error)
        finally:
            connection.rollback()
    return False


def approve(counts: BatchHarness, batch_id: int, *users: str) -> None:
    for user in users:
        counts.by(user).run(batch_id, Action.APPROVE)
