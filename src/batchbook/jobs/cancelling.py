"""Cancelling a job that has not begun."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from batchbook.jobs import claims
from batchbook.jobs.models import Job
from batchbook.jobs.tasks import Ending, Turn
from batchbook.progress import NoProgress


def drop_job(registry: Any, session: Session, job: Job, by: str) -> str | None:
    """Cancel a job that waits or is scheduled, for ``by``; return the sentence that says so, ``None`` if it has begun."""
    message = f"{job.subject} was not {job.done}: {by} cancelled that before it began."
    if not claims.drop(session, job, message):
        return None
    task = registry["jobs"].tasks[job.task]
    task.ended(Turn(registry, session, job, NoProgress()), Ending(message))
    return message
