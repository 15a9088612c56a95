"""Permissions of a role and the state of a batch decide together; the state is told only to those who may see the batch."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select
from tests.batches.harness import BatchHarness

from batchbook.batches import Action, Batch, State
from batchbook.batches.access import (
    demand,
    may,
    may_create,
    may_now,
    permission,
    refusal,
    visible,
)
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict, Refused

from .shelf_count import ShelfCount

KEY = "shelf_count"


def batch(state: State) -> Batch:
    return ShelfCount(id=7, type=KEY, state=state)


def held(*names: str, key: str = KEY) -> set[str]:
    return {permission(key, name) for name in names}


@pytest.mark.parametrize("key", [KEY, "*"])
def test_a_permission_is_for_one_type_or_for_all(key: str) -> None:
    editor = held("view", "edit", key=key)
    assert may_now(editor, batch(State.OPEN), Action.EDIT)
    assert may(editor, KEY, Action.REFRESH)
    assert not may(editor, KEY, Action.EXECUTE)
    assert may(editor, "price_change", Action.EDIT) == (key == "*")


def test_the_state_refuses_what_the_role_allows() -> None:
    editor, complete = held("view", "edit"), batch(State.COMPLETE)
    assert may(editor, KEY, Action.EDIT)
    assert not may_now(editor, complete, Action.EDIT)
    error = refusal(editor, complete, Action.EDIT)
    assert isinstance(error, Conflict)
    assert error.message == "Batch 00000007 was not changed. It is marked complete: reopen it to change it."
    with pytest.raises(Conflict, match="reopen it to change it"):
        demand(editor, complete, Action.EDIT, "ann")


def test_a_role_without_the_permission_is_refused_whatever_the_state() -> None:
    for state in State:
        error = refusal(held("view"), batch(state), Action.EXECUTE)
        assert isinstance(error, Refused)
    with pytest.raises(Refused, match="was not executed: the role of ann does not allow that"):
        demand(held("view"), batch(State.COMPLETE), Action.EXECUTE, "ann")
    demand(held("view", "execute"), batch(State.COMPLETE), Action.EXECUTE, "ann")


def test_nothing_is_done_or_told_without_the_permission_to_see() -> None:
    blind = held("edit", "execute")
    assert not may_now(blind, batch(State.OPEN), Action.EDIT)
    assert isinstance(refusal(blind, batch(State.COMPLETE), Action.EDIT), Refused), "The state is not told."
    assert not may_create(held("create"), KEY), "It could not be seen afterwards."
    assert may_create(held("create", "view"), KEY)


def test_an_auditor_sees_executed_batches_only(engine: Engine, harness: BatchHarness) -> None:
    harness.create(shelf="A")
    executed = harness.executed("item,counted,remark\n1,1,\n", shelf="B")
    with transaction_scope(engine, read_only=True) as session:

        def seen(permissions: set[str]) -> list[int]:
            return list(session.scalars(select(Batch.id).where(visible(permissions, harness.types))))

        assert seen(held("audit")) == [executed]
        assert len(seen(held("view"))) == 2
        assert seen(held("edit")) == []
