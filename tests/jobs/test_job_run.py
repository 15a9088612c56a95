"""A job does what was asked for, once, or says why not."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, text
from tests.functional.harness import COUNTS

from batchbook.batches import Action, State
from batchbook.batches.running.runner import ActionCall, Runner
from batchbook.db.transactions import make_session, transaction_scope
from batchbook.errors import BadInput, Conflict
from batchbook.jobs.settings import Mode

from .harness import Gate, JobHarness, hooked, in_thread


def test_what_is_committed_runs_and_what_is_rolled_back_never_was(harness: JobHarness) -> None:
    batch_id = harness.create()
    with make_session(harness.catalogue.engine) as session:
        call = ActionCall(batch_id, Action.POPULATE, "staff")
        assert harness.services.get(Runner).submit(session, call).job_id
        session.rollback()
    assert harness.count() == 0
    job_id = harness.ask(batch_id, Action.POPULATE, "staff")
    assert harness.job(job_id).state == "queued"
    assert harness.batch(batch_id).row_count == 0
    assert harness.run(job_id)
    assert (harness.job(job_id).state, harness.batch(batch_id).state) == ("done", State.OPEN)
    assert harness.rows(batch_id) == COUNTS["All"]


def test_everything_from_populate_to_execute_and_what_comes_of_it(harness: JobHarness) -> None:
    batch_id = harness.complete()
    clone = harness.do(batch_id, Action.CLONE)
    assert clone.result is not None
    copy = clone.result["batch_id"]
    assert harness.batch(copy).state == State.OPEN
    job = harness.do(batch_id, Action.EXECUTE, apply=["increase", "decrease"])
    assert (
        job.message == f"Batch {batch_id:08d} was executed: 3 prices changed, 1 unchanged, 4 rows left out."
    )
    assert harness.batch(batch_id).state == State.EXECUTED
    assert len(harness.catalogue.price_history()) == 3
    assert harness.do(copy, Action.DELETE).state == "done"
    assert harness.rows(copy) == 0


def test_a_job_runs_once_however_often_it_is_tried(harness: JobHarness) -> None:
    batch_id = harness.complete()
    job_id = harness.ask(batch_id, Action.EXECUTE)
    assert [harness.run(job_id), harness.run(job_id), harness.run(job_id)] == [True, False, False]
    assert [kind for kind, _ in harness.operations(batch_id)].count("execute") == 1


def test_nobody_else_acts_on_a_batch_while_a_job_has_it(harness: JobHarness) -> None:
    batch_id = harness.complete()
    job_id = harness.ask(batch_id, Action.EXECUTE)
    for action in (Action.EXECUTE, Action.REOPEN, Action.DELETE, Action.CLONE):
        with pytest.raises(Conflict, match=f"was not {action.done}. It is waiting to be executed for admin"):
            harness.submit(batch_id, action)
    assert harness.run(job_id)
    with pytest.raises(Conflict, match="was executed by admin"):
        harness.submit(batch_id, Action.EXECUTE)


def test_an_error_of_a_handler_is_told_kept_and_logged_and_not_tried_again(
    harness: JobHarness, caplog: pytest.LogCaptureFixture
) -> None:
    batch_id = harness.complete()

    def boom() -> None:
        raise RuntimeError("The till is locked.")

    harness.with_handler(**hooked("execute", boom))
    with caplog.at_level(logging.ERROR, "batchbook"):
        job = harness.do(batch_id, Action.EXECUTE)
    assert job.state == "failed"
    assert "RuntimeError: The till is locked." in (job.message or "")
    assert (harness.batch(batch_id).state, len(harness.catalogue.price_history())) == (State.COMPLETE, 0)
    assert "The till is locked." in (harness.batch(batch_id).failure or "")
    assert harness.operations(batch_id)[-1][0] == "failure"
    (record,) = [record for record in caplog.records if record.exc_info]
    assert f"(job {job.id})" in record.getMessage()
    assert not harness.run(job.id)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_where_nobody_runs_jobs_none_is_asked_for_again(harness: JobHarness) -> None:
    harness.with_handler(**hooked("populate", _fail))
    failed = harness.do(harness.create(), Action.POPULATE)
    harness.jobs.settings = replace(harness.jobs.settings, mode=Mode.INLINE)
    with pytest.raises(Conflict, match="“inline”, so jobs can't be retried"):
        harness.retry(failed.id)
    assert harness.count() == 1


def _fail() -> None:
    raise RuntimeError("somebody's code")


@pytest.mark.parametrize("backend", ["postgresql"])
def test_code_of_a_job_may_take_its_time_between_two_statements(harness: JobHarness) -> None:
    batch_id = harness.complete()
    engine = harness.services.get(Engine)
    with transaction_scope(engine) as session:
        limit = f"ALTER DATABASE {engine.url.database} SET idle_in_transaction_session_timeout = '300ms'"
        session.execute(text(limit))
    engine.dispose()
    harness.with_handler(**hooked("execute", lambda: time.sleep(0.8)))
    assert harness.do(batch_id, Action.EXECUTE).state == "done"


def test_a_list_that_cannot_be_read_further_on_fails_with_its_sentence(harness: JobHarness) -> None:
    batch_id = harness.create()

    def refuse() -> None:
        raise BadInput("Line 7 is torn. Mend it, and create the batch again.")

    harness.with_handler(**hooked("refresh", refuse))
    job = harness.do(batch_id, Action.POPULATE)
    assert (job.state, job.message) == ("failed", "Line 7 is torn. Mend it, and create the batch again.")
    assert harness.batch(batch_id).failure == job.message
    assert harness.operations(batch_id)[-1] == ("refusal", job.message)
    assert harness.batch(batch_id).state == State.NEW


def test_a_cancelled_job_says_so_and_leaves_nothing(harness: JobHarness) -> None:
    batch_id = harness.create()
    gate = Gate()
    harness.with_handler(**hooked("refresh", gate.pass_through))
    job_id = harness.ask(batch_id, Action.POPULATE)
    thread = in_thread(lambda: harness.run(job_id))
    assert gate.reached.wait(30)
    harness.jobs.request_cancel(harness.job(job_id), "ann")
    gate.open()
    thread.join()
    job = harness.job(job_id)
    assert job.state == "cancelled"
    assert job.message is not None
    assert job.message.startswith(
        f"Batch {batch_id:08d} was not populated: ann cancelled the job after 8 rows. None"
    )
    assert (harness.rows(batch_id), harness.batch(batch_id).state) == (0, State.NEW)
    assert harness.operations(batch_id)[-1] == ("cancel", job.message)
    assert harness.batch(batch_id).failure is None
    assert harness.run(harness.retry(job_id))
    assert harness.rows(batch_id) == COUNTS["All"]


def test_a_job_that_is_cancelled_before_it_begins_does_not_begin(harness: JobHarness) -> None:
    batch_id = harness.create()
    job_id = harness.ask(batch_id, Action.POPULATE)
    harness.jobs.request_cancel(harness.job(job_id), "ann")
    assert not harness.run(job_id)
    assert harness.job(job_id).state == "cancelled"
    assert harness.rows(batch_id) == 0


def test_one_that_kills_its_process_again_and_again_is_given_up(harness: JobHarness) -> None:
    batch_id = harness.complete()
    job_id = harness.ask(batch_id, Action.EXECUTE)
    for _ in range(harness.jobs.settings.attempts):
        harness.lose(job_id)
    assert not harness.run(job_id)
    job = harness.job(job_id)
    assert job.state == "failed"
    assert job.message is not None
    assert "was killed 5 times, so the job was given up" in job.message
    assert harness.batch(batch_id).failure == job.message
    assert harness.run(harness.retry(job_id))
    assert harness.batch(batch_id).state == State.EXECUTED


@pytest.mark.parametrize("backend", ["postgresql"])
def test_who_was_overtaken_and_wakes_up_does_no_harm(harness: JobHarness) -> None:
    batch_id = harness.create()
    gate = Gate()
    first = [True]

    def wait_at_first() -> None:
        if first and first.pop():
            gate.pass_through()

    harness.with_handler(**hooked("refresh", wait_at_first))
    job_id = harness.ask(batch_id, Action.POPULATE)
    sleeper = in_thread(lambda: harness.run(job_id, "asleep"))
    assert gate.reached.wait(30)
    harness.give_back(job_id)
    overtaking = in_thread(lambda: harness.run(job_id, "awake"))
    gate.open()
    sleeper.join()
    overtaking.join()
    job = harness.job(job_id)
    assert (job.state, job.owner, job.attempts) == ("done", "awake", 2)
    assert [kind for kind, _ in harness.operations(batch_id)].count("populate") == 1
    assert harness.rows(batch_id) == COUNTS["All"]


def test_who_was_given_up_before_it_began_finds_that_out(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    from batchbook.jobs.job_run import JobRun

    batch_id = harness.create()
    job_id = harness.ask(batch_id, Action.POPULATE)
    own = JobRun._work

    def overtaken(self: Any, job: Any) -> None:
        if self.owner == "asleep":
            harness.give_back(job_id)
            assert harness.run(job_id, "awake")
        own(self, job)

    monkeypatch.setattr(JobRun, "_work", overtaken)
    assert harness.run(job_id, "asleep")
    assert harness.job(job_id).owner == "awake"
    assert [kind for kind, _ in harness.operations(batch_id)].count("populate") == 1


def test_a_process_that_must_end_hands_its_job_back(harness: JobHarness) -> None:
    batch_id = harness.create()
    stopping = threading.Event()
    harness.with_handler(**hooked("refresh", stopping.set))
    job_id = harness.ask(batch_id, Action.POPULATE)
    assert harness.run(job_id, stopping=stopping)
    job = harness.job(job_id)
    assert (job.state, job.attempts, job.owner) == ("queued", 0, None)
    assert harness.rows(batch_id) == 0
    assert harness.run(job_id)
    assert harness.rows(batch_id) == COUNTS["All"]


def test_a_job_ends_although_its_task_cannot_take_note_of_that(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    batch_id = harness.create()
    harness.with_handler(**hooked("refresh", lambda: 1 / 0))
    task = harness.jobs.tasks["populate"]
    broken = replace(task, run=lambda job_context: 1 / 0, note_result=lambda job_context, job_result: 1 / 0)  # type: ignore[arg-type, return-value]
    monkeypatch.setitem(harness.jobs.tasks._tasks, "populate", broken)
    job = harness.do(batch_id, Action.POPULATE)
    assert (job.state, "ZeroDivisionError" in (job.message or "")) == ("failed", True)
    assert "could not note its result" in caplog.text


def test_what_a_handler_raises_as_if_the_database_were_busy_is_not_tried_for_ever(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchbook.jobs.job_run._RETRY_PAUSE", 0.01)
    batch_id, tried = harness.create(), []

    def busy() -> None:
        tried.append(1)
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise error

    harness.with_handler(**hooked("refresh", busy))
    job_id = harness.ask(batch_id, Action.POPULATE)
    assert harness.run(job_id)
    assert (harness.job(job_id).state, len(tried)) == ("failed", harness.jobs.settings.attempts)
