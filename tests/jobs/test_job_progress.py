"""Progress, cancel requests and notes in the store."""

from __future__ import annotations

import threading

import pytest

from batchbook.batches import Action
from batchbook.jobs import Job
from batchbook.jobs import job_progress as progress
from batchbook.jobs.job_progress import Cancelled, HandedBack, JobProgress, UnresponsiveNote
from batchbook.jobs.models import JobState
from batchbook.jobs.store import JobStore

from .harness import JobHarness


@pytest.fixture
def job(harness: JobHarness) -> Job:
    return harness.job(harness.ask(harness.create(), Action.POPULATE))


@pytest.fixture
def store(harness: JobHarness) -> JobStore:
    return harness.jobs.store


def test_what_is_reported_is_read(store: JobStore, job: Job) -> None:
    own = JobProgress(store, job, threading.Event())
    assert progress.steps_of(store, [job]) == {}
    own.report("populate", 0, 8)
    own.report("populate", 4, 8)  # Too soon after the one before to be written.
    own.report("refresh", 2, 8)
    step = progress.steps_of(store, [job])[job.id]
    assert (step.phase, step.done, step.total, step.percent) == ("refresh", 2, 8, 25)
    progress.forget_progress(store, job)
    assert progress.steps_of(store, [job]) == {}


def test_the_first_cancel_request_counts_and_stops_the_job_at_a_report(store: JobStore, job: Job) -> None:
    own = JobProgress(store, job, threading.Event())
    own.check_cancelled()
    progress.request_cancel(store, job, "ann")
    progress.request_cancel(store, job, "bob")
    assert progress.cancel_requests_of(store, [job]) == {job.id: "ann"}
    with pytest.raises(Cancelled) as stopped:
        own.report("refresh", 3, None)
    assert (stopped.value.by, stopped.value.done) == ("ann", 3)
    with pytest.raises(Cancelled):
        own.check_cancelled()


def test_a_job_whose_process_must_end_is_handed_back(store: JobStore, job: Job) -> None:
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(HandedBack):
        JobProgress(store, job, stopping).report("refresh", 0, None)


def test_notes_about_a_job_add_up(store: JobStore, job: Job) -> None:
    progress.request_process_end(store, job, "ann")
    progress.mark_unresponsive(store, job)
    progress.record_result(store, job, JobState.FAILED, "It did not respond.")
    note = progress.unresponsive_notes(store, [job])[job.id]
    assert isinstance(note, UnresponsiveNote)
    assert (note.requested_by, note.state, note.message) == ("ann", JobState.FAILED, "It did not respond.")
    assert note.since is not None
    progress.clear_unresponsive(store, job)
    assert progress.unresponsive_notes(store, [job]) == {}


@pytest.mark.parametrize(
    ("done", "total", "seconds", "rate", "left"),
    [(0, 10, 0.0, 0.0, None), (10, 30, 5.0, 2.0, 10.0), (40, 30, 5.0, 8.0, 0.0), (10, None, 5.0, 2.0, None)],
)
def test_the_rate_and_the_time_left_follow_from_the_phase(
    done: int, total: int | None, seconds: float, rate: float, left: float | None
) -> None:
    step = progress.step_at("phase", done, total, seconds)
    assert (step.rate, step.seconds_left) == (rate, left)
