"""``batchbook jobs``: listing, showing, cancelling and retrying jobs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from batchbook.batches.models import Batch
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job
from batchbook.jobs.job_progress import JobProgress, cancel_requests_of
from batchbook.jobs.store import HEARTBEAT, JobStore
from batchbook.types.price_change.models import PriceChange

Run = Callable[..., Any]


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def jobs(command: Run, engine: Engine, users: object, write_ini: Run) -> Run:
    """Runs ``batchbook jobs`` on a database with users, where jobs run in processes of their own."""
    ini = write_ini(engine.url, jobs="workers")
    return lambda *arguments: command("-c", ini, "jobs", *arguments)


@pytest.fixture
def add(engine: Engine) -> Run:
    """Writes a job down; returns its number."""

    def write(state: str = "queued", **values: Any) -> int:
        given = {
            "task": "refresh",
            "subject": "Batch 00000001",
            "done": "refreshed",
            "arguments": {"options": {}},
        }
        given |= {"asked_by": "staff", "asked_at": utc_now(), "state": "queued", "nonce": "n"}
        if state in ("done", "failed", "cancelled"):
            given |= {"ended_at": utc_now(), "message": f"It is {state}."}
        with transaction_scope(engine) as session:
            job = Job(**(given | values))
            session.add(job)
            session.flush()
            job.state = state  # No job is born that has ended.
            return job.id

    return write


def test_a_list_of_what_is_to_be_done(jobs: Run, add: Run) -> None:
    for state in ("done", "failed", "queued", "running", "scheduled"):
        add(state)
    result = jobs("list")
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["5", "scheduled"],
        ["4", "running"],
        ["3", "queued"],
    ]
    assert result.stderr == "1 job failed in the last 24 hours; --state failed lists them.\n"
    assert [item["id"] for item in json.loads(jobs("list", "--all", "--json").stdout)] == [5, 4, 3, 2, 1]
    failed = json.loads(jobs("list", "--state", "failed", "--json").stdout)
    assert [(item["id"], item["message"]) for item in failed] == [(2, "It is failed.")]
    assert jobs("list", "--all", "--state", "done").exit_code == 2


def test_a_job_that_runs(jobs: Run, add: Run, engine: Engine) -> None:
    number = add("running", owner="there-1", attempts=2, started_at=utc_now())
    store = JobStore(engine.url)
    store.prepare()
    with store.connection() as connection:
        connection.execute(
            HEARTBEAT.insert().values(executor="there-1", beats=1, threads=2, queues="batchbook")
        )

    with transaction_scope(engine, read_only=True) as session:
        job = session.get_one(Job, number)
    JobProgress(store, job, threading.Event()).report("refresh", 50, 200)
    shown = jobs("show", number)
    assert "Job 1 · Refresh: Batch 00000001 · Running" in shown.stdout
    assert "Refresh: 50 of 200 rows" in shown.stdout
    assert "there-1 (no heartbeat; another process will take the job over)" in shown.stdout
    data = json.loads(jobs("show", number, "--json").stdout)
    assert (data["percent"], data["attempts"], data["owner_alive"]) == (25, 2, False)
    cancelled = jobs("cancel", number, "--as", "staff")
    assert cancelled.stdout == "The job will stop as soon as possible, and none of its work will be kept.\n"
    assert cancel_requests_of(store, [job]) == {job.id: "staff"}
    store.close()


def test_cancelled_before_it_began_and_asked_for_again(jobs: Run, add: Run, engine: Engine) -> None:
    with transaction_scope(engine) as session:
        values = {"state": "open", "created_at": utc_now(), "created_by": "staff", "row_count": 0}
        batch = PriceChange(**values, removed_count=0, status_counts={}, params={}, version=1)
        session.add(batch)
        session.flush()
        assert session.get_one(Batch, batch.id).type == "price_change"
    number = add(batch_id=batch.id, batch_type="price_change", exclusive=True)
    cancelled = jobs("cancel", number, "--as", "admin")
    assert (
        cancelled.stdout == "Batch 00000001 was not refreshed: admin cancelled the job before it started.\n"
    )
    assert jobs("retry", number, "--as", "staff").stdout == "2\n"
    again = json.loads(jobs("show", 2, "--json").stdout)
    assert (again["state"], again["retry_of"], again["asked_by"]) == ("queued", number, "staff")


@pytest.mark.parametrize(
    ("arguments", "state", "sentence"),
    [
        (("show", 9), "queued", "There is no job 9. Jobs that ended long ago are not kept."),
        (("show", 10**17), "queued", f"There is no job {10**17}. Jobs that ended long ago are not kept."),
        (
            ("cancel", 1, "--as", "auditor"),
            "queued",
            "Job 1 belongs to staff, and the role of auditor does not allow cancelling it.",
        ),
        (("cancel", 1, "--as", "nobody"), "queued", "There is no user called “nobody”, so nothing was done."),
        (("cancel", 1, "--as", "staff"), "done", "This job has already ended. It is done."),
        (("retry", 1, "--as", "staff"), "queued", "Job 1 is waiting; only failed or cancelled jobs"),
    ],
)
def test_refusals(jobs: Run, add: Run, arguments: Any, state: str, sentence: str) -> None:
    add(state)
    result = jobs(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(sentence)
    assert json.loads(jobs("show", 1, "--json").stdout)["state"] == state
