"""Jobs that have ended: the database keeps them as they are until they are purged."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session

from batchbook.batches.freeze import ENDED_MESSAGE
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import JobRequest, JobResult, lease
from batchbook.jobs.enqueue import add_job
from batchbook.jobs.models import ENDED, Job, JobGroup, JobState

DAY = timedelta(days=1)


def made(session: Session, state: JobState, keep: timedelta = DAY) -> Job:
    """Return a job that is in that state, by the ways in which jobs come there."""
    job = add_job(session, JobRequest("export", "prices.csv", "ann"), "exported")
    if state is JobState.CANCELLED:
        assert lease.cancel_unstarted(session, job, "Ann cancelled that.", keep)
    elif state is not JobState.QUEUED:
        lease.acquire(session, job.id, 1, "here")
        if state in ENDED:
            lease.finish(session, job, state, JobResult("So it ended."), keep)
    return job


@pytest.fixture
def ended(engine: Engine) -> dict[str, int]:
    """The numbers of one job in each state, by state."""
    with transaction_scope(engine) as session:
        states = (JobState.QUEUED, JobState.RUNNING, *ENDED)
        return {str(state): made(session, state).id for state in states}


def jobs(engine: Engine) -> list[Any]:
    with transaction_scope(engine, read_only=True) as session:
        return list(session.execute(select(Job.__table__).order_by(Job.id)))


def refused(engine: Engine, statement: str) -> None:
    before = jobs(engine)
    with pytest.raises(Exception, match=ENDED_MESSAGE), transaction_scope(engine) as session:
        session.connection().exec_driver_sql(statement)
    assert jobs(engine) == before


@pytest.mark.parametrize("state", ENDED)
def test_what_has_ended_is_not_changed(engine: Engine, ended: dict[str, int], state: JobState) -> None:
    this = f"WHERE id = {ended[state]}"
    for change in (
        "state = 'queued', ended_at = NULL",
        "message = 'All went well.'",
        "asked_by = 'somebody else'",
        "purge_after = '2001-01-01 00:00:00'",
        "id = id + 1000",
        "group_id = NULL",
    ):
        refused(engine, f"UPDATE job SET {change} {this}")
        refused(engine, f"UPDATE job SET {change.replace('id = id', 'batch_id = id')}")
    refused(engine, f"DELETE FROM job {this}")
    refused(engine, "DELETE FROM job")


def test_what_has_not_ended_goes_on(engine: Engine, ended: dict[str, int]) -> None:
    with transaction_scope(engine) as session:
        running = session.get_one(Job, ended["running"])
        lease.finish(session, running, JobState.FAILED, JobResult("It failed.", failed=True), DAY)
        connection = session.connection()
        connection.exec_driver_sql(f"DELETE FROM job WHERE id = {ended['queued']}")
        connection.exec_driver_sql("UPDATE job SET message = 'x' WHERE id = 4711")


def test_no_job_is_invented_that_has_ended(engine: Engine, ended: dict[str, int]) -> None:
    names = [column["name"] for column in inspect(engine).get_columns("job")]
    values = ", ".join({"id": "id + 1000", "nonce": "'another'"}.get(name, name) for name in names)
    insert = f"INSERT INTO job ({', '.join(names)}) SELECT {values} FROM job"
    for state in ENDED:
        refused(engine, f"{insert} WHERE id = {ended[state]}")
        refused(
            engine,
            f"{insert.replace('state,', repr(str(state)) + ',', 2).replace(repr(str(state)), 'state', 1)}",
        )


def test_a_group_does_not_let_go_of_what_has_ended(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        job = made(session, JobState.QUEUED)
        job.group = JobGroup(title="Execute all", asked_by="ann", asked_at=job.asked_at, skipped=[])
        session.flush()
        lease.cancel_unstarted(session, job, "Ann cancelled that.", DAY)
    refused(engine, "DELETE FROM job_group")


def test_it_is_purged_when_its_time_has_come(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        over, kept = made(session, JobState.DONE, -DAY).id, made(session, JobState.DONE).id
    refused(engine, f"UPDATE job SET message = 'x' WHERE id = {over}")
    refused(engine, f"DELETE FROM job WHERE id IN ({over}, {kept})")
    with transaction_scope(engine) as session:
        session.connection().exec_driver_sql(f"DELETE FROM job WHERE id = {over}")
    assert [job.id for job in jobs(engine)] == [kept]


@pytest.mark.parametrize("backend", ["postgresql"])
@pytest.mark.parametrize("table", ["job", "job_group"])
def test_no_truncate_gets_through(engine: Engine, ended: dict[str, int], table: str) -> None:
    assert ended
    refused(engine, f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_nothing_is_replaced(engine: Engine, ended: dict[str, int]) -> None:
    plain = sqlite3.connect(engine.url.database or "", isolation_level=None)
    names = ", ".join(column["name"] for column in inspect(engine).get_columns("job"))
    values = names.replace("id,", f"{ended['done']},", 1)
    before = jobs(engine)
    for statement in (
        f"REPLACE INTO job ({names}) SELECT {values} FROM job WHERE state = 'queued'",
        f"UPDATE OR REPLACE job SET id = {ended['done']} WHERE state = 'queued'",
        f"UPDATE OR REPLACE job SET rowid = {ended['done']} WHERE state = 'queued'",
    ):
        with pytest.raises(sqlite3.IntegrityError, match=ENDED_MESSAGE):
            plain.execute(statement)
    plain.close()
    assert jobs(engine) == before
