"""``batchbook jobs list``: what waits, runs and is scheduled, or all that is kept."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import click
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from batchbook.cli.batches.output import json_array, moment, print_stream
from batchbook.cli.output import json_option, plain
from batchbook.cli.site import Site
from batchbook.jobs import Job
from batchbook.jobs.office import Jobs
from batchbook.jobs.states import ENDED, JobState
from batchbook.words import counted

_NAMES = (
    *("id", "task", "subject", "state", "asked_by", "asked_at", "run_at", "started_at", "ended_at"),
    *("attempts", "owner", "batch_id", "group_id", "message"),
)
_HEADINGS = (
    f"{'Job':>8}  {'State':<9}  {'What':<12}  {'About':<16}  {'For':<12}  {'Since (UTC)':<19}  How it ended\n"
)
#: How far back failures are counted for somebody who did not ask about them.
_LATELY = timedelta(hours=24)


@click.command("list")
@click.option(
    "--state", type=click.Choice([state.value for state in JobState]), help="Only jobs in this state."
)
@click.option(
    "--all", "everything", is_flag=True, help="Also those that have ended, as long as they are kept."
)
@json_option
@click.pass_obj
def list_jobs(site: Site, state: str | None, everything: bool, as_json: bool) -> None:
    """List jobs, the newest first: what waits, runs or is scheduled, and how many failed lately."""
    if state is not None and everything:
        raise click.UsageError("--all and --state contradict each other.")
    jobs = site.services.get(Jobs)
    with site.transaction(read_only=True) as session:
        found = session.execute(_selection(state, everything)).mappings()
        items = (dict(row) for row in found)
        if as_json:
            print_stream(json_array(items))
            return
        print_stream(_lines(items))
        if state is None and not everything and (count := _failed_since(session, jobs.clock() - _LATELY)):
            sentence = (
                f"{counted(count, 'job')} failed in the last 24 hours; --state failed lists what is kept."
            )
            click.echo(sentence, err=True)


def _selection(state: str | None, everything: bool) -> Select[Any]:
    chosen = select(*(getattr(Job, name) for name in _NAMES))
    if state is not None:
        chosen = chosen.where(Job.state == state)
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
            f"  {moment(since)}  {item['message'] or ''}"
        )
        yield plain(line).rstrip() + "\n"


def _failed_since(session: Session, moment_ago: Any) -> int:
    failed = select(func.count()).where(Job.state == JobState.FAILED, Job.ended_at >= moment_ago)
    return session.scalar(failed) or 0
