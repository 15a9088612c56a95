"""What the commands have in common that run an action which takes its time: here and now, or handed over to workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import click

from batchbook.batches import Action
from batchbook.batches.engine import Result
from batchbook.cli.batches.command import Parameter, Said, about
from batchbook.cli.batches.desk import Desk, acting_desk, reading_desk
from batchbook.cli.batches.output import name_of
from batchbook.cli.batches.parameters import acting, background_option, batch_argument, no_options
from batchbook.cli.foreground import Foreground
from batchbook.cli.output import json_option, quiet_option
from batchbook.cli.site import Site
from batchbook.jobs import Job
from batchbook.jobs.office import Jobs
from batchbook.jobs.states import JobState

#: Says what came of an action on the batch that is named, at a desk in whose transaction that is to be seen.
Tell = Callable[[Desk, Mapping[str, Any], Result], Said]


def tell_state(desk: Desk, named: Mapping[str, Any], result: Result) -> Said:
    """Say how the batch stands now."""
    return about(desk.engine.find(named["id"]), result.message)


def running(
    action: Action, text: str, *, options: Parameter = no_options, tell: Tell = tell_state
) -> click.Command:
    """Make the command for ``action``, which may be a job; ``text`` is its help."""

    @click.pass_obj
    def command(site: Site, /, batch_id: int, actor: str, as_json: bool, **given: Any) -> None:
        background = given.pop("background")
        quiet = given.pop("quiet") or as_json
        if background:
            refuse_handing_over(site)
        with Foreground(site.services, actor, quiet=quiet) as here:
            said = _act(site, here, batch_id, actor, action, given.get("options"), tell, background)
        said.show(as_json)

    parameters = (batch_argument, options, background_option, quiet_option, acting, json_option)
    taking = reduce(lambda taken, parameter: parameter(taken), reversed(parameters), command)
    return click.command(action.value, help=text)(taking)


def _act(
    site: Site,
    here: Foreground,
    batch_id: int,
    actor: str,
    action: Action,
    options: Mapping[str, Any] | None,
    tell: Tell,
    background: bool,
) -> Said:
    with acting_desk(site, actor) as desk:
        named = name_of(desk.find(batch_id, action))
        result = desk.run(batch_id, action, options)
        if result.job_id is None:
            return _said(desk, named, result, tell)
        if background:
            return handed_over(named, result)
        job = here.take(desk.session, result.job_id)
    ended = here.finish(job)
    with reading_desk(site, None) as desk:
        return _said(desk, named, came_of(result, ended), tell)


def _said(desk: Desk, named: Mapping[str, Any], result: Result, tell: Tell) -> Said:
    # A failure is committed like a success: its reason is kept in the history.
    return Said(result.message, {}, failed=True) if result.failed else tell(desk, named, result)


def came_of(asked: Result, job: Job) -> Result:
    """Return what came of what was ``asked`` for, now that its job ended, or was handed back."""
    message = job.message or (
        f"{job.subject} was not {job.done} here, because this process was told to stop. {str(job).capitalize()} waits for"
        " a worker."
    )
    return Result(
        f"{asked.at_once} {message}".strip(),
        failed=job.state != JobState.DONE,
        batch_id=(job.result or {}).get("batch_id"),
        job_id=job.id,
    )


def handed_over(named: Mapping[str, Any], result: Result) -> Said:
    """Say which job is going to do what was asked for."""
    message = f"{result.message} That is job {result.job_id}; “batchbook jobs show {result.job_id}” tells how far it is."
    return Said(message, {**named, "job": result.job_id, "message": message})


def refuse_handing_over(site: Site) -> None:
    """Raise ``Conflict`` where there are no jobs to hand over."""
    site.services.get(Jobs).refuse_inline("so nothing can be handed over")
