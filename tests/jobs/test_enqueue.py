"""Job requests: with their transaction or not at all, and one at a time for a batch."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.jobs import JobRequest
from batchbook.jobs.enqueue import add_job, job_holding, scheduled_job

from .harness import JobHarness


def request(batch_id: int | None = None, **more: object) -> JobRequest:
    return JobRequest(
        "count", "The shelf", "ann", {"rows": 3}, batch_id, exclusive=batch_id is not None, **more
    )  # type: ignore[arg-type]


def test_it_waits_once_it_is_committed(harness: JobHarness) -> None:
    with transaction_scope(harness.catalogue.engine) as session:
        add_job(session, request(), "counted")
        session.rollback()
    assert harness.count() == 0
    with transaction_scope(harness.catalogue.engine) as session:
        job_id = add_job(session, request(), "counted").id
    job = harness.job(job_id)
    assert (job.state, job.priority, job.arguments, str(job)) == ("queued", 1, {"rows": 3}, f"job {job_id}")


def test_a_batch_is_held_by_one(harness: JobHarness) -> None:
    batch_id = harness.create()
    with transaction_scope(harness.catalogue.engine) as session:
        assert job_holding(session, batch_id) is None
        first = add_job(session, request(batch_id), "counted")
        assert job_holding(session, batch_id) is first
        with pytest.raises(Conflict, match="Another action on The shelf was started at the same moment"):
            add_job(session, request(batch_id), "counted")
        assert job_holding(session, batch_id) is first


def test_one_is_scheduled_beside_it(harness: JobHarness) -> None:
    batch_id, tomorrow = harness.create(), utc_now() + timedelta(days=1)
    with transaction_scope(harness.catalogue.engine) as session:
        add_job(session, request(batch_id), "counted")
        later = add_job(session, request(batch_id, run_at=tomorrow), "counted")
        assert (later.state, scheduled_job(session, batch_id)) == ("scheduled", later)
        with pytest.raises(Conflict):
            add_job(session, request(batch_id, run_at=tomorrow), "counted")
