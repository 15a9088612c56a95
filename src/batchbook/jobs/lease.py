"""Who holds a job: taking it, ending it, giving it back. Each is one statement that only one process can win.

What ends a job carries the ``dispatch`` it was taken with; a process that was given up meanwhile has an older one, and
what it did in the same transaction is undone with it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.jobs.models import Job, JobState
from batchbook.jobs.tasks import JobResult


class LostLease(Exception):  # noqa: N818 - It says what happened.
    """Another process has taken the job over, so nothing that this one did counts."""


def acquire(session: Session, job_id: int, dispatch: int, owner: str) -> Job | None:
    """Take a job that waits, for ``owner``; ``None`` if it no longer waits under that number."""
    waiting = and_(Job.id == job_id, Job.dispatch == dispatch, Job.state == JobState.QUEUED)
    values = {
        "state": JobState.RUNNING,
        "owner": owner,
        "started_at": utc_now(),
        "attempts": Job.attempts + 1,
    }
    if not _update(session, waiting, values):
        return None
    return session.get(Job, job_id, populate_existing=True)


def ensure_held(session: Session, job: Job) -> None:
    """Raise :class:`LostLease` unless this process still holds ``job``, so that nothing is done in vain."""
    held = select(Job.id).where(_is_held(job))
    if session.scalar(held) is None:
        raise LostLease(str(job))


def finish(session: Session, job: Job, state: JobState, ending: JobResult, keep: timedelta) -> None:
    """Write down how a job ended, to be kept for as long as ``keep``.

    Raises :class:`LostLease` if that is no longer for this process to say.
    """
    values = {**_final_values(state, ending.message, keep), "result": dict(ending.data) or None}
    if not _update(session, _is_held(job), values):
        raise LostLease(str(job))


def release(session: Session, job: Job, *, counted: bool = True) -> bool:
    """Let a running job wait again, as a new dispatch; return whether it was this process that did so.

    An attempt that is not ``counted`` ended in good order.
    """
    values: dict[str, Any] = {"state": JobState.QUEUED, "owner": None, "dispatch": Job.dispatch + 1}
    if not counted:
        values["attempts"] = Job.attempts - 1
    return _update(session, _is_held(job), values)


def renew_dispatch(session: Session, job: Job) -> bool:
    """Give a job that waits a new number, because the old one can no longer be run; return whether that was done."""
    waiting = and_(Job.id == job.id, Job.dispatch == job.dispatch, Job.state == JobState.QUEUED)
    return _update(session, waiting, {"dispatch": Job.dispatch + 1})


def make_due(session: Session, job: Job) -> bool:
    """Let a job that was scheduled wait from now on; return whether that was done."""
    planned = and_(Job.id == job.id, Job.state == JobState.SCHEDULED)
    return _update(session, planned, {"state": JobState.QUEUED})


def cancel_unstarted(session: Session, job: Job, message: str, keep: timedelta) -> bool:
    """Cancel a job that has not begun, to be kept for as long as ``keep``; return whether that was in time."""
    idle = and_(Job.id == job.id, Job.state.in_((JobState.SCHEDULED, JobState.QUEUED)))
    return _update(session, idle, _final_values(JobState.CANCELLED, message, keep))


def _final_values(state: JobState, message: str, keep: timedelta) -> dict[str, Any]:
    now = utc_now()
    return {"state": state, "ended_at": now, "purge_after": now + keep, "message": message}


def _is_held(job: Job) -> Any:
    return and_(Job.id == job.id, Job.dispatch == job.dispatch, Job.state == JobState.RUNNING)


def _update(session: Session, where: Any, values: dict[str, Any]) -> bool:
    statement = update(Job).where(where).values(**values).execution_options(synchronize_session=False)
    result: Any = session.execute(statement)
    return bool(result.rowcount == 1)
