"""Cancelling a job, whether it has begun or not."""

from __future__ import annotations

from sqlalchemy.orm import Session

from batchbook.db.waiting import is_busy
from batchbook.errors import Conflict
from batchbook.jobs import claims
from batchbook.jobs.models import Job
from batchbook.jobs.office import Jobs
from batchbook.jobs.states import JobState
from batchbook.jobs.tasks import Ending, Turn
from batchbook.jobs.unresponsive import request_process_end, unresponsive_of
from batchbook.progress import NoProgress
from batchbook.services import Services


def cancel_job(services: Services, session: Session, job: Job, by: str) -> str:
    """Cancel a job for ``by``: at once if it has not begun, else it stops as soon as it can; return the sentence for that.

    While it runs, ``session`` is not touched: it would wait, on SQLite, for the very job. Raises
    :class:`~batchbook.errors.Conflict` for one that has ended.
    """
    if job.has_ended:
        raise Conflict(f"That has ended already. {job.message}")
    services.get(Jobs).wish_cancelled(job, by)
    dropped = None if job.state == JobState.RUNNING else _dropped(services, session, job, by)
    return dropped or "It stops as soon as it can, and nothing of it is kept."


def end_process_of(services: Services, job: Job, by: str) -> str:
    """Have the process ended that runs a job which does not react; return the sentence for that.

    Raises :class:`~batchbook.errors.Conflict` for a job that does not run, or that may still end by itself.
    """
    jobs = services.get(Jobs)
    noted = unresponsive_of(jobs.store, [job]).get(job.id)
    if job.state != JobState.RUNNING or noted is None or noted.since is None:
        raise Conflict(
            f"The process that runs {job} need not be ended: the job has ended, or still reacts. Nothing was done."
        )
    request_process_end(jobs.store, job, by)
    return f"The process {job.owner} will be ended within seconds, and the job with it."


def cancel_by_force(services: Services, session: Session, job: Job, by: str) -> str:
    """Cancel a job for ``by`` as :func:`cancel_job` does; if it does not react, its process is ended."""
    running = job.state == JobState.RUNNING
    if running:
        request_process_end(services.get(Jobs).store, job, by)
    said = cancel_job(services, session, job, by)
    return f"{said} If it does not react, the process {job.owner} is ended." if running else said


def _dropped(services: Services, session: Session, job: Job, by: str) -> str | None:
    try:
        return drop_job(services, session, job, by)
    except Exception as error:
        if not is_busy(error):
            raise
        return (
            None  # The cancel request is noted all the same: whoever takes the job ends it before it begins.
        )


def drop_job(services: Services, session: Session, job: Job, by: str) -> str | None:
    """Cancel a job that waits or is scheduled, for ``by``; return the sentence that says so, ``None`` if it has begun."""
    message = f"{job.subject} was not {job.done}: {by} cancelled that before it began."
    jobs: Jobs = services.get(Jobs)
    if not claims.drop(session, job, message, jobs.settings.keep):
        return None
    task = jobs.tasks[job.task]
    task.ended(Turn(services, session, job, NoProgress()), Ending(message))
    return message
