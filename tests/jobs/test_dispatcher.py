"""The dispatcher: what waits gets onto the queue, and nothing stays with the dead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from batchbook.batches import Action
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job, JobRequest, lease
from batchbook.jobs.dispatcher import Dispatch, Dispatcher
from batchbook.jobs.enqueue import add_job
from batchbook.jobs.job_progress import record_result, unresponsive_notes
from batchbook.jobs.models import JobState

from .harness import JobHarness


class Queue:
    """A queue in memory, in place of DBOS; ``known`` are the dispatches that it has."""

    def __init__(self) -> None:
        self.known: dict[str, Dispatch] = {}
        self.calls: list[tuple[str, int]] = []

    def find(self, jobs: Iterable[Job]) -> Mapping[str, Dispatch]:
        return {job.workflow: self.known[job.workflow] for job in jobs if job.workflow in self.known}

    def begin(self, job: Job) -> None:
        self.calls.append(("begin", job.id))

    def put(self, job: Job, _queue: str) -> None:
        self.calls.append(("put", job.id))

    def put_back(self, job: Job, _queue: str) -> None:
        self.calls.append(("put back", job.id))

    def forget(self, job: Job) -> None:
        self.calls.append(("forget", job.id))

    def delete_finished(self, _before: Any) -> None:
        self.calls.append(("delete", 0))


class Alive:
    """The heartbeat of a process called ``here``, for which only those in ``others`` are alive besides."""

    executor = "here"

    def __init__(self, *others: str) -> None:
        self.others = others

    def is_alive_there(self, executor: str | None) -> bool:
        return executor == self.executor or executor in self.others


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def look(harness: JobHarness, queue: Queue) -> Callable[..., list[tuple[str, int]]]:
    """Dispatches once; returns what the queue was asked to do."""

    def once(*alive: str, running: set[tuple[int, int]] | None = None) -> list[tuple[str, int]]:
        queue.calls.clear()
        heartbeat, runs = Alive(*alive), running or set()
        dispatcher: Any = Dispatcher(harness.services, queue, heartbeat, runs, ("batchbook",))  # type: ignore[arg-type]
        dispatcher.look()
        return [call for call in queue.calls if call[0] != "delete"]

    return once


def take(harness: JobHarness, job_id: int, owner: str) -> None:
    with transaction_scope(harness.catalogue.engine) as session:
        assert lease.acquire(session, job_id, harness.job(job_id).dispatch, owner)


def test_one_begins_at_once_and_the_others_wait_in_their_queue(harness: JobHarness, look: Any) -> None:
    jobs = [harness.ask(harness.create(), Action.POPULATE) for _ in range(3)]
    assert look() == [("begin", jobs[0]), ("put", jobs[1]), ("put", jobs[2])]
    assert look(running={(99, 1)}) == [("put", job_id) for job_id in jobs]


def test_what_waits_on_the_queue_stays_there_unless_it_is_with_the_dead(
    harness: JobHarness, queue: Queue, look: Any
) -> None:
    job_id = harness.ask(harness.create(), Action.POPULATE)
    workflow = harness.job(job_id).workflow
    queue.known[workflow] = Dispatch(waits=True, is_over=False, executor=None)
    assert look() == []
    queue.known[workflow] = Dispatch(waits=False, is_over=False, executor="there")
    assert look("there") == []
    assert look() == [("put back", job_id)]
    queue.known[workflow] = Dispatch(waits=False, is_over=True, executor="there")
    assert look() == []
    assert harness.job(job_id).dispatch == 2


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_dead_process_that_was_taking_a_job_no_longer_locks_it(
    harness: JobHarness, queue: Queue, look: Any
) -> None:
    job_id = harness.ask(harness.create(), Action.POPULATE)
    queue.known[harness.job(job_id).workflow] = Dispatch(waits=False, is_over=False, executor="there")
    with harness.catalogue.engine.connect() as connection:
        connection.execute(text("SELECT set_config('application_name', 'there', true)"))
        connection.execute(update(Job).where(Job.id == job_id).values(owner="there"))
        assert look() == [("put back", job_id)]
        with transaction_scope(harness.catalogue.engine) as session:
            session.execute(text("SET LOCAL lock_timeout = '5s'"))
            assert lease.acquire(session, job_id, 1, "here")
        connection.invalidate()


def test_a_job_of_a_dead_process_waits_again(harness: JobHarness, look: Any) -> None:
    job_id = harness.ask(harness.create(), Action.POPULATE)
    take(harness, job_id, "there")
    assert look("there") == []
    assert look() == [("forget", job_id), ("begin", job_id)]
    job = harness.job(job_id)
    assert (job.state, job.dispatch, job.attempts) == ("queued", 2, 1)


def test_a_result_that_a_process_recorded_before_its_end_is_written(harness: JobHarness, look: Any) -> None:
    ended, handed_back = (harness.ask(harness.create(), Action.POPULATE) for _ in range(2))
    for job_id in (ended, handed_back):
        take(harness, job_id, "there")
    record_result(harness.jobs.store, harness.job(ended), JobState.FAILED, "It did not respond.")
    record_result(harness.jobs.store, harness.job(handed_back), JobState.QUEUED)
    look()
    assert (harness.job(ended).state, harness.job(ended).message) == ("failed", "It did not respond.")
    assert (harness.job(handed_back).state, harness.job(handed_back).attempts) == ("queued", 0)
    assert unresponsive_notes(harness.jobs.store, [harness.job(ended), harness.job(handed_back)]) == {}


def test_a_scheduled_job_waits_from_its_time_on_unless_its_batch_is_held(
    harness: JobHarness, look: Any
) -> None:
    batch_id = harness.create()
    with transaction_scope(harness.catalogue.engine) as session:
        request = JobRequest("count", "The shelf", "ann", batch_id=batch_id, exclusive=True, run_at=utc_now())
        due = add_job(session, request, "counted").id
        holder = add_job(
            session, JobRequest("count", "The shelf", "ann", batch_id=batch_id, exclusive=True), "counted"
        )
    look()
    assert harness.job(due).state == "scheduled"
    with transaction_scope(harness.catalogue.engine) as session:
        assert lease.cancel_unstarted(session, holder, "Cancelled.", timedelta(days=1))
    look()
    assert harness.job(due).state == "queued"


def test_the_upkeep_is_done_and_old_jobs_are_deleted(harness: JobHarness, queue: Queue, look: Any) -> None:
    job_id = harness.ask(harness.create(), Action.POPULATE)
    with transaction_scope(harness.catalogue.engine) as session:
        assert lease.cancel_unstarted(session, harness.job(job_id), "Cancelled.", -timedelta(days=1))
    done: list[Any] = []
    harness.jobs.upkeep.append(done.append)
    look()
    assert done == [harness.services]
    assert ("delete", 0) in queue.calls
    assert harness.count() == 0
