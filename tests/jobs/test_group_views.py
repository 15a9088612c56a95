"""The page of jobs that were asked for at once."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy import URL, Engine, select
from sqlalchemy.orm import Session
from webtest import TestApp

from batchbook.db import utc_now
from batchbook.db.transactions import WaitingLimit
from batchbook.jobs.job_progress import cancel_requests_of
from batchbook.jobs.models import Job, JobGroup, JobState
from batchbook.jobs.service import JobService
from batchbook.services import services_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def group(engine: Engine, users: dict[str, str]) -> int:
    """Return a group that the administrator asked for: one job failed, one waits, and one batch was left out."""
    assert users
    with Session(engine) as session, session.begin():
        group = JobGroup(
            title="Execute all", asked_by="admin", asked_at=utc_now(), skipped=["Batch 9 is open."]
        )
        failed, running = _job(1), _job(3)
        group.jobs = [failed, _job(2), running]
        session.add(group)
        session.flush()
        # No job is born in these states.
        failed.state, failed.message, running.state = JobState.FAILED, "It went wrong.", JobState.RUNNING
        return group.id


def _job(batch: int) -> Job:
    return Job(
        task="execute",
        subject=f"Batch {batch}",
        done="executed",
        batch_id=batch,
        batch_type="inventory",
        arguments={},
        asked_by="admin",
        asked_at=utc_now(),
        state=JobState.QUEUED,
        nonce=str(batch),
    )


def test_the_page_says_what_was_left_out(group: int, admin: TestApp) -> None:
    page = admin.get(f"/jobs/groups/{group}")
    assert "Batch 9 is open." in page
    assert 'http-equiv="refresh"' in page


def test_nobody_else_sees_it(group: int, staff: TestApp) -> None:
    staff.get(f"/jobs/groups/{group}", status=403)


def test_what_has_not_begun_is_cancelled_and_what_runs_is_asked_to_stop(
    group: int, admin: TestApp, engine: Engine, app: Any
) -> None:
    page = admin.get(f"/jobs/groups/{group}")
    form = next(form for form in page.forms.values() if form.action.endswith("/cancel"))
    answer = form.submit().follow()
    assert "1 job that had not started was cancelled. 1 job will stop as soon as possible." in answer.text
    with Session(engine) as session:
        jobs = session.scalars(select(Job).order_by(Job.id)).all()
        assert [job.state for job in jobs] == [JobState.FAILED, JobState.CANCELLED, JobState.RUNNING]
        assert cancel_requests_of(services_of(app.registry).get(JobService).store, [jobs[2]]) == {
            jobs[2].id: "admin"
        }


def test_all_are_asked_to_stop_where_one_that_writes_lets_nobody_drop_the_others(
    group: int, admin: TestApp, engine: Engine, app: Any, monkeypatch: pytest.MonkeyPatch, database_url: URL
) -> None:
    services_of(app.registry).add(WaitingLimit, WaitingLimit(3, seconds=0))
    page = admin.get(f"/jobs/groups/{group}")
    form = next(form for form in page.forms.values() if form.action.endswith("/cancel"))
    other = sqlite3.connect(str(database_url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = form.submit(status=303).follow()
    other.close()
    assert "0 jobs that had not started were cancelled. 2 jobs will stop as soon as possible." in answer.text
    with Session(engine) as session:
        jobs = session.scalars(select(Job).order_by(Job.id)).all()
    assert cancel_requests_of(services_of(app.registry).get(JobService).store, jobs) == {
        jobs[1].id: "admin",
        jobs[2].id: "admin",
    }
