"""An execution at a set time: it runs then if it still may, and otherwise says why it did not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.functional.harness import form_to, post, text_of, url_of
from webtest import TestApp

from batchbook.batches import Action, Callbacks
from batchbook.batches.engine.engine import Result
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.runner import ActionCall
from batchbook.batches.running.schedule import schedule, unschedule
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict, Refused
from batchbook.jobs import lease
from batchbook.jobs.enqueue import scheduled_job
from batchbook.jobs.worker import Worker
from batchbook.security.models import User
from batchbook.services import services_of
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.zones import BadTime, LocalTime

from .harness import JobHarness
from .test_worker import until

TOMORROW = utc_now().replace(second=0, microsecond=0) + timedelta(days=1)
AUTOMATIC = replace(PriceChangeHandler.execution_policy, automatic=True)
one_database = pytest.mark.parametrize("backend", ["sqlite"])


def plan(
    harness: JobHarness, batch_id: int, at: datetime = TOMORROW, by: str = "admin", **options: Any
) -> Result:
    call = ActionCall(batch_id, Action.EXECUTE, by, options)
    with transaction_scope(harness.catalogue.engine) as session:
        return schedule(harness.services, session, call, LocalTime(at, twice=False))


def planned(harness: JobHarness, batch_id: int) -> int | None:
    with transaction_scope(harness.catalogue.engine, read_only=True) as session:
        job = scheduled_job(session, batch_id)
        return job.id if job else None


def come_due(harness: JobHarness, batch_id: int) -> Any:
    """Do what the dispatcher does at the time, and run the job; return it as it ended."""
    job_id = planned(harness, batch_id)
    assert job_id is not None
    with transaction_scope(harness.catalogue.engine) as session:
        lease.make_due(session, harness.job(job_id))
    assert harness.run(job_id)
    return harness.job(job_id)


def test_it_is_executed_when_its_time_has_come_and_not_before(
    harness: JobHarness, start_worker: Callable[..., Worker]
) -> None:
    batch_id, other = harness.complete(), harness.create()
    plan(harness, batch_id)
    job_id = planned(harness, batch_id)
    start_worker()
    populated = harness.ask(other, Action.POPULATE)
    until(lambda: harness.job(populated).has_ended)
    assert harness.job(job_id or 0).state == "scheduled"
    harness.jobs.clock = lambda: TOMORROW
    until(lambda: harness.job(job_id or 0).has_ended)
    assert harness.job(job_id or 0).state == "done"
    assert (harness.batch(batch_id).state, harness.batch(batch_id).executed_by) == ("executed", "admin")
    assert ("schedule", f"Scheduled for {TOMORROW:%Y-%m-%d %H:%M} UTC.") in harness.operations(batch_id)


def test_it_waits_for_a_job_that_has_the_batch(
    harness: JobHarness, start_worker: Callable[..., Worker]
) -> None:
    batch_id = harness.complete()
    plan(harness, batch_id)
    job_id = planned(harness, batch_id) or 0
    clone = harness.ask(batch_id, Action.CLONE)
    harness.jobs.clock = lambda: TOMORROW
    start_worker()
    until(lambda: harness.job(job_id).has_ended)
    assert (harness.job(clone).state, harness.job(job_id).state) == ("done", "done")
    assert harness.job(job_id).started_at >= harness.job(clone).ended_at


def test_there_is_one_plan_for_a_batch_the_last_one(harness: JobHarness) -> None:
    batch_id = harness.complete()
    plan(harness, batch_id)
    first = planned(harness, batch_id) or 0
    said = plan(harness, batch_id, TOMORROW + timedelta(hours=1)).message
    assert "The execution that admin planned for" in said
    assert harness.job(first).state == "cancelled"
    assert planned(harness, batch_id) not in (None, first)
    assert harness.operations(batch_id)[-1][1].startswith("Rescheduled for")
    with transaction_scope(harness.catalogue.engine) as session:
        unschedule(harness.services, session, ActionCall(batch_id, Action.EXECUTE, "admin"))
    assert planned(harness, batch_id) is None
    assert harness.operations(batch_id)[-1][0] == "unschedule"


@one_database
@pytest.mark.parametrize(
    ("at", "sentence"),
    [(timedelta(minutes=-1), "That time is over"), (timedelta(days=367), "more than a year ahead")],
)
def test_a_time_that_is_over_or_far_away_is_refused(
    harness: JobHarness, at: timedelta, sentence: str
) -> None:
    with pytest.raises(BadTime, match=sentence):
        plan(harness, harness.complete(), utc_now() + at)


@one_database
def test_only_what_could_be_executed_is_planned(harness: JobHarness) -> None:
    batch_id = harness.complete()
    harness.with_handler(why_not_execute=lambda _self, _batch: "The shelf is locked.")
    with pytest.raises(Conflict, match=r"was not planned\. The shelf is locked\."):
        plan(harness, batch_id)
    harness.submit(batch_id, Action.REOPEN)
    with pytest.raises(Conflict, match="mark it complete first"):
        plan(harness, batch_id)


def _fire(harness: JobHarness) -> None:
    with transaction_scope(harness.catalogue.engine) as session:
        session.execute(update(User).where(User.name == "admin").values(active=False))


@one_database
@pytest.mark.parametrize(
    ("meanwhile", "sentence"),
    [
        (_fire, "admin may no longer sign in"),
        (
            lambda harness: harness.with_handler(
                why_not_execute=lambda _self, _batch: "The shelf is locked."
            ),
            "The shelf is locked.",
        ),
    ],
)
def test_what_it_would_not_do_now_is_told_where_people_look(
    harness: JobHarness, app: Any, staff: TestApp, meanwhile: Callable[[JobHarness], None], sentence: str
) -> None:
    batch_id = harness.complete()
    plan(harness, batch_id)
    meanwhile(harness)
    job = come_due(harness, batch_id)
    assert job.state == "failed"
    assert sentence in job.message
    assert harness.batch(batch_id).state == "complete"
    assert sentence in harness.operations(batch_id)[-1][1]
    assert sentence in text_of(staff.get(url_of(batch_id)))


@one_database
def test_it_is_not_executed_for_who_may_no_longer(harness: JobHarness) -> None:
    batch_id = harness.complete()
    plan(harness, batch_id, by="staff")
    assert "the role of staff does not allow that" in come_due(harness, batch_id).message


@one_database
def test_it_is_not_executed_otherwise_than_it_was_looked_at(harness: JobHarness) -> None:
    batch_id = harness.complete()
    plan(harness, batch_id)
    with transaction_scope(harness.catalogue.engine) as session:
        session.get_one(type(harness.batch(batch_id)), batch_id).version += 1
    job = come_due(harness, batch_id)
    assert (job.state, harness.batch(batch_id).state) == ("failed", "complete")
    assert "it was changed after that was planned" in job.message


@one_database
def test_what_changed_nothing_meanwhile_does_not_stand_against_it(harness: JobHarness) -> None:
    batch_id = harness.complete()
    plan(harness, batch_id)

    def fail(*_arguments: Any) -> None:
        raise RuntimeError("no")

    types = harness.services.get(BatchTypes)
    as_it_was = types["price_change"]
    harness.with_handler(callbacks=Callbacks(on_clone=fail))
    assert harness.do(batch_id, Action.CLONE).state == "failed"
    types.add(replace(as_it_was))
    assert come_due(harness, batch_id).state == "done"


@one_database
@pytest.mark.parametrize("action", [Action.REOPEN, Action.DELETE, Action.EXECUTE])
def test_what_makes_a_plan_void_drops_it_and_says_so(harness: JobHarness, action: Action) -> None:
    batch_id = harness.complete()
    plan(harness, batch_id)
    job_id = planned(harness, batch_id) or 0
    result = harness.submit(batch_id, action)
    said = f"{result.message} {result.at_once}"
    if result.job_id:
        harness.run(result.job_id)
        said += harness.job(result.job_id).message or ""
    assert "The execution that admin planned for" in said
    assert harness.job(job_id).state == "cancelled"
    if action is not Action.DELETE:
        assert any("admin planned for" in summary for _kind, summary in harness.operations(batch_id))


@one_database
def test_a_batch_that_executes_by_itself_does_so_once_it_is_complete(harness: JobHarness) -> None:
    harness.with_handler(execution_policy=AUTOMATIC)
    batch_id = harness.create()
    harness.do(batch_id, Action.POPULATE)
    result = harness.submit(batch_id, Action.COMPLETE, "admin")
    assert harness.batch(batch_id).state == "complete"
    assert harness.run(result.job_id or 0)
    assert harness.batch(batch_id).state == "executed"


def test_it_does_not_for_somebody_who_may_not_execute_and_waits_for_one_who_may(
    harness: JobHarness, app: Any, admin: TestApp, staff: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        services_of(app.registry).get(BatchTypes)["price_change"].handler, "execution_policy", AUTOMATIC
    )
    batch_id = harness.create()
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
    batch_id = harness.create()
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
        execution_policy=AUTOMATIC, why_not_execute=lambda _self, _batch: "The shelf is locked."
    )
    batch_id = harness.create()
    harness.do(batch_id, Action.POPULATE)
    job_id = harness.submit(batch_id, Action.COMPLETE).job_id or 0
    harness.run(job_id)
    assert (harness.job(job_id).state, harness.batch(batch_id).state) == ("failed", "complete")
    assert "The shelf is locked." in (harness.batch(batch_id).failure or "")


@one_database
def test_who_looked_before_something_was_planned_is_refused(
    harness: JobHarness, app: Any, admin: TestApp
) -> None:
    batch_id = harness.complete()
    old = admin.get(url_of(batch_id))
    plan(harness, batch_id)
    answer = form_to(old, "/execute").submit(status=409)
    assert "was changed since you opened its page" in text_of(answer)
    assert planned(harness, batch_id) is not None


@one_database
def test_a_plan_that_is_cancelled_as_a_job_is_dropped_like_any(
    harness: JobHarness, app: Any, admin: TestApp
) -> None:
    batch_id = harness.complete()
    plan(harness, batch_id)
    post(admin, f"/jobs/{planned(harness, batch_id)}/cancel")
    assert planned(harness, batch_id) is None
    assert "admin cancelled that before it began" in harness.operations(batch_id)[-1][1]
