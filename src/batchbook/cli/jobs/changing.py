"""Commands that change what becomes of a job: cancel it, ask for it again."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy.orm import Session

from batchbook.cli.batches.desk import identity_of
from batchbook.cli.batches.parameters import acting
from batchbook.cli.jobs.parameters import find_job, job_argument
from batchbook.cli.output import json_option, show
from batchbook.cli.site import Site
from batchbook.cli.worker import refuse_inline
from batchbook.db.session import transaction_scope
from batchbook.errors import Conflict, Refused
from batchbook.jobs import Job, Jobs
from batchbook.jobs.cancelling import drop_job
from batchbook.jobs.states import JobState
from batchbook.security.permissions import grants


@click.command()
@job_argument
@acting
@json_option
@click.pass_obj
def cancel(site: Site, job_id: int, actor: str, as_json: bool) -> None:
    """Cancel the job ID: at once if it has not begun, else as soon as it can stop; nothing of it is kept."""
    jobs: Jobs = site.registry["jobs"]
    # Read only: a job that runs keeps other writers out of SQLite, and whoever cancels it must not wait for that.
    with site.transaction(read_only=True) as session:
        job = find_job(session, job_id)
        by = _demand(session, job, actor, "cancel")
    if job.has_ended:
        raise Conflict(f"That has ended already. {job.message}")
    jobs.wish_cancelled(job, by)
    message = _drop(site, job, by) or "It stops as soon as it can, and nothing of it is kept."
    show(as_json, {"id": job.id, "message": message}, message)


def _drop(site: Site, job: Job, by: str) -> str | None:
    """Cancel a job that has not begun; return the sentence that says so, ``None`` if it runs."""
    if job.state == JobState.RUNNING:
        return None
    with transaction_scope(site.engine) as session:
        return drop_job(site.registry, session, job, by)


@click.command()
@job_argument
@acting
@json_option
@click.pass_obj
def retry(site: Site, job_id: int, actor: str, as_json: bool) -> None:
    """Ask again for the job ID, which failed or was cancelled, and print the number of the new one."""
    refuse_inline(site.registry, "so no job can be asked for")
    jobs: Jobs = site.registry["jobs"]
    with site.transaction() as session:
        job = find_job(session, job_id)
        by = _demand(session, job, actor, "retry")
        if job.state not in (JobState.FAILED, JobState.CANCELLED):
            raise Conflict(
                f"Job {job.id} is {JobState(job.state).label.lower()}; only what failed or was cancelled can be tried"
                " again. Nothing was done."
            )
        again = jobs.tasks[job.task].again(site.registry, session, job, by)
    show(as_json, {"id": again.id, "retry_of": job.id, "state": again.state}, str(again.id))


def _demand(session: Session, job: Job, actor: str, what: str) -> str:
    """Return the name of the user called ``actor``; raise ``Refused`` unless that one may do so with the job."""
    identity: Any = identity_of(session, actor)
    if job.asked_by != identity.name and not grants(identity.permissions, f"jobs:{what}"):
        raise Refused(
            f"Job {job.id} was asked for by {job.asked_by}, and the role of {identity.name} does not allow to {what} it."
            " Nothing was done."
        )
    return str(identity.name)
