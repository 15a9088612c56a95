"""The scheduled execution of a batch: its job's request, and the changes that make it void."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.history import record
from batchbook.batches.models import Batch
from batchbook.errors import Conflict
from batchbook.jobs import lease
from batchbook.jobs.enqueue import scheduled_job
from batchbook.jobs.settings import JobSettings

#: The kinds of operations that say what was planned, and that it was dropped.
SCHEDULE, UNSCHEDULE = "schedule", "unschedule"


def in_utc(at: datetime | None) -> str:
    """Return a moment for the history and for sentences that everybody reads alike; empty for none."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def cancel_schedule(context: ActionContext, because: str) -> str:
    """Give up the execution that is planned, if one is; return the sentence that says so, with a space before it.

    ``because`` is a sentence's end, such as "it was reopened". Raises :class:`~batchbook.errors.Conflict` if that
    execution begins at this very moment.
    """
    job = scheduled_job(context.session, context.batch.id)
    if job is None:
        return ""
    message = f"{job.subject} was not {job.done} at its time, because {because}."
    if not lease.cancel_unstarted(
        context.session, job, message, JobSettings.read(context.handler_context.settings).keep
    ):
        raise Conflict(f"{context.batch} begins to be executed at this moment, so nothing else was done.")
    return f" The execution that {job.asked_by} planned for {in_utc(job.run_at)} was dropped."


def cancel_schedule_for_execution(context: ActionContext) -> str:
    """Give up the execution that is planned, because the batch is executed now, and note that; return the sentence."""
    said = cancel_schedule(context, f"{context.actor} had it executed before").strip()
    if said:
        record(context.handler_context, context.batch, UNSCHEDULE, said)
    return said


def follow_batch(session: Session, batch: Batch, before: int) -> None:
    """Have what is planned for ``batch`` stay so although its version is another one than ``before``.

    What failed or was cancelled meanwhile changed nothing of what was looked at.
    """
    job = scheduled_job(session, batch.id)
    if job is not None and job.arguments["version"] == before:
        job.arguments = {**job.arguments, "version": batch.version}
