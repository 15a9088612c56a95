"""Job requests, stored as rows in the transaction of the caller."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.errors import Conflict
from batchbook.jobs.models import ACTIVE, Job, JobState


@dataclass(frozen=True)
class JobRequest:
    """A request for a job; :class:`~batchbook.jobs.models.Job` documents the fields.

    ``arguments`` are plain data: everything the task needs to do its work later in another process.
    """

    task: str
    subject: str
    asked_by: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    batch_id: int | None = None
    batch_type: str | None = None
    exclusive: bool = False
    group_id: int | None = None
    run_at: datetime | None = None
    retry_of: int | None = None


def add_job(session: Session, job_request: JobRequest, done: str) -> Job:
    """Add a job in the caller's transaction: it runs if, and only if, that transaction is committed.

    ``done`` is the participle of the work for sentences about the job's subject, such as "executed".

    Raises :class:`~batchbook.errors.Conflict` if another job holds the batch.
    """
    job = Job(
        **vars(job_request) | {"arguments": dict(job_request.arguments)},
        done=done,
        asked_at=utc_now(),
        state=JobState.QUEUED if job_request.run_at is None else JobState.SCHEDULED,
        # A single job, which a user is waiting for, comes before those of a group.
        priority=1 if job_request.group_id is None else 2,
        nonce=secrets.token_hex(8),
    )
    try:
        with session.begin_nested():
            session.add(job)
            session.flush()  # An index decides between two concurrent requests.
    except IntegrityError as error:
        raise Conflict(
            f"Another action on {job_request.subject} was started at the same moment, so nothing was done. Reload the page."
        ) from error
    return job


#: Made once, because each page of a batch asks it, and each edit twice; making it takes longer than asking.
_HOLDING = (
    select(Job)
    .where(Job.batch_id == bindparam("batch_id"), Job.exclusive, Job.state.in_(ACTIVE))
    .execution_options(populate_existing=True)
)


def job_holding(session: Session, batch_id: int) -> Job | None:
    """Return the exclusive job that is waiting or running for a batch and so holds it, or ``None``."""
    return session.scalars(_HOLDING, {"batch_id": batch_id}).one_or_none()


def jobs_holding(session: Session, batch_ids: Collection[int]) -> dict[int, Job]:
    """Return the exclusive jobs that are waiting or running for some of several batches, by the number of the batch."""
    statement = select(Job).where(Job.batch_id.in_(batch_ids), Job.exclusive, Job.state.in_(ACTIVE))
    found = session.scalars(statement.execution_options(populate_existing=True))
    return {job.batch_id: job for job in found if job.batch_id is not None}


def lock_scheduled_jobs(session: Session, batch_ids: Collection[int]) -> dict[int, Job]:
    """Return the jobs that are scheduled for several batches, by batch; none of them starts before the transaction ends."""
    scheduled = select(Job).where(Job.batch_id.in_(batch_ids), Job.exclusive, Job.state == JobState.SCHEDULED)
    locked = scheduled.order_by(Job.id).with_for_update(of=Job)
    found = session.scalars(locked.execution_options(populate_existing=True))
    return {job.batch_id: job for job in found if job.batch_id is not None}


def scheduled_batches(session: Session, batch_ids: Collection[int]) -> set[int]:
    """Return those of several batches for which a job is scheduled."""
    if not batch_ids:
        return set()
    scheduled = select(Job.batch_id).where(
        Job.batch_id.in_(batch_ids), Job.exclusive, Job.state == JobState.SCHEDULED
    )
    return {batch_id for batch_id in session.scalars(scheduled) if batch_id is not None}


def scheduled_job(session: Session, batch_id: int) -> Job | None:
    """Return the job that is scheduled for a batch, or ``None``."""
    scheduled = select(Job).where(Job.batch_id == batch_id, Job.exclusive, Job.state == JobState.SCHEDULED)
    return session.scalars(scheduled).one_or_none()
