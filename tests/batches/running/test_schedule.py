"""An execution at a set time: it runs then if it still may, and otherwise says why it did not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from tests.functional.harness import form_to, post, text_of, url_of
from tests.jobs.harness import TOMORROW, JobHarness
from tests.jobs.test_worker import until
from webtest import TestApp

from batchbook.batches import Action
from batchbook.batches.running.runner import ActionCall
from batchbook.batches.running.schedule import unschedule
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.jobs.worker import Worker
from batchbook.security.models import User
from batchbook.zones import BadTime

one_database = pytest.mark.parametrize("backend", ["sqlite"])


def test_it_is_executed_when_its_time_has_come_and_not_before(
    harness: JobHarness, start_worker: Callable[..., Worker]
) -> None:
    batch_id, other = harness.complete(), harness.create()
    harness.plan(batch_id)
    job_id = harness.planned(batch_id)
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
    harness.plan(batch_id)
    job_id = harness.planned(batch_id) or 0
    clone = harness.ask(batch_id, Action.CLONE)
    harness.jobs.clock = lambda: TOMORROW
    start_worker()
    until(lambda: harness.job(job_id).has_ended)
    assert (harness.job(clone).state, harness.job(job_id).state) == ("done", "done")
    assert harness.job(job_id).started_at >= harness.job(clone).ended_at


def test_there_is_one_plan_for_a_batch_the_last_one(harness: JobHarness) -> None:
    batch_id = harness.complete()
    harness.plan(batch_id)
    first = harness.planned(batch_id) or 0
    said = harness.plan(batch_id, TOMORROW + timedelta(hours=1)).message
    assert "The execution that admin scheduled for" in said
    assert harness.job(first).state == "cancelled"
    assert harness.planned(batch_id) not in (None, first)
    assert harness.operations(batch_id)[-1][1].startswith("Rescheduled for")
    with transaction_scope(harness.catalogue.engine) as session:
        unschedule(harness.services, session, ActionCall(batch_id, Action.EXECUTE, "admin"))
    assert harness.planned(batch_id) is None
    assert harness.operations(batch_id)[-1][0] == "unschedule"


@one_database
@pytest.mark.parametrize(
    ("at", "sentence"),
    [(timedelta(minutes=-1), "That time is in the past"), (timedelta(days=367), "more than a year ahead")],
)
def test_a_time_that_is_over_or_far_away_is_refused(
    harness: JobHarness, at: timedelta, sentence: str
) -> None:
    with pytest.raises(BadTime, match=sentence):
        harness.plan(harness.complete(), utc_now() + at)


@one_database
def test_only_what_could_be_executed_is_planned(harness: JobHarness) -> None:
    batch_id = harness.complete()
    harness.with_handler(why_not_execute=lambda _self, _batch: "The shelf is locked.")
    with pytest.raises(Conflict, match=r"was not scheduled\. The shelf is locked\."):
        harness.plan(batch_id)
    harness.submit(batch_id, Action.REOPEN)
    with pytest.raises(Conflict, match="mark it complete first"):
        harness.plan(batch_id)


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
    harness.plan(batch_id)
    meanwhile(harness)
    job = harness.come_due(batch_id)
    assert job.state == "failed"
    assert sentence in job.message
    assert harness.batch(batch_id).state == "complete"
    assert sentence in harness.operations(batch_id)[-1][1]
    assert sentence in text_of(staff.get(url_of(batch_id)))
    first = text_of(staff.get("/"), ".section")
    assert first.startswith("Failed 1 ")
    assert sentence in first


@one_database
def test_it_is_not_executed_for_who_may_no_longer(harness: JobHarness) -> None:
    batch_id = harness.complete()
    harness.plan(batch_id, by="staff")
    assert "the role of staff does not allow that" in harness.come_due(batch_id).message


@one_database
def test_it_is_not_executed_otherwise_than_it_was_looked_at(harness: JobHarness) -> None:
    batch_id = harness.complete()
    harness.plan(batch_id)
    with transaction_scope(harness.catalogue.engine) as session:
        session.get_one(type(harness.batch(batch_id)), batch_id).version += 1
    job = harness.come_due(batch_id)
    assert (job.state, harness.batch(batch_id).state) == ("failed", "complete")
    assert "it was changed after it had been scheduled" in job.message


@one_database
def test_it_does_not_execute_other_changes_than_were_confirmed(harness: JobHarness) -> None:
    batch_id = harness.complete()
    harness.plan(batch_id, overwrite="yes")
    harness.catalogue.set_price("000000021", "0.04")
    job = harness.come_due(batch_id)
    assert (job.state, harness.batch(batch_id).state) == ("failed", "complete")
    assert "The changes are not those that were confirmed. 1 row changes the price" in job.message
    assert str(harness.catalogue.prices()["000000021"]) == "0.04"


@one_database
def test_who_looked_before_something_was_planned_is_refused(
    harness: JobHarness, app: Any, admin: TestApp
) -> None:
    batch_id = harness.complete()
    old = admin.get(url_of(batch_id))
    harness.plan(batch_id)
    answer = form_to(old, "/execute").submit(status=409)
    assert "was changed since you opened its page" in text_of(answer)
    assert harness.planned(batch_id) is not None


@one_database
def test_a_plan_that_is_cancelled_as_a_job_is_dropped_like_any(
    harness: JobHarness, app: Any, admin: TestApp
) -> None:
    batch_id = harness.complete()
    harness.plan(batch_id)
    post(admin, f"/jobs/{harness.planned(batch_id)}/cancel")
    assert harness.planned(batch_id) is None
    assert "admin cancelled the job before it started" in harness.operations(batch_id)[-1][1]
