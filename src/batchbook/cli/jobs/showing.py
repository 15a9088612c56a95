"""``batchbook jobs show``: how one job stands, how far it is, and whether who runs it is alive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from batchbook.cli.batches.output import aligned, moment
from batchbook.cli.jobs.parameters import find_job, job_argument
from batchbook.cli.output import json_option, show
from batchbook.cli.site import Site
from batchbook.jobs import Job, Jobs
from batchbook.jobs.present import Report, report_on
from batchbook.jobs.pulse import is_living
from batchbook.jobs.states import JobState

_FACTS = (
    *("task", "subject", "batch_id", "batch_type", "group_id", "asked_by", "asked_at", "run_at"),
    *("attempts", "owner", "started_at", "ended_at", "result", "retry_of"),
)


@click.command("show")
@job_argument
@json_option
@click.pass_obj
def show_job(site: Site, job_id: int, as_json: bool) -> None:
    """Show the job ID: how it stands, how far it is, who runs it, and how it ended."""
    jobs: Jobs = site.services.get(Jobs)
    with site.transaction(read_only=True) as session:
        job = find_job(session, job_id)
    report = report_on(jobs, job)
    alive = _owner_lives(jobs, job)
    data = report.as_json() | {name: getattr(job, name) for name in _FACTS} | {"owner_alive": alive}
    show(as_json, data, *_lines(report, alive))


def _owner_lives(jobs: Jobs, job: Job) -> bool | None:
    """Return whether the process that has the job gives signs of life; ``None`` where none has it."""
    if job.state != JobState.RUNNING or job.owner is None:
        return None
    return is_living(jobs.store, job.owner, jobs.settings.dead)


def _lines(report: Report, alive: bool | None) -> Iterator[str]:
    yield f"Job {report.job.id} · {report.title} · {report.state.label}"
    yield ""
    yield from aligned([(word, text) for word, text in _facts(report, alive) if text])
    if report.job.message:
        yield from ("", report.job.message)


def _facts(report: Report, alive: bool | None) -> Iterator[tuple[str, str]]:
    job = report.job
    yield "Progress", report.progress
    yield "Asked", f"{moment(job.asked_at)} UTC by {job.asked_by}"
    yield "Scheduled for", _at(job.run_at)
    yield "Began", _at(job.started_at)
    yield "Ended", _at(job.ended_at)
    yield "Times started", str(job.attempts) if job.attempts else ""
    yield "Runs in", _owner(job, alive)
    yield "Repeats", f"job {job.retry_of}" if job.retry_of else ""


def _owner(job: Job, alive: bool | None) -> str:
    if alive is None:
        return job.owner or ""
    said = "which is alive" if alive else "which gives no sign of life; another process takes it over"
    return f"{job.owner}, {said}"


def _at(when: Any) -> str:
    return f"{moment(when)} UTC" if when else ""
