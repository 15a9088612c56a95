"""Leases of jobs: only one process holds a job, and an older lease counts for nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batchbook.batches import Action
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import JobResult, lease
from batchbook.jobs.lease import LostLease
from batchbook.jobs.models import JobState

from .harness import JobHarness

KEEP = timedelta(days=1)


@pytest.fixture
def job_id(harness: JobHarness) -> int:
    return harness.ask(harness.create(), Action.POPULATE)


def test_a_job_is_acquired_once(harness: JobHarness, job_id: int) -> None:
    with transaction_scope(harness.catalogue.engine) as session:
        taken = lease.acquire(session, job_id, 1, "one")
        assert taken is not None
        assert (taken.state, taken.owner, taken.attempts) == ("running", "one", 1)
        assert lease.acquire(session, job_id, 1, "two") is None
        lease.ensure_held(session, taken)


def test_a_released_job_waits_under_a_new_dispatch_and_the_old_lease_is_lost(
    harness: JobHarness, job_id: int
) -> None:
    with transaction_scope(harness.catalogue.engine) as session:
        held = lease.acquire(session, job_id, 1, "one")
        assert held is not None
        session.expunge(held)
        assert lease.release(session, held, counted=False)
        assert not lease.release(session, held)
        for use in (
            lambda: lease.ensure_held(session, held),
            lambda: lease.finish(session, held, JobState.DONE, JobResult("Done."), KEEP),
        ):
            with pytest.raises(LostLease, match=f"job {job_id}"):
                use()
    job = harness.job(job_id)
    assert (job.state, job.dispatch, job.attempts, job.owner) == ("queued", 2, 0, None)


def test_a_finished_job_keeps_its_message_and_data(harness: JobHarness, job_id: int) -> None:
    with transaction_scope(harness.catalogue.engine) as session:
        held = lease.acquire(session, job_id, 1, "one")
        assert held is not None
        lease.finish(session, held, JobState.DONE, JobResult("All is done.", data={"rows": 3}), KEEP)
    job = harness.job(job_id)
    assert (job.state, job.message, job.result) == ("done", "All is done.", {"rows": 3})
    assert job.ended_at is not None
    assert job.purge_after == job.ended_at + KEEP


def test_only_what_has_not_begun_is_cancelled_without_a_lease(harness: JobHarness, job_id: int) -> None:
    with transaction_scope(harness.catalogue.engine) as session:
        job = harness.job(job_id)
        assert lease.renew_dispatch(session, job)
        assert not lease.renew_dispatch(session, job)
        assert not lease.make_due(session, job)
        assert lease.cancel_unstarted(session, job, "Cancelled.", KEEP)
        assert not lease.cancel_unstarted(session, job, "Cancelled.", KEEP)
    assert harness.job(job_id).state == "cancelled"
