"""``batchbook jobs``: list, show, cancel and retry background jobs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

import click
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from batchbook.cli.batches.session import identity_of
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import (
    aligned,
    json_array,
    json_option,
    print_result,
    print_stream,
    printable,
    utc_text,
)
from batchbook.cli.parameters import NUMBER, actor_option
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Missing, Refused
from batchbook.jobs import Job
from batchbook.jobs.heartbeat import is_process_alive
from batchbook.jobs.models import ENDED, SHOWN_STATE, SHOWN_STATES, JobState
from batchbook.jobs.service import JobService, cancel_job, force_cancel, retry_job
from batchbook.jobs.view_models import JobReport, report_on
from batchbook.jobs.views import END_PROCESS, may_change
from batchbook.words import counted

_Command = TypeVar("_Command", bound=Callable[..., Any])

#: The verbs of commands that not everyone may use, as sentences have them.
_VERBAL_NOUNS = {"cancel": "cancelling", "retry": "retrying"}
#: The largest number that a job can have.
_LARGEST = 2**31 - 1


def job_argument(command: _Command) -> _Command:
    """Give a command the argument ID, which it gets as ``job_id``."""
    return click.argument("job_id", metavar="ID", type=NUMBER)(command)


def find_job(session: Session, job_id: int) -> Job:
    """Return a job; raise ``Missing`` if there is none, or none any more."""
    job = session.get(Job, job_id) if job_id <= _LARGEST else None
    if job is None:
        raise Missing(f"There is no job {job_id}. Jobs that ended long ago are not kept.")
    return job


@click.command()
@job_argument
@actor_option
@click.option(
    "--force",
    is_flag=True,
    help="End the process that runs the job if it does not react; needs a role that may end processes.",
)
@json_option
@pass_installation
def cancel(installation: Installation, job_id: int, actor: str, force: bool, as_json: bool) -> None:
    """Cancel the job ID: at once if it has not started, otherwise as soon as it can stop. Nothing of it is kept."""
    # Read only: a job that runs keeps other writers out of SQLite, and cancelling it must not wait for that.
    with installation.transaction(read_only=True) as session:
        job = find_job(session, job_id)
        by = _permitted_user(session, job, actor, "cancel")
        if force and not identity_of(session, actor).may(END_PROCESS):
            raise Refused(f"The role of {by} does not allow ending processes. Nothing was done.")
    with transaction_scope(installation.engine) as session:
        cancelling = force_cancel if force else cancel_job
        message = cancelling(installation.application, session, job, by)
    print_result(as_json, {"id": job.id, "message": message}, message)


@click.command()
@job_argument
@actor_option
@json_option
@pass_installation
def retry(installation: Installation, job_id: int, actor: str, as_json: bool) -> None:
    """Retry the job ID, which failed or was cancelled, as a new job, and print the number of that."""
    services = installation.application
    with installation.transaction() as session:
        job = find_job(session, job_id)
        by = _permitted_user(session, job, actor, "retry")
        again = retry_job(services, session, job, by)
    print_result(as_json, {"id": again.id, "retry_of": job.id, "state": again.state}, str(again.id))


def _permitted_user(session: Session, job: Job, actor: str, verb: str) -> str:
    """Return the name of the user called ``actor``; raise ``Refused`` unless that user may cancel or retry the job."""
    identity = identity_of(session, actor)
    if not may_change(identity, job, f"jobs:{verb}"):
        raise Refused(
            f"Job {job.id} belongs to {job.asked_by}, and the role of {identity.name} does not allow {_VERBAL_NOUNS[verb]} it."
            " Nothing was done."
        )
    return identity.name


_COLUMNS = (
    *("id", "task", "subject", "state", "asked_by", "asked_at", "run_at", "started_at", "ended_at"),
    *("attempts", "owner", "batch_id", "group_id", "message"),
)
_HEADINGS = (
    f"{'Job':>8}  {'State':<9}  {'Task':<12}  {'Subject':<16}  {'User':<12}  {'Since (UTC)':<19}  Result\n"
)
#: The time before now in which failures are counted below the list.
_RECENTLY = timedelta(hours=24)


@click.command("list")
@click.option(
    "--state", type=click.Choice([state.value for state in SHOWN_STATES]), help="Only jobs in this state."
)
@click.option(
    "--all", "everything", is_flag=True, help="Also jobs that have ended, as long as they are kept."
)
@json_option
@pass_installation
def list_jobs(installation: Installation, state: str | None, everything: bool, as_json: bool) -> None:
    """List the jobs that wait, run or are scheduled, the newest first, and count recent failures."""
    if state is not None and everything:
        raise click.UsageError("--all and --state contradict each other.")
    jobs = installation.application.get(JobService)
    with installation.transaction(read_only=True) as session:
        found = session.execute(_selection(state, everything)).mappings()
        items = (dict(row) for row in found)
        if as_json:
            print_stream(json_array(items))
            return
        print_stream(_lines(items))
        if state is not None or everything:
            return
        failed = select(func.count()).where(
            SHOWN_STATE.in_([JobState.FAILED.value]), Job.ended_at >= jobs.clock() - _RECENTLY
        )
        if count := session.scalar(failed):
            sentence = f"{counted(count, 'job')} failed in the last 24 hours; --state failed lists them."
            click.echo(sentence, err=True)


def _selection(state: str | None, everything: bool) -> Select[Any]:
    columns = (SHOWN_STATE.label(name) if name == "state" else getattr(Job, name) for name in _COLUMNS)
    chosen = select(*columns)
    if state is not None:
        chosen = chosen.where(SHOWN_STATE.in_([state]))
    elif not everything:
        chosen = chosen.where(Job.state.not_in(ENDED))
    return chosen.order_by(Job.id.desc()).execution_options(yield_per=1_000)


def _lines(items: Iterable[dict[str, Any]]) -> Iterator[str]:
    # Headings are for people; what reads a pipe wants one line for each job.
    if sys.stdout.isatty():
        yield _HEADINGS
    for item in items:
        since = item["ended_at"] or item["started_at"] or item["run_at"] or item["asked_at"]
        line = (
            f"{item['id']:>8}  {item['state']:<9}  {item['task']:<12}  {item['subject']:<16}  {item['asked_by']:<12}"
            f"  {utc_text(since)}  {item['message'] or ''}"
        )
        yield printable(line).rstrip() + "\n"


_FACTS = (
    *("task", "subject", "batch_id", "batch_type", "group_id", "asked_by", "asked_at", "run_at"),
    *("attempts", "owner", "started_at", "ended_at", "result", "retry_of"),
)


@click.command("show")
@job_argument
@json_option
@pass_installation
def show_job(installation: Installation, job_id: int, as_json: bool) -> None:
    """Show the job ID: its state, progress, process and result."""
    jobs: JobService = installation.application.get(JobService)
    with installation.transaction(read_only=True) as session:
        job = find_job(session, job_id)
    report = report_on(jobs, job)
    alive = _is_owner_alive(jobs, job)
    data = report.as_json() | {name: getattr(job, name) for name in _FACTS} | {"owner_alive": alive}
    print_result(as_json, data, *_job_lines(report, alive))


def _is_owner_alive(jobs: JobService, job: Job) -> bool | None:
    """Return whether the process that runs the job has a heartbeat; ``None`` if none runs it."""
    if job.state != JobState.RUNNING or job.owner is None:
        return None
    return is_process_alive(jobs.store, job.owner, jobs.settings.dead)


def _job_lines(report: JobReport, alive: bool | None) -> Iterator[str]:
    yield f"Job {report.job.id} · {report.title} · {report.state.label}"
    yield ""
    yield from aligned([(word, text) for word, text in _facts(report, alive) if text])
    if report.job.message:
        yield from ("", report.job.message)


def _facts(report: JobReport, alive: bool | None) -> Iterator[tuple[str, str]]:
    job = report.job
    yield "Progress", report.progress
    yield "Requested", f"{utc_text(job.asked_at)} UTC by {job.asked_by}"
    yield "Scheduled for", _utc(job.run_at)
    yield "Started", _utc(job.started_at)
    yield "Ended", _utc(job.ended_at)
    yield "Attempts", str(job.attempts) if job.attempts else ""
    yield "Runs in", _owner(job, alive)
    yield "Retry of", f"job {job.retry_of}" if job.retry_of else ""


def _owner(job: Job, alive: bool | None) -> str:
    if alive is None:
        return job.owner or ""
    state = "alive" if alive else "no heartbeat; another process will take the job over"
    return f"{job.owner} ({state})"


def _utc(when: Any) -> str:
    return f"{utc_text(when)} UTC" if when else ""


__all__ = ["jobs"]


@click.group()
def jobs() -> None:
    """Background jobs: list, show, cancel and retry them.

    ID is a job's number. A command that changes something acts on behalf of the user given by --as. Users may change
    their own jobs, and those of others if their role allows it.
    """


for command in (list_jobs, show_job, cancel, retry):
    jobs.add_command(command)
