"""The context of an action: its batch is found and locked, and callbacks are called around its work."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.batches.harness import BatchHarness
from tests.batches.shelf_count import ShelfCount, ShelfCountHandler

from batchbook.batches import Action, BatchTypes, Callbacks
from batchbook.batches.engine.context import around, find_batch, lock_at_once
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.errors import Missing
from batchbook.types.price_change.models import PriceChange

FILE = "item,counted,remark\n1,1,\n2,2,\n"


def test_a_batch_is_found_as_the_header_of_its_type(harness: BatchHarness) -> None:
    batch_id = harness.create(shelf="A")
    with harness.engine() as engine:
        batch = find_batch(engine.session, engine.types, batch_id)
        assert isinstance(batch, ShelfCount)
        assert batch.shelf == "A"


def test_a_batch_of_another_type_than_expected_is_found_all_the_same(harness: BatchHarness) -> None:
    batch_id = harness.create(shelf="A")
    with harness.engine() as engine:
        batch = find_batch(engine.session, engine.types, batch_id, expected=PriceChange)
        assert isinstance(batch, ShelfCount)
        for number in (999, HIGHEST_NUMBER + 1):
            with pytest.raises(Missing, match="There is no batch"):
                find_batch(engine.session, engine.types, number, expected=PriceChange)


@pytest.mark.parametrize("number", [-1, 0, 999, HIGHEST_NUMBER, HIGHEST_NUMBER + 1])
def test_a_number_without_a_batch_is_missing(harness: BatchHarness, number: int) -> None:
    with harness.engine() as engine, pytest.raises(Missing, match="There is no batch"):
        find_batch(engine.session, engine.types, number)


def test_a_batch_of_a_type_that_is_not_included_is_missing(harness: BatchHarness) -> None:
    batch_id = harness.create(shelf="A")
    with harness.engine() as engine, pytest.raises(Missing, match="no batch type “shelf_count”"):
        find_batch(engine.session, BatchTypes(), batch_id)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_locked_batch_is_locked_until_the_transaction_ends(harness: BatchHarness) -> None:
    batch_id = harness.create(shelf="A")
    found = threading.Event()

    def find() -> None:
        with harness.engine() as other:
            find_batch(other.session, other.types, batch_id, lock=True)
            found.set()

    with harness.engine() as engine:
        find_batch(engine.session, engine.types, batch_id, lock=True)
        waiting = threading.Thread(target=find)
        waiting.start()
        assert not found.wait(0.3)
    waiting.join(30)
    assert found.is_set()


@pytest.mark.parametrize("backend", ["postgresql"])
def test_nobody_waits_for_a_batch_that_is_to_be_locked_at_once(harness: BatchHarness) -> None:
    batch_id = harness.create(shelf="A")
    with harness.engine() as engine, harness.engine() as other:
        assert lock_at_once(engine.session, engine.types, batch_id) is not None
        assert lock_at_once(engine.session, engine.types, batch_id) is not None
        assert lock_at_once(other.session, other.types, batch_id) is None
        assert lock_at_once(other.session, other.types, 999) is None


def test_the_rows_are_those_that_are_not_removed(harness: BatchHarness) -> None:
    batch_id = harness.open(FILE, shelf="A")
    harness.remove(batch_id, 1)
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        assert [row.sequence for row in context.rows()] == [2]
        assert (context.session, context.actor, context.now) == (
            engine.session,
            "staff",
            context.handler_context.now,
        )


@pytest.mark.parametrize("fails", [False, True])
def test_callbacks_are_called_around_the_work_whose_changes_are_undone_if_it_fails(
    harness: BatchHarness, fails: bool
) -> None:
    calls: list[tuple[Any, ...]] = []

    def noting(name: str) -> Any:
        return lambda handler, action, batch: calls.append(
            (name, str(action), batch.id, handler.session.scalar(text("SELECT notes FROM batch")))
        )

    callbacks = Callbacks(setup=noting("setup"), teardown=noting("teardown"))
    noted = harness.with_handler(type("Noted", (ShelfCountHandler,), {"callbacks": callbacks}))
    batch_id = noted.create(shelf="A")
    with noted.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        error = pytest.raises(DBAPIError, match="no_such_table") if fails else nullcontext()
        with error, around(Action.REFRESH, context):
            context.session.execute(text("UPDATE batch SET notes = 'x'"))
            if fails:
                context.session.execute(text("SELECT * FROM no_such_table"))
    assert calls == [
        ("setup", "refresh", batch_id, None),
        ("teardown", "refresh", batch_id, None if fails else "x"),
    ]


def test_the_first_error_is_the_one_that_is_raised(harness: BatchHarness) -> None:
    def stumble(*_arguments: Any) -> None:
        raise LookupError("teardown")

    stumbling = replace(ShelfCountHandler.callbacks, teardown=stumble)
    harness = harness.with_handler(type("Stumbling", (ShelfCountHandler,), {"callbacks": stumbling}))
    batch_id = harness.create(shelf="A")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        with pytest.raises(ZeroDivisionError), around(Action.REFRESH, context):
            raise ZeroDivisionError
        with pytest.raises(LookupError), around(Action.REFRESH, context):
            pass
