"""Jobs in the foreground: run by the process that enqueued them, or followed where they run elsewhere."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select

from batchbook.batches import Action
from batchbook.batches.running.runner import ActionCall, Runner
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job, lease
from batchbook.jobs.foreground import ForegroundRun, ProgressReporter
from batchbook.jobs.store import HEARTBEAT

from .harness import JobHarness


class Screen:
    """Keeps what is shown to the person at the terminal."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def __call__(self, title: str, _step: Any, text: str) -> None:
        self.shown.append(f"{title}: {text}")


def enqueue(harness: JobHarness, run: ForegroundRun, batch_id: int) -> Job:
    with transaction_scope(harness.catalogue.engine) as session:
        call = ActionCall(batch_id, Action.POPULATE, "staff")
        job_id = harness.services.get(Runner).submit(session, call).job_id
        assert job_id is not None
        return run.take(session, job_id)


def beating(harness: JobHarness) -> list[str]:
    with harness.jobs.store.connection() as connection:
        return list(connection.scalars(select(HEARTBEAT.c.executor)))


def test_it_runs_here_while_others_see_the_process_alive(harness: JobHarness) -> None:
    screen = Screen()
    with ForegroundRun(harness.services, threading.Event(), screen) as run:
        job = enqueue(harness, run, harness.create())
        assert (job.state, [job.owner]) == ("running", beating(harness))
        ended = run.finish(job)
    assert ended.state == "done"
    assert any(f"Populate: {job.subject}: " in line for line in screen.shown)
    assert beating(harness) == []


def test_a_process_that_must_end_hands_its_job_back(harness: JobHarness) -> None:
    stopping = threading.Event()
    with ForegroundRun(harness.services, stopping, Screen()) as run:
        job = enqueue(harness, run, harness.create())
        stopping.set()
        left = run.finish(job)
    assert (left.state, left.attempts) == ("queued", 0)


def test_a_job_that_another_has_cannot_be_taken(harness: JobHarness) -> None:
    job_id = harness.ask(harness.create(), Action.POPULATE)
    with transaction_scope(harness.catalogue.engine) as session:
        assert lease.acquire(session, job_id, 1, "there")
    with (
        ForegroundRun(harness.services, threading.Event(), Screen()) as run,
        transaction_scope(harness.catalogue.engine) as session,
        pytest.raises(lease.LostLease),
    ):
        run.take(session, job_id)


def test_progress_is_shown_with_its_phase() -> None:
    screen = Screen()
    reporter = ProgressReporter("Import", screen)
    reporter.report("read", 0, None)
    reporter.report("read", 3, 9)
    assert screen.shown[0] == "Import: Read …"
    assert screen.shown[1].startswith("Import: Read: 3 of 9 rows")
