"""Where actions run in the request, no job of a group is asked for again: nobody would run it."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.functional.harness import CatalogueDatabase, post, text_of
from webtest import TestApp

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job, JobGroup, JobRequest
from batchbook.jobs.enqueue import add_job
from batchbook.jobs.models import JobState

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    """The application's settings."""
    return settings | {"batchbook.jobs": "inline"}


def test_what_failed_is_not_left_waiting_for_nobody(catalogue: CatalogueDatabase, admin: TestApp) -> None:
    with transaction_scope(catalogue.engine) as session:
        group = JobGroup(title="Refresh: 1 batch", asked_by="admin", asked_at=utc_now(), skipped=[])
        session.add(group)
        session.flush()
        order = JobRequest("refresh", "Batch 1", "admin", {"options": {}, "version": None}, group_id=group.id)
        add_job(session, order, "refreshed").state = JobState.FAILED
        number = group.id
    refused = post(admin, f"/jobs/groups/{number}/retry", status=409)
    assert "is “inline”, so jobs can't be retried" in text_of(refused)
    with transaction_scope(catalogue.engine, read_only=True) as session:
        assert list(session.scalars(select(Job.state))) == [JobState.FAILED]
