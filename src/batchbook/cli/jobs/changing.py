"""Commands that change what becomes of a job: cancel it, ask for it again."""

from __future__ import annotations

import click
from sqlalchemy.orm import Session

from batchbook.cli.batches.desk import identity_of
from batchbook.cli.batches.parameters import acting
from batchbook.cli.jobs.parameters import find_job, job_argument
from batchbook.cli.output import json_option, show
from batchbook.cli.site import Site
from batchbook.db.session import transaction_scope
from batchbook.errors import Refused
from batchbook.jobs import Job
from batchbook.jobs.cancelling import cancel_by_force, cancel_job
from batchbook.jobs.resources import END_PROCESS, may_change
from batchbook.jobs.retrying import retry_job


@click.command()
@job_argument
@acting
@click.option(
    "--force",
    is_flag=True,
    help="End the process that runs it if it does not react; needs a role that may end processes.",
)
@json_option
@click.pass_obj
def cancel(site: Site, job_id: int, actor: str, force: bool, as_json: bool) -> None:
    """Cancel the job ID: at once if it has not begun, else as soon as it can stop; nothing of it is kept."""
    # Read only: a job that runs keeps other writers out of SQLite, and whoever cancels it must not wait for that.
    with site.transaction(read_only=True) as session:
        job = find_job(session, job_id)
        by = _demand(session, job, actor, "cancel")
        if force and not identity_of(session, actor).may(END_PROCESS):
            raise Refused(f"The role of {by} does not allow ending processes. Nothing was done.")
    with transaction_scope(site.engine) as session:
        cancelling = cancel_by_force if force else cancel_job
        message = cancelling(site.services, session, job, by)
    show(as_json, {"id": job.id, "message": message}, message)


@click.command()
@job_argument
@acting
@json_option
@click.pass_obj
def retry(site: Site, job_id: int, actor: str, as_json: bool) -> None:
    """Ask again for the job ID, which failed or was cancelled, and print the number of the new one."""
    services = site.services
    with site.transaction() as session:
        job = find_job(session, job_id)
        by = _demand(session, job, actor, "retry")
        again = retry_job(services, session, job, by)
    show(as_json, {"id": again.id, "retry_of": job.id, "state": again.state}, str(again.id))


def _demand(session: Session, job: Job, actor: str, what: str) -> str:
    """Return the name of the user called ``actor``; raise ``Refused`` unless that one may do so with the job."""
    identity = identity_of(session, actor)
    if not may_change(identity, job, f"jobs:{what}"):
        raise Refused(
            f"Job {job.id} was asked for by {job.asked_by}, and the role of {identity.name} does not allow to {what} it."
            " Nothing was done."
        )
    return identity.name
