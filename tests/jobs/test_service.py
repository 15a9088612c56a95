"""The job service: requests that are refused, and cancelling before and after the beginning."""

from __future__ import annotations

import pytest

from batchbook.batches import Action
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict
from batchbook.jobs import JobService, lease
from batchbook.jobs.job_progress import cancel_requests_of, unresponsive_notes
from batchbook.jobs.service import cancel_job, end_process, force_cancel, retry_job

from .harness import JobHarness


def test_big_is_what_the_settings_say_and_never_inline() -> None:
    settings = {"batchbook.jobs.big_rows": "10", "sqlalchemy.url": "sqlite://"}
    background, inline = JobService(settings), JobService(settings | {"batchbook.jobs": "inline"})
    assert [background.is_big(rows) for rows in (10, 11)] == [False, True]
    assert not inline.is_big(11)
    background.refuse_inline("so nothing can be handed over")
    with pytest.raises(Conflict, match="is “inline”, so nothing can be handed over"):
        inline.refuse_inline("so nothing can be handed over")


def test_a_waiting_job_is_cancelled_at_once_and_an_ended_one_not_at_all(harness: JobHarness) -> None:
    job_id = harness.ask(harness.create(), Action.POPULATE)
    with transaction_scope(harness.catalogue.engine) as session:
        assert "ann cancelled the job before it started" in cancel_job(
            harness.services, session, harness.job(job_id), "ann"
        )
    with (
        transaction_scope(harness.catalogue.engine) as session,
        pytest.raises(Conflict, match="has already ended"),
    ):
        cancel_job(harness.services, session, harness.job(job_id), "ann")


def test_a_running_job_gets_a_cancel_request_and_by_force_its_process_one_as_well(
    harness: JobHarness,
) -> None:
    job_id = harness.ask(harness.create(), Action.POPULATE)
    with transaction_scope(harness.catalogue.engine) as session:
        lease.acquire(session, job_id, 1, "there")
    job, store = harness.job(job_id), harness.jobs.store
    with transaction_scope(harness.catalogue.engine) as session:
        answer = force_cancel(harness.services, session, job, "ann")
    assert answer.endswith("If it does not respond, the process there will be ended.")
    assert cancel_requests_of(store, [job]) == {job_id: "ann"}
    assert unresponsive_notes(store, [job])[job_id].requested_by == "ann"


def test_a_process_is_ended_for_a_job_that_runs_and_does_not_react_only(harness: JobHarness) -> None:
    job = harness.job(harness.ask(harness.create(), Action.POPULATE))
    with pytest.raises(Conflict, match="doesn't need to be ended"):
        end_process(harness.services, job, "ann")


def test_only_what_went_wrong_is_retried(harness: JobHarness) -> None:
    job = harness.do(harness.create(), Action.POPULATE)
    with (
        transaction_scope(harness.catalogue.engine) as session,
        pytest.raises(Conflict, match="is done; only failed"),
    ):
        retry_job(harness.services, session, job, "ann")
