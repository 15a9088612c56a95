"""Job requests: rows that are written in the transaction of whatever asks for a job."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.errors import Conflict
from batchbook.jobs.models import ACTIVE, Job, JobState

#: The channel on which PostgreSQL tells waiting processes that there is work.
CHANNEL = "batchbook_jobs"


@dataclass(frozen=True)
class JobRequest:
    """What is asked for; see :class:`~batchbook.jobs.models.Job` for the fields."""

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


def job_holding(session: Session, batch_id: int) -> Job | None:
    """Return the job that holds a batch: it waits or runs, and nobody else may act on the batch."""
    held = select(Job).where(Job.batch_id == batch_id, Job.exclusive, Job.state.in_(ACTIVE))
    return session.scalars(held.execution_options(populate_existing=True)).one_or_none()


def scheduled_job(session: Session, batch_id: int) -> Job | None:
    """Return the job that is scheduled for a batch."""
    planned = select(Job).where(Job.batch_id == batch_id, Job.exclusive, Job.state == JobState.SCHEDULED)
    return session.scalars(planned).one_or_none()


def add_job(session: Session, order: JobRequest, done: str) -> Job:
    """Ask for a job within the caller's transaction: it runs if, and only if, that is committed.

    ``done`` is the participle of what it does with its subject.

    Raises :class:`~batchbook.errors.Conflict` if another one holds the batch already.
    """
    job = Job(
        **vars(order) | {"arguments": dict(order.arguments)},
        done=done,
        asked_at=utc_now(),
        state=JobState.QUEUED if order.run_at is None else JobState.SCHEDULED,
        # One that somebody waits for goes before those of a group.
        priority=1 if order.group_id is None else 2,
        nonce=secrets.token_hex(8),
    )
    try:
        with session.begin_nested():
            session.add(job)
            session.flush()  # An index decides between two that ask in the same moment.
    except IntegrityError as error:
        raise Conflict(
            f"{order.subject} was taken by somebody else in the same moment, so nothing was done. Look at it again."
        ) from error
    return job


def notify_workers(session: Session, wake: Callable[[], None]) -> None:
    """Have those who wait for work look for it as soon as the transaction is committed: ``wake`` in this process."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_notify(CHANNEL, "")))
    event.listen(session, "after_commit", lambda _session: wake(), once=True)
