"""The scheduled execution of a batch, the actions that cancel it or leave it valid, and requests for jobs that hold a batch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.history import record
from batchbook.batches.models import Batch
from batchbook.errors import Conflict
from batchbook.jobs import lease
from batchbook.jobs.enqueue import JobRequest, scheduled_job
from batchbook.jobs.models import Job
from batchbook.jobs.settings import JobSettings

#: The kinds of operations for a scheduled execution and its cancellation.
SCHEDULE, UNSCHEDULE = "schedule", "unschedule"


def in_utc(at: datetime | None) -> str:
    """Return a time in UTC, for the history and for sentences to users in different time zones; empty for ``None``."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def cancel_schedule(context: ActionContext, because: str) -> str:
    """Cancel the scheduled execution, if there is one; return a sentence on that, with a space before it.

    ``because`` is the end of a sentence, such as "ada reopened it". Raises :class:`~batchbook.errors.Conflict` if the
    execution is just starting.
    """
    job = scheduled_job(context.session, context.batch.id)
    if job is None:
        return ""
    if not lease.cancel_unstarted(
        context.session,
        job,
        _not_done(job, because),
        JobSettings.read(context.handler_context.settings).keep,
    ):
        raise Conflict(f"{context.batch} is just about to be executed, so nothing else was done.")
    return _cancelled(job)


def cancel_locked_schedule(job: Job, because: str, settings: Mapping[str, Any]) -> str:
    """Cancel the scheduled execution ``job``, which the caller has locked; otherwise like :func:`cancel_schedule`."""
    lease.cancel_locked(job, _not_done(job, because), JobSettings.read(settings).keep)
    return _cancelled(job)


def _not_done(job: Job, because: str) -> str:
    return f"{job.subject} was not {job.done} at its scheduled time, because {because}."


def _cancelled(job: Job) -> str:
    return f" The execution that {job.asked_by} scheduled for {in_utc(job.run_at)} was cancelled."


def cancel_schedule_for_execution(context: ActionContext) -> str:
    """Cancel and record the scheduled execution, because the batch is executed now; return a sentence on that."""
    sentence = cancel_schedule(context, f"{context.actor} executed it before that").strip()
    if sentence:
        record(context.handler_context, context.batch, UNSCHEDULE, sentence)
    return sentence


def follow_batch(session: Session, batch: Batch, before: int) -> None:
    """Keep the scheduled execution of ``batch`` valid although its version is no longer ``before``.

    The failed or cancelled action that raised the version has not changed what the user saw.
    """
    job = scheduled_job(session, batch.id)
    if job is not None:
        follow_version(job, before, batch.version)


def follow_version(job: Job, before: int, now: int) -> None:
    """Keep the scheduled execution ``job`` valid, if it is for the version ``before`` of its batch, which is ``now`` another."""
    if job.arguments["version"] == before:
        job.arguments = {**job.arguments, "version": now}


def held_job(batch: Batch, actor: str, task: str, arguments: Mapping[str, Any], **more: Any) -> JobRequest:
    """Return the request for a job that holds ``batch`` and performs ``task`` on it; ``more`` are fields of the request."""
    return JobRequest(
        task=task,
        subject=str(batch),
        asked_by=actor,
        arguments=arguments,
        batch_id=batch.id,
        batch_type=batch.type,
        exclusive=True,
        **more,
    )
