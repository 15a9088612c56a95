"""Workers take what waits, and what was with the dead; many clicks are one execution."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text, update
from tests.functional.harness import form_to, text_of, token_of, url_of
from webtest import TestApp

import batchbook
from batchbook.batches import Action, Batch, State
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job, lease
from batchbook.jobs.heartbeat import is_process_alive
from batchbook.jobs.service import JobService
from batchbook.jobs.store import HEARTBEAT
from batchbook.jobs.worker import Worker
from batchbook.services import services_of

from .harness import Gate, JobHarness, hooked


def until(condition: Callable[[], Any]) -> None:
    """Wait for something that another thread does."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "It did not happen."
        time.sleep(0.01)


def test_a_worker_takes_what_is_asked_for(harness: JobHarness, start_worker: Callable[..., Worker]) -> None:
    start_worker()
    batch_id = harness.create()
    job_id = harness.ask(batch_id, Action.POPULATE)
    until(lambda: harness.job(job_id).has_ended)
    assert harness.job(job_id).state == "done"


def test_a_worker_takes_what_waited_before_it_began_and_more_than_it_has_threads(
    harness: JobHarness, start_worker: Callable[..., Worker]
) -> None:
    jobs = [harness.ask(harness.create(), Action.POPULATE) for _ in range(6)]
    start_worker(threads=2)
    until(lambda: all(harness.job(job).has_ended for job in jobs))
    assert {harness.job(job).state for job in jobs} == {"done"}


def test_a_worker_takes_over_from_the_dead(harness: JobHarness, start_worker: Callable[..., Worker]) -> None:
    batch_id = harness.complete()
    job_id = harness.ask(batch_id, Action.EXECUTE)
    with transaction_scope(harness.catalogue.engine) as session:
        lease.acquire(session, job_id, 1, "dead")
    with harness.jobs.store.connection() as connection:
        connection.execute(insert(HEARTBEAT).values(executor="dead", beats=7, threads=1, queues=""))
    start_worker()
    until(lambda: harness.job(job_id).has_ended)
    job = harness.job(job_id)
    assert (job.state, job.attempts, job.dispatch) == ("done", 2, 2)
    assert harness.batch(batch_id).state == State.EXECUTED


@pytest.mark.parametrize("backend", ["postgresql"])
def test_who_stopped_answering_while_it_held_locks_is_cut_off(
    harness: JobHarness, start_worker: Callable[..., Worker]
) -> None:
    batch_id = harness.complete()
    job_id = harness.ask(batch_id, Action.EXECUTE)
    with transaction_scope(harness.catalogue.engine) as session:
        lease.acquire(session, job_id, 1, "stopped")
    with harness.catalogue.engine.connect() as connection:
        connection.execute(text("SELECT set_config('application_name', 'stopped', true)"))
        connection.execute(update(Job).where(Job.id == job_id).values(message="It was about to end."))
        connection.execute(update(Batch).where(Batch.id == batch_id).values(notes="It held this as well."))
        start_worker()
        until(lambda: harness.job(job_id).has_ended)
        connection.invalidate()
    assert harness.job(job_id).state == "done"
    assert harness.batch(batch_id).notes is None


