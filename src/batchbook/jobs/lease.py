"""Leases of jobs: acquiring, finishing and releasing them. Each is one UPDATE of the job's row that only one process can win.

A lease is a job together with its ``dispatch``, the number under which it was handed out. The dispatch number is the
fencing token: it grows each time the job is handed out anew, and the UPDATEs compare it. A process that was presumed
dead holds an older number, so it can no longer finish the job, and its work in the same transaction is rolled back.
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
    """Another process has taken over the job, so the work of this one is void."""


def acquire(session: Session, job_id: int, dispatch: int, owner: str) -> Job | None:
    """Acquire a waiting job for the process ``owner``; return ``None`` if it no longer waits under that ``dispatch``."""
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
    """Raise :class:`LostLease` if this process no longer holds ``job``, to avoid useless work."""
    if session.scalar(select(Job.id).where(_is_held(job))) is None:
        raise LostLease(str(job))


def finish(session: Session, job: Job, state: JobState, job_result: JobResult, keep: timedelta) -> None:
    """Write the final state and the result of a job, to be kept for the time ``keep``.

    Raises :class:`LostLease` if this process no longer holds the job.
    """
    values = {**_final_values(state, job_result.message, keep), "result": dict(job_result.data) or None}
    if not _update(session, _is_held(job), values):
        raise LostLease(str(job))


def release(session: Session, job: Job, *, counted: bool = True) -> bool:
    """Put a running job back to waiting under a new dispatch; return whether this call did so.

    Pass ``counted=False`` for an attempt that was handed back in good order: it does not count towards the limit.
    """
    values: dict[str, Any] = {"state": JobState.QUEUED, "owner": None, "dispatch": Job.dispatch + 1}
    if not counted:
        values["attempts"] = Job.attempts - 1
    return _update(session, _is_held(job), values)


def renew_dispatch(session: Session, job: Job) -> bool:
    """Give a waiting job a new dispatch, because the old one can't be run again; return whether this call did so."""
    waiting = and_(Job.id == job.id, Job.dispatch == job.dispatch, Job.state == JobState.QUEUED)
    return _update(session, waiting, {"dispatch": Job.dispatch + 1})


def make_due(session: Session, job: Job) -> bool:
    """Change a scheduled job to waiting; return whether this call did so."""
    scheduled = and_(Job.id == job.id, Job.state == JobState.SCHEDULED)
    return _update(session, scheduled, {"state": JobState.QUEUED})


def cancel_unstarted(session: Session, job: Job, message: str, keep: timedelta) -> bool:
    """Cancel a job that has not started, to be kept for the time ``keep``; return whether it was still possible."""
    idle = and_(Job.id == job.id, Job.state.in_((JobState.SCHEDULED, JobState.QUEUED)))
    return _update(session, idle, _final_values(JobState.CANCELLED, message, keep))


def cancel_locked(job: Job, message: str, keep: timedelta) -> None:
    """Cancel a job that has not started and that the caller has locked, to be kept for the time ``keep``."""
    for name, value in _final_values(JobState.CANCELLED, message, keep).items():
        setattr(job, name, value)


def _final_values(state: JobState, message: str, keep: timedelta) -> dict[str, Any]:
    now = utc_now()
    return {"state": state, "ended_at": now, "purge_after": now + keep, "message": message}


def _is_held(job: Job) -> Any:
    return and_(Job.id == job.id, Job.dispatch == job.dispatch, Job.state == JobState.RUNNING)


def _update(session: Session, where: Any, values: dict[str, Any]) -> bool:
    statement = update(Job).where(where).values(**values).execution_options(synchronize_session=False)
    result: Any = session.execute(statement)
    return bool(result.rowcount == 1)
