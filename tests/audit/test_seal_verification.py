"""Verification for the page of a seal: by a job where the batch is large, with its progress and its result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from tests.functional.harness import form_to, text_of, url_of
from webtest import TestApp

from batchbook.audit.seal_verification import seal_of, verified
from batchbook.batches.freeze import unfreeze_table
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job, JobService
from batchbook.jobs.job_run import JobRun
from batchbook.services import Services, services_of


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return {**settings, "batchbook.jobs": "workers", "batchbook.jobs.big_rows": "2"}


@pytest.fixture
def services(app: Any, two_executed: None) -> Iterator[Services]:
    services = services_of(app.registry)
    services.get(JobService).store.prepare()
    yield services
    services.get(JobService).close()


def run_last(services: Services, engine: Engine) -> Job:
    """Have the job that was asked for last done by this process; return it as it ended."""
    last = select(Job).order_by(Job.id.desc()).limit(1)
    with transaction_scope(engine, read_only=True) as session:
        job = session.scalars(last).one()
    assert JobRun(services, "me").run(job.id, job.dispatch)
    with transaction_scope(engine, read_only=True) as session:
        return session.scalars(last).one()


def test_a_job_verifies_a_large_batch_and_its_page_shows_the_result(
    services: Services, engine: Engine, auditor: TestApp
) -> None:
    page = auditor.get(url_of(1, "seal?verify=yes"))
    assert "The batch is as it was sealed" not in text_of(page)
    waiting = form_to(page, "/seal").submit(status=303)
    job = run_last(services, engine)
    assert (job.state, job.message) == ("done", "Batch 00000001 is as it was sealed.")
    shown = auditor.get(waiting.location).follow()
    assert shown.request.path_qs == f"{url_of(1, 'seal')}?job={job.id}"
    assert "The batch is as it was sealed" in text_of(shown)
    assert auditor.get(url_of(2, f"seal?job={job.id}"), status=404)
    assert "The batch is as it was sealed" in text_of(auditor.get(url_of(1, "seal")))
    assert "The batch is as it was sealed" not in text_of(auditor.get(url_of(2, "seal")))
    with transaction_scope(engine) as session:
        if engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            unfreeze_table(session.connection(), "price_change_row")
        session.execute(text("UPDATE price_change_row SET new_price = 7 WHERE batch_id = 1 AND sequence = 2"))
    with transaction_scope(engine) as session:
        assert session.get_one(Job, job.id).exclusive is False
    form_to(shown, "/seal").submit(status=303)
    again = run_last(services, engine)
    assert "or the chain of seals is NOT as it was sealed" in (again.message or "")
    told = text_of(auditor.get(url_of(1, f"seal?job={again.id}")))
    assert "table price_change_row, sequence 2, column new_price: was changed." in told


def test_progress_counts_the_records_of_all_tables(two_executed: None, engine: Engine) -> None:
    reports: list[tuple[int, int | None]] = []

    class Noted:
        def report(self, phase: str, done: int, total: int | None) -> None:
            reports.append((done, total))

    with transaction_scope(engine, read_only=True) as session:
        seal = seal_of(session, 1)
        assert seal is not None
        assert verified(session, seal, Noted()).difference == ""
    assert reports == sorted(reports)
    assert len(reports) > 5
    assert reports[-1][0] == reports[-1][1]