@pytest.mark.parametrize("backend", ["sqlite"])
def test_dispatches_that_ended_are_deleted_however_many_they_are(
    harness: JobHarness, start_worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchbook.jobs.dispatcher._DELETED_AT_ONCE", 2)
    worker = start_worker()
    jobs = [harness.ask(harness.create(), Action.POPULATE) for _ in range(5)]
    until(lambda: all(harness.job(job_id).has_ended for job_id in jobs) and not worker.running)
    queue: Any = worker._queue
    ended = [harness.job(job_id) for job_id in jobs]
    until(lambda: all(dispatch.is_over for dispatch in queue.find(ended).values()))
    assert len(queue.find(ended)) == 5
    queue.delete_finished(utc_now() + timedelta(minutes=1))
    assert queue.find(ended) == {}


@pytest.mark.parametrize("backend", ["postgresql"])
def test_an_attempt_that_ends_late_leaves_the_next_one_in_the_same_process_alone(
    harness: JobHarness, start_worker: Callable[..., Worker]
) -> None:
    """As in a process that was stopped, lost its job, went on, and got the same job again."""
    batch_id = harness.complete()
    first, second = gates = [Gate(), Gate()]
    waiting = iter(gates)
    harness.with_handler(**hooked("execute", lambda: next(waiting).pass_through()))
    job_id = harness.ask(batch_id, Action.EXECUTE)
    worker = start_worker(threads=2)
    assert first.reached.wait(30)
    with transaction_scope(harness.catalogue.engine) as session:
        # What another process does that presumes this one dead.
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
        session.execute(text(ended), {"name": worker.executor})
        assert lease.release(session, harness.job(job_id))
    assert second.reached.wait(30)
    first.open()
    time.sleep(1)
    second.open()
    until(lambda: harness.job(job_id).has_ended)
    job = harness.job(job_id)
    assert (job.state, job.attempts, job.dispatch) == ("done", 2, 2)


def test_a_worker_that_stops_hands_back_what_does_not_end_and_the_next_one_does_it(
    harness: JobHarness, start_worker: Callable[..., Worker]
) -> None:
    gate = Gate()
    harness.with_handler(**hooked("refresh", gate.pass_through))
    batch_id = harness.create()
    job_id = harness.ask(batch_id, Action.POPULATE)
    worker = start_worker()
    assert gate.reached.wait(30)
    stopping = threading.Thread(target=worker.stop, args=(0,))
    stopping.start()
    until(worker._stopping.is_set)
    gate.open()
    stopping.join()
    assert (harness.job(job_id).state, harness.job(job_id).attempts) == ("queued", 0)
    assert harness.rows(batch_id) == 0
    assert not is_process_alive(harness.jobs.store, worker.executor, harness.jobs.settings.dead)
    start_worker()
    until(lambda: harness.job(job_id).has_ended)
    assert harness.job(job_id).state == "done"


@contextmanager
def embedded(settings: dict[str, str]) -> Iterator[Any]:
    """The application as it is by default: jobs run in its own process."""
    application = batchbook.main({}, **settings | {"batchbook.jobs": "embedded"})
    try:
        yield application
    finally:
        services_of(application.registry).get(JobService).worker.stop(0)
        services_of(application.registry).get(JobService).close()
        services_of(application.registry).get(Engine).dispose()


@pytest.fixture
def complete_batch(harness: JobHarness) -> int:
    """A batch that is ready for execution."""
    return harness.complete()


@pytest.fixture
def application(complete_batch: int, settings: dict[str, str]) -> Iterator[Any]:
    """The application with jobs in its own process, when there is that batch."""
    with embedded(settings) as application:
        yield application


def test_fifty_clicks_at_once_are_one_execution_and_forty_nine_sentences(
    harness: JobHarness, application: Any, complete_batch: int, login: Callable[[TestApp, str], TestApp]
) -> None:
    batch_id = complete_batch
    browser = login(TestApp(application, extra_environ={"REMOTE_ADDR": "127.0.0.1"}), "admin")
    token, cookies = token_of(browser), dict(browser.cookies)
    fields = {
        "csrf_token": token,
        "version": str(harness.batch(batch_id).version),
        "apply": "increase",
    }
    question = browser.post(url_of(batch_id, "execute"), fields, status=409)
    fields["confirm"] = str(question.html.select_one("input[name=confirm]")["value"])
    answers: list[Any] = []
    start = threading.Barrier(50)

    def click() -> None:
        one = TestApp(application, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        for name, value in cookies.items():
            one.set_cookie(name, value.strip('"'))
        start.wait()
        answers.append(one.post(url_of(batch_id, "execute"), fields, status="*"))

    threads = [threading.Thread(target=click) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answer.status_int for answer in answers) == {303: 1, 409: 49}
    for answer in answers:
        if answer.status_int == 409:
            assert "executed" in text_of(answer)
    until(lambda: harness.batch(batch_id).state == State.EXECUTED)
    assert [kind for kind, _ in harness.operations(batch_id)].count("execute") == 1
    assert len(harness.catalogue.price_history()) == 2


def test_a_small_action_seems_to_be_done_at_once(
    harness: JobHarness, application: Any, complete_batch: int, login: Callable[[TestApp, str], TestApp]
) -> None:
    batch_id = complete_batch
    browser = login(TestApp(application, extra_environ={"REMOTE_ADDR": "127.0.0.1"}), "admin")
    page = form_to(browser.get(url_of(batch_id)), "/execute").submit(status=303)
    while page.status_int == 303:
        page = page.follow()
    assert f"Batch {batch_id:08d} was executed:" in text_of(page)


def test_an_application_that_starts_takes_up_what_its_predecessor_left(
    harness: JobHarness, settings: dict[str, str]
) -> None:
    batch_id = harness.create()
    job_id = harness.ask(batch_id, Action.POPULATE)
    with transaction_scope(harness.catalogue.engine) as session:
        lease.acquire(session, job_id, 1, "predecessor")
    with embedded(settings):
        until(lambda: harness.job(job_id).has_ended)
        assert harness.job(job_id).state == "done"
