"""Jobs that report nothing are ended all the same: by a cancel request or at a limit, with nothing of them kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.functional.harness import form_to, post, text_of, url_of
from webtest import TestApp

from batchbook.batches import Action, State
from batchbook.jobs.attempt import Attempt
from batchbook.jobs.job_progress import unresponsive_notes
from batchbook.jobs.job_run import JobRun
from batchbook.jobs.settings import JobSettings
from batchbook.jobs.supervision import RunningAttempts, Supervisor, used_memory

from .harness import JobHarness, in_thread, opened
from .test_worker import until

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    """The application's settings: what does not react is interrupted soon."""
    return settings | {"batchbook.jobs.interrupt_seconds": "0.5"}


def spin(_handler: Any) -> None:
    while True:
        pass


def sleep_on(_handler: Any) -> None:
    while True:
        try:
            time.sleep(0.02)
        except Exception:  # noqa: BLE001 - Somebody's code may do so.
            time.sleep(0.01)


def query(handler: Any) -> None:
    handler.session.execute(text(ENDLESS))


def query_on(handler: Any) -> None:
    while True:
        try:
            handler.session.execute(text(ENDLESS))
        except Exception:  # noqa: BLE001 - Somebody's code may do so.
            time.sleep(0.01)


def writing(handler: Any) -> None:
    handler.session.execute(text(f"UPDATE product SET description = (SELECT 'x' FROM ({ENDLESS}) AS n)"))


class Working:
    """A job whose handler does something endless in the midst of its work."""

    def __init__(self, harness: JobHarness, work: Callable[[Any], None]) -> None:
        self.harness = harness
        self.begun = threading.Event()

        def refresh(handler: Any, _batch: Any, _rows: Any) -> None:
            self.begun.set()
            work(handler)

        harness.with_handler(refresh=refresh)
        self.batch_id = harness.create()
        self.job_id = harness.ask(self.batch_id, Action.POPULATE)
        self.thread = in_thread(lambda: harness.run(self.job_id))
        assert self.begun.wait(30)

    def assert_nothing_is_kept(self) -> None:
        self.thread.join(30)
        assert not self.thread.is_alive()
        assert self.harness.rows(self.batch_id) == 0
        assert self.harness.batch(self.batch_id).state == State.NEW
        # Whoever wants to write can, and the job's subject can be worked on again.
        self.harness.with_handler()
        assert self.harness.do(self.batch_id, Action.POPULATE).state == "done"
        assert self.harness.jobs.running.attempts == []


@pytest.mark.parametrize("work", [spin, sleep_on, query, query_on, writing])
def test_a_cancel_request_ends_a_job_that_reports_nothing(harness: JobHarness, work: Any) -> None:
    working = Working(harness, work)
    harness.jobs.request_cancel(harness.job(working.job_id), "ann")
    working.thread.join(30)
    job = harness.job(working.job_id)
    assert job.state == "cancelled"
    assert job.message == (
        f"Batch {working.batch_id:08d} was not populated: ann cancelled the job. None of its work was kept;"
        " everything is as it was before."
    )
    assert harness.operations(working.batch_id)[-1] == ("cancel", job.message)
    working.assert_nothing_is_kept()


