"""Runners perform actions at once, or enqueue a job for each that takes its time; some types execute by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.batches.harness import BatchHarness, on_hand, shelves, stock
from tests.batches.shelf_count import ShelfCountHandler, make_tables
from tests.functional.harness import PRICE_LIST, form_to, text_of, url_of
from tests.jobs.harness import JobHarness
from webtest import TestApp

from batchbook.batches import (
    Action,
    State,
)
from batchbook.batches.registry import BatchTypes
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Refused
from batchbook.security.models import User
from batchbook.services import services_of
from batchbook.types.price_change.handler import PriceChangeHandler

#: A list without a change that has to be confirmed.
USUAL = PRICE_LIST.replace("8.00", "4.80")
AUTOMATIC = replace(PriceChangeHandler.execution_policy, automatic=True)


one_database = pytest.mark.parametrize("backend", ["sqlite"])


@one_database
def test_a_batch_that_executes_by_itself_does_so_once_it_is_complete(harness: JobHarness) -> None:
    harness.with_handler(execution_policy=AUTOMATIC)
    batch_id = harness.create(USUAL)
    harness.do(batch_id, Action.POPULATE)
    result = harness.submit(batch_id, Action.COMPLETE, "admin")
    assert harness.batch(batch_id).state == "complete"
    assert harness.run(result.job_id or 0)
    assert harness.batch(batch_id).state == "executed"


@one_database
def test_one_whose_changes_are_to_be_confirmed_waits_for_that(harness: JobHarness) -> None:
    harness.with_handler(execution_policy=AUTOMATIC)
    batch_id = harness.create(PRICE_LIST)
    harness.do(batch_id, Action.POPULATE)
    result = harness.submit(batch_id, Action.COMPLETE, "admin")
    assert (result.job_id, harness.batch(batch_id).state) == (None, "complete")
    assert "was not executed. 1 row changes the price by more than 20 %" in result.message


def test_it_does_not_for_somebody_who_may_not_execute_and_waits_for_one_who_may(
    harness: JobHarness, app: Any, admin: TestApp, staff: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        services_of(app.registry).get(BatchTypes)["price_change"].handler, "execution_policy", AUTOMATIC
    )
    batch_id = harness.create(USUAL)
    harness.do(batch_id, Action.POPULATE)
    page = staff.get(url_of(batch_id))
    assert "it waits for an administrator who can execute" in text_of(page, "#execution")
    assert "Mark complete and execute" not in text_of(page)
    assert "Mark complete and execute" in text_of(admin.get(url_of(batch_id)))
    assert "executes it immediately" in text_of(admin.get(url_of(batch_id)), "#execution")
    page = form_to(page, "/complete").submit(status=303).follow()
    assert "The role of staff does not allow that, so it waits" in page
    assert (harness.batch(batch_id).state, harness.count()) == ("complete", 1)
    form_to(admin.get(url_of(batch_id)), "/execute").submit(status=303)
    assert harness.count() == 2


@one_database
def test_the_permission_is_asked_again_when_the_job_runs(harness: JobHarness) -> None:
    harness.with_handler(execution_policy=AUTOMATIC)
    batch_id = harness.create(USUAL)
    harness.do(batch_id, Action.POPULATE)
    job_id = harness.submit(batch_id, Action.COMPLETE, "admin").job_id or 0
    with transaction_scope(harness.catalogue.engine) as session:
        people = {user.name: user for user in session.scalars(select(User))}
        people["admin"].roles = list(people["staff"].roles)
    harness.run(job_id)
    assert (harness.job(job_id).state, harness.batch(batch_id).state) == ("failed", "complete")
    assert "the role of admin does not allow that" in (harness.job(job_id).message or "")
    with pytest.raises(Refused):
        harness.retry(job_id, by="staff")


@one_database
def test_one_that_must_not_be_executed_stays_complete_and_says_why(harness: JobHarness) -> None:
    harness.with_handler(
        execution_policy=AUTOMATIC,
        why_not_execute=lambda _self, batch: "The shelf is locked." if batch.completed_at else None,
    )
    batch_id = harness.create(USUAL)
    harness.do(batch_id, Action.POPULATE)
    job_id = harness.submit(batch_id, Action.COMPLETE).job_id or 0
    harness.run(job_id)
    assert (harness.job(job_id).state, harness.batch(batch_id).state) == ("failed", "complete")
    assert "The shelf is locked." in (harness.batch(batch_id).failure or "")


def test_a_list_that_cannot_be_read_is_refused_before_there_is_a_job(harness: JobHarness) -> None:
    batch_id = harness.create("a,b\n1,2\n")
    with pytest.raises(BadInput, match="item_code"):
        harness.submit(batch_id, Action.POPULATE)
    assert harness.count() == 0
    assert harness.operations(batch_id) == [("create", "Created from list.csv, 8 bytes.")]


# --- At once ---------------------------------------------------------------------------------------------------------


FILE = "item,counted,remark\n007,7,\n008,9,\n009,1,\n"


AUTOMATIC_COUNT = replace(ShelfCountHandler.execution_policy, automatic=True)


@pytest.fixture
def counts(engine: Engine) -> BatchHarness:
    """Shelf counts of three products, whose actions are performed at once."""
    make_tables(engine)
    stock(engine, ("007", 7), ("008", 8), ("009", 9))
    return shelves(engine)


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize("actor", ["staff", "auditor", "nobody at all"])
def test_none_executes_itself_for_somebody_who_may_not_execute(
    engine: Engine, counts: BatchHarness, actor: str
) -> None:
    automatic = counts.with_handler(
        type("Automatic", (ShelfCountHandler,), {"execution_policy": AUTOMATIC_COUNT})
    )
    batch_id = automatic.open(FILE, shelf="A")
    result = automatic.by(actor).submit(batch_id, Action.COMPLETE)
    assert result.message.endswith(
        f"The role of {actor} does not allow that, so it waits for a user who may execute it."
    )
    assert (automatic.batch(batch_id).state, on_hand(engine)["008"]) == (State.COMPLETE, 8)


@pytest.mark.usefixtures("users")
def test_a_batch_that_executes_itself_does_so_when_it_is_complete(
    engine: Engine, counts: BatchHarness
) -> None:
    automatic = counts.with_handler(
        type("Automatic", (ShelfCountHandler,), {"execution_policy": AUTOMATIC_COUNT})
    )
    batch_id = automatic.open(FILE, shelf="A")
    result = automatic.by("admin").submit(batch_id, Action.COMPLETE)
    assert result.message == f"Batch {batch_id:08d} was executed: 2 quantities set, signed by the shop."
    assert automatic.batch(batch_id).state == State.EXECUTED
    assert on_hand(engine) == {"007": 7, "008": 9, "009": 1}


@pytest.mark.usefixtures("users")
def test_one_that_cannot_execute_itself_stays_complete_and_says_why(counts: BatchHarness) -> None:
    refusing = {
        "execution_policy": AUTOMATIC_COUNT,
        "why_not_execute": lambda _self, batch: "The shelf is locked." if batch.completed_at else None,
    }
    automatic = counts.with_handler(type("Locked", (ShelfCountHandler,), refusing))
    batch_id = automatic.open(FILE, shelf="A")
    result = automatic.by("admin").submit(batch_id, Action.COMPLETE)
    assert "was marked complete" in result.message
    assert "was not executed. The shelf is locked." in result.message
    assert automatic.batch(batch_id).state == State.COMPLETE


def test_one_that_does_not_stays_complete(engine: Engine, counts: BatchHarness) -> None:
    batch_id = counts.open(FILE, shelf="A")
    counts.submit(batch_id, Action.COMPLETE)
    assert counts.batch(batch_id).state == State.COMPLETE
    assert on_hand(engine)["008"] == 8
