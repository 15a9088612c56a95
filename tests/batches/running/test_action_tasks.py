"""Jobs perform actions for those who requested them, can be retried, and leave no batch between two states."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, update
from tests.jobs.harness import JobHarness, hooked

from batchbook.batches import Action, Batch, State
from batchbook.batches.models import Operation
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.jobs import lease
from batchbook.security.models import Presence, User
from batchbook.security.presence import note_editing


def test_who_may_no_longer_is_refused_when_it_comes_to_it(harness: JobHarness) -> None:
    batch_id = harness.create()
    job_id = harness.ask(batch_id, Action.POPULATE, "staff")
    with transaction_scope(harness.catalogue.engine) as session:
        session.query(User).filter(User.name == "staff").update({"active": False})
    harness.run(job_id)
    job = harness.job(job_id)
    assert (job.state, job.message) == (
        "failed",
        "staff may no longer sign in. Nothing was changed.",
    )
    assert harness.rows(batch_id) == 0


def test_what_failed_can_be_tried_again_by_a_person_unless_something_else_happened(
    harness: JobHarness,
) -> None:
    batch_id = harness.complete()
    harness.with_handler(**hooked("execute", lambda: 1 / 0))
    failed = harness.do(batch_id, Action.EXECUTE, apply=["decrease"])
    harness.with_handler()
    again = harness.retry(failed.id)
    assert harness.run(again)
    assert (harness.job(again).state, harness.job(again).retry_of) == ("done", failed.id)
    assert len(harness.catalogue.price_history()) == 1, "The options are those that were chosen."
    with pytest.raises(Conflict, match="executed"):
        harness.retry(failed.id)


def test_the_history_names_the_job_that_acted_for_the_person(harness: JobHarness) -> None:
    batch_id = harness.complete()
    harness.with_handler(**hooked("execute", lambda: 1 / 0))
    failed = harness.do(batch_id, Action.EXECUTE, reason="Agreed.")
    harness.with_handler()
    job = harness.do(batch_id, Action.EXECUTE, reason="Agreed again.")
    query = select(Operation.acted_by, Operation.reason).where(Operation.batch_id == batch_id)
    with transaction_scope(harness.catalogue.engine, read_only=True) as session:
        found = [tuple(row) for row in session.execute(query.order_by(Operation.number))]
    assert found[-2:] == [(f"job {failed.id}", "Agreed."), (f"job {job.id}", "Agreed again.")]


def test_nobody_confirms_for_whoever_tries_again(harness: JobHarness) -> None:
    harness.with_handler(**hooked("execute", lambda: 1 / 0))
    failed = harness.do(harness.complete(), Action.EXECUTE)
    harness.with_handler()
    with transaction_scope(harness.catalogue.engine) as session:
        people = {user.name: user for user in session.scalars(select(User))}
        people["staff"].roles = list(people["admin"].roles)
    with pytest.raises(Conflict, match="then confirm price"):
        harness.retry(failed.id, by="staff")
    again = harness.retry(failed.id)
    assert harness.run(again)
    assert harness.job(again).state == "done"


def leave(harness: JobHarness, batch_id: int, state: State) -> None:
    """Bring a batch into a state that it passes through, as older versions may have left it."""
    with transaction_scope(harness.catalogue.engine) as session:
        session.execute(update(Batch).where(Batch.id == batch_id).values(state=state))


def heal(harness: JobHarness) -> None:
    for task in harness.jobs.upkeep:
        task(harness.services)


@pytest.mark.parametrize(
    ("left", "state"), [(State.EXECUTING, State.COMPLETE), (State.POPULATING, State.NEW)]
)
def test_a_batch_that_was_left_in_between_is_healed(harness: JobHarness, left: State, state: State) -> None:
    batch_id = harness.complete() if left is State.EXECUTING else harness.create()
    leave(harness, batch_id, left)
    version = harness.batch(batch_id).version
    note_editing(harness.catalogue.engine, "batch.9", "ann", "1", "price")
    with transaction_scope(harness.catalogue.engine) as session:
        session.execute(update(Presence).values(expires_at=utc_now()))
    heal(harness)
    heal(harness)
    with transaction_scope(harness.catalogue.engine) as session:
        assert not session.scalar(select(func.count()).select_from(Presence))
    batch = harness.batch(batch_id)
    assert (batch.state, batch.version) == (state, version + 1)
    assert f"was interrupted while it was {left}" in (batch.failure or "")
    assert "may have been kept" in (batch.failure or "")
    assert harness.operations(batch_id)[-1] == ("failure", batch.failure)
    action = Action.EXECUTE if left is State.EXECUTING else Action.POPULATE
    assert harness.do(batch_id, action).state == "done"


def test_a_worker_heals_when_it_starts(harness: JobHarness, start_worker: Callable[..., Any]) -> None:
    batch_id = harness.complete()
    leave(harness, batch_id, State.EXECUTING)
    start_worker()
    for _ in range(600):
        if harness.batch(batch_id).state == State.COMPLETE:
            break
        threading.Event().wait(0.05)
    assert harness.batch(batch_id).state == State.COMPLETE


def test_a_batch_that_a_job_has_is_left_alone_until_the_job_has_ended(harness: JobHarness) -> None:
    batch_id = harness.complete()
    job_id = harness.ask(batch_id, Action.EXECUTE)
    with transaction_scope(harness.catalogue.engine) as session:
        assert lease.acquire(session, job_id, 1, "somebody") is not None
    leave(harness, batch_id, State.EXECUTING)
    heal(harness)
    assert harness.batch(batch_id).state == State.EXECUTING
    harness.give_back(job_id)
    harness.run(job_id)
    batch = harness.batch(batch_id)
    assert (harness.job(job_id).state, batch.state) == ("failed", State.COMPLETE)
    assert batch.failure == harness.job(job_id).message


def test_a_batch_that_somebody_executes_at_this_moment_is_left_alone(harness: JobHarness) -> None:
    """What is not committed is not seen, and what is locked is not waited for."""
    batch_id = harness.complete()

    def execute(_self: Any, _batch: Any, _rows: Any, _options: Any) -> Any:
        healing = threading.Thread(target=heal, args=(harness,))
        healing.start()
        healing.join(20)
        assert not healing.is_alive()
        raise LookupError("enough")

    harness.with_handler(execute=execute)
    job = harness.do(batch_id, Action.EXECUTE)
    assert "LookupError: enough" in (job.message or "")
    assert "left while" not in (harness.batch(batch_id).failure or "")


def test_a_batch_is_reversed_by_a_job_whose_page_leads_to_the_new_one(harness: JobHarness) -> None:
    batch_id = harness.complete()
    assert harness.do(batch_id, Action.EXECUTE).state == "done"
    job = harness.do(batch_id, Action.REVERSE)
    made = (job.result or {})["batch_id"]
    assert (job.state, job.message) == ("done", f"Batch {made:08d} was made to reverse batch {batch_id:08d}.")
    assert (harness.batch(made).state, harness.batch(made).reverses) == (State.OPEN, batch_id)
