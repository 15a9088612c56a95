"""Asking again for a job that did not end as it should."""

from __future__ import annotations

from sqlalchemy.orm import Session

from batchbook.errors import Conflict
from batchbook.jobs.models import Job
from batchbook.jobs.office import Jobs
from batchbook.jobs.states import JobState
from batchbook.services import Services


def retry_job(services: Services, session: Session, job: Job, by: str) -> Job:
    """Ask for ``job`` again, for ``by``; return the new one.

    Raises :class:`~batchbook.errors.Conflict` for one that did not go wrong, and where nobody would run it, else as the
    task's ``again`` does.
    """
    jobs: Jobs = services.get(Jobs)
    jobs.refuse_inline("so no job can be asked for")
    if not job.went_wrong:
        raise Conflict(
            f"{str(job).capitalize()} is {JobState(job.state).label.lower()}; only what failed or was cancelled can be tried"
            " again. Nothing was done."
        )
    return jobs.tasks[job.task].again(services, session, job, by)