@pytest.mark.parametrize("work", [spin, query_on])
def test_beyond_its_time_limit_a_job_is_ended(
    settings: dict[str, str], harness: JobHarness, work: Any
) -> None:
    limit = "batchbook.jobs.time_limit_seconds"
    with opened(settings | {limit: "3600", f"{limit}.price_change": "1"}, harness.catalogue) as hasty:
        working = Working(hasty, work)
        working.thread.join(30)
        job = hasty.job(working.job_id)
        assert job.state == "failed"
        assert job.message == (
            f"Batch {working.batch_id:08d} was not populated: the job was ended after 1 second, the limit set by"
            f" {limit}.price_change. None of its work was kept; everything is as it was before. If it needs longer,"
            " ask an administrator to raise the limit, then try again."
        )
        assert hasty.batch(working.batch_id).failure == job.message
        working.assert_nothing_is_kept()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_beyond_the_limit_of_memory_a_job_is_ended(settings: dict[str, str], harness: JobHarness) -> None:
    def hoard(_handler: Any) -> None:
        kept = []
        while True:
            kept.append(b"x" * 4_000_000)
            time.sleep(0.02)

    with opened(settings | {"batchbook.jobs.memory_limit_mib": "60"}, harness.catalogue) as small:
        working = Working(small, hoard)
        working.thread.join(30)
        job = small.job(working.job_id)
        assert job.state == "failed"
        assert "was ended because its process had grown by" in (job.message or "")
        assert "more than batchbook.jobs.memory_limit_mib allows. None of its work was kept" in (
            job.message or ""
        )
        working.assert_nothing_is_kept()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_of_several_jobs_the_youngest_is_ended_and_the_others_may_go_on(
    harness: JobHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = [100]
    monkeypatch.setattr("batchbook.jobs.supervision.used_memory", lambda: used[0] << 20)
    old, young = (Attempt(harness.job(harness.ask(harness.create(), Action.POPULATE))) for _ in range(2))
    running = RunningAttempts(JobSettings.read({"batchbook.jobs.memory_limit_mib": "50"}))
    running.begin(old)
    running.begin(young)
    used[0] = 151
    assert running.out_of_memory(old) is None
    ended = running.out_of_memory(young)
    assert ended is not None
    assert "1 other job ran there too; this one started last, so it was ended first." in ended.message
    assert running.out_of_memory(old) is None, "One is ended at a time."
    running.end(young)
    assert running.out_of_memory(old) is None, "It pays for what the other one left."
    used[0] = 202
    assert running.out_of_memory(old) is not None


def test_the_memory_of_a_process_is_known_wherever_it_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = used_memory()
    block = b"x" * (64 << 20)
    assert used_memory() - before > 32 << 20
    monkeypatch.setattr("batchbook.jobs.supervision._STATM", tmp_path / "none")
    assert used_memory() > len(block)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_memory_that_runs_out_is_told_plainly(harness: JobHarness) -> None:
    def gulp(_handler: Any) -> None:
        raise MemoryError

    working = Working(harness, gulp)
    working.thread.join(30)
    job = harness.job(working.job_id)
    assert job.state == "failed"
    assert "because its handler failed (MemoryError: there was not enough memory)" in (job.message or "")
    working.assert_nothing_is_kept()


class Deaf:
    """A job that does not react, until the test lets it."""

    def __init__(self, harness: JobHarness) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.ended: list[Attempt] = []
        harness.with_handler(refresh=self._refresh)
        self.batch_id = harness.create()
        self.job_id = harness.ask(self.batch_id, Action.POPULATE, "staff")
        run = JobRun(harness.services, "here", end_process=self.ended.append)
        self.thread = in_thread(lambda: run.run(self.job_id, 1))
        assert self.begun.wait(30)

    def _refresh(self, *_arguments: Any) -> None:
        self.begun.set()
        self.may_end.wait(60)  # No exception reaches a thread that waits for a lock.


@pytest.fixture
def deaf(harness: JobHarness, staff: TestApp, admin: TestApp) -> Iterator[Deaf]:
    """A job that somebody cancelled, and that does not react; they signed in before it kept others from writing."""
    deaf = Deaf(harness)
    harness.jobs.request_cancel(harness.job(deaf.job_id), "staff")
    until(lambda: unresponsive_notes(harness.jobs.store, [harness.job(deaf.job_id)]))
    yield deaf
    deaf.may_end.set()
    deaf.thread.join(30)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_page_says_that_a_job_does_not_react_and_who_may_end_its_process(
    harness: JobHarness, deaf: Deaf, staff: TestApp, admin: TestApp
) -> None:
    url = f"/jobs/{deaf.job_id}"
    said = "staff cancelled the job, but it does not respond: it was interrupted and is still running."
    assert said in text_of(staff.get(url_of(deaf.batch_id)), "#activity")
    assert "Only ending its process, here, will stop it." in text_of(staff.get(url))
    assert "An administrator can end it." in text_of(staff.get(url), "#unresponsive")
    assert staff.get(f"{url}/status.json").json["unresponsive"] is True
    post(staff, f"{url}/end-process", status=403)
    admin.get(f"{url}/end-process", status=404)
    assert deaf.ended == []
    page = admin.get(url)
    assert "It runs in a terminal command" in text_of(page, "#unresponsive")
    after = form_to(page, "/end-process").submit(status=303).follow()
    assert "The process here will be ended" in text_of(after, ".flashes")
    assert "admin is ending its process, here; this takes a few seconds." in text_of(after)
    until(lambda: deaf.ended)
    assert deaf.ended[0].job.id == deaf.job_id


@pytest.mark.parametrize("backend", ["sqlite"])
def test_one_that_ends_after_all_says_so_and_nothing_of_it_is_kept(
    harness: JobHarness, deaf: Deaf, admin: TestApp
) -> None:
    deaf.may_end.set()
    deaf.thread.join(30)
    assert harness.job(deaf.job_id).state == "cancelled"
    assert harness.rows(deaf.batch_id) == 0
    assert not unresponsive_notes(harness.jobs.store, [harness.job(deaf.job_id)])
    answer = post(admin, f"/jobs/{deaf.job_id}/end-process", status=409)
    assert "doesn't need to be ended: the job has ended, or still responds" in text_of(answer)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_process_is_not_ended_for_a_job_that_still_reacts(harness: JobHarness, admin: TestApp) -> None:
    job_id = harness.ask(harness.create(), Action.POPULATE)
    post(admin, f"/jobs/{job_id}/end-process", status=409)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_how_long_a_job_has_not_reported(
    harness: JobHarness, staff: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from .test_views import begin

    job_id = harness.ask(harness.create(), Action.POPULATE, "staff")
    begin(harness, job_id, "populate", 3, 8)
    assert "No sign" not in text_of(staff.get(f"/jobs/{job_id}"))
    now = time.time()
    monkeypatch.setattr("batchbook.jobs.view_models.time.time", lambda: now + 185)
    assert "Populate: 3 of 8 rows No progress reported for 3 minutes." in text_of(
        staff.get(f"/jobs/{job_id}")
    )


@pytest.mark.parametrize("backend", ["sqlite"])
def test_nothing_is_interrupted_outside_of_the_code_of_a_task(harness: JobHarness) -> None:
    attempt = Attempt(harness.job(harness.ask(harness.create(), Action.POPULATE)))
    assert not attempt.interrupt()
    with Supervisor(harness.jobs.running, harness.jobs.store, attempt) as same:
        assert same is attempt
        assert not attempt.interrupt()
    assert harness.jobs.running.attempts == []
