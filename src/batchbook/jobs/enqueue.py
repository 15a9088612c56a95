"""Job requests: rows that are written in the transaction of whatever asks for a job."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.errors import Conflict
from batchbook.jobs.models import ACTIVE, Job, JobState


@dataclass(frozen=True)
class JobRequest:
    """A request for a job; :class:`~batchbook.jobs.models.Job` explains the fields.

    ``arguments`` are plain data, all that the task needs to do its work later in another process.
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
    """Add a job in the caller's transaction: it runs if, and only if, that is committed.

    ``done`` is the participle of the work that is done with the job's subject.

    Raises :class:`~batchbook.errors.Conflict` if another job holds the batch.
    """
    job = Job(
        **vars(job_request) | {"arguments": dict(job_request.arguments)},
        done=done,
        asked_at=utc_now(),
        state=JobState.QUEUED if job_request.run_at is None else JobState.SCHEDULED,
        # A job that somebody waits for goes before those of a group.
        priority=1 if job_request.group_id is None else 2,
        nonce=secrets.token_hex(8),
    )
    try:
        with session.begin_nested():
            session.add(job)
            session.flush()  # An index decides between two requests in the same moment.
    except IntegrityError as error:
        raise Conflict(
            f"{job_request.subject} was taken by somebody else in the same moment, so nothing was done. Look at it again."
        ) from error
    return job


def job_holding(session: Session, batch_id: int) -> Job | None:
    """Return the job that holds a batch: it waits or runs, and nobody else may act on the batch."""
    statement = select(Job).where(Job.batch_id == batch_id, Job.exclusive, Job.state.in_(ACTIVE))
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def scheduled_job(session: Session, batch_id: int) -> Job | None:
    """Return the job that is scheduled for a batch."""
    scheduled = select(Job).where(Job.batch_id == batch_id, Job.exclusive, Job.state == JobState.SCHEDULED)
    return session.scalars(scheduled).one_or_none()
