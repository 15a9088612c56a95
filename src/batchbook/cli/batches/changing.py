"""The common part of commands that change a batch, at once or as a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import click

from batchbook.batches import Action, Batch
from batchbook.batches.engine.engine import Result
from batchbook.cli.batches.session import CommandSession, acting_session, reading_session
from batchbook.cli.foreground import Foreground
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import json_option, name_of, print_result, quiet_option
from batchbook.cli.parameters import acting, background_option, batch_argument, no_options
from batchbook.cli.refusals import Refusal
from batchbook.jobs import Job
from batchbook.jobs.models import JobState
from batchbook.jobs.service import JobService

#: Gives a command an argument or an option, as the decorators of click do.
Parameter = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class CommandResult:
    """What a command says at its end: the sentence ``message``, or with ``--json`` the ``facts``."""

    message: str
    facts: Mapping[str, Any]
    failed: bool = False

    def show(self, as_json: bool) -> None:
        """Print it; a failure goes to stderr instead, with exit status 1."""
        if self.failed:
            raise Refusal(self.message)
        print_result(as_json, self.facts, self.message)


def about(batch: Batch, message: str, *, failed: bool = False, **facts: Any) -> CommandResult:
    """Return what became of ``batch``, and ``facts`` that only this command knows."""
    return CommandResult(
        message, {**name_of(batch), "state": str(batch.state), **facts, "message": message}, failed
    )


def changing(
    name: str, action: Action, *parameters: Parameter
) -> Callable[[Callable[..., CommandResult]], click.Command]:
    """Make a command called ``name``, for ``action`` on a batch, of a function that does it.

    The function is called with the desk, the batch, and what its ``parameters`` give, in one transaction. It is called
    only if the user may do the action, and the state allows it. Its docstring is the command's help.
    """

    def decorate(body: Callable[..., CommandResult]) -> click.Command:
        @pass_installation
        def command(site: Installation, /, batch_id: int, actor: str, as_json: bool, **given: Any) -> None:
            with acting_session(site, actor) as desk:
                said = body(desk, desk.find(batch_id, action), **given)
            # A failure is committed like a success: its reason is kept in the history.
            said.show(as_json)

        taking = _taking(command, batch_argument, *parameters, acting, json_option)
        return click.command(name, help=body.__doc__)(taking)

    return decorate


def _taking(command: Callable[..., Any], *parameters: Parameter) -> Callable[..., Any]:
    """Return ``command`` with parameters in the order in which they are given."""
    return reduce(lambda taken, parameter: parameter(taken), reversed(parameters), command)


#: Says what came of an action on the batch that is named, at a desk in whose transaction that is to be seen.
Tell = Callable[[CommandSession, Mapping[str, Any], Result], CommandResult]


def print_state(desk: CommandSession, named: Mapping[str, Any], result: Result) -> CommandResult:
    """Say how the batch stands now."""
    return about(desk.engine.find(named["id"]), result.message)


def running(
    action: Action, text: str, *, options: Parameter = no_options, tell: Tell = print_state
) -> click.Command:
    """Make the command for ``action``, which may be a job; ``text`` is its help."""

    @pass_installation
    def command(site: Installation, /, batch_id: int, actor: str, as_json: bool, **given: Any) -> None:
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
    site: Installation,
    here: Foreground,
    batch_id: int,
    actor: str,
    action: Action,
    options: Mapping[str, Any] | None,
    tell: Tell,
    background: bool,
) -> CommandResult:
    with acting_session(site, actor) as desk:
        named = name_of(desk.find(batch_id, action))
        result = desk.run(batch_id, action, options)
        if result.job_id is None:
            return _command_result(desk, named, result, tell)
        if background:
            return hand_over(named, result)
        job = here.take(desk.session, result.job_id)
    ended = here.finish(job)
    with reading_session(site, None) as desk:
        return _command_result(desk, named, result_of(result, ended), tell)


def _command_result(
    desk: CommandSession, named: Mapping[str, Any], result: Result, tell: Tell
) -> CommandResult:
    # A failure is committed like a success: its reason is kept in the history.
    return CommandResult(result.message, {}, failed=True) if result.failed else tell(desk, named, result)


def result_of(asked: Result, job: Job) -> Result:
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


def hand_over(named: Mapping[str, Any], result: Result) -> CommandResult:
    """Say which job is going to do what was asked for."""
    message = f"{result.message} That is job {result.job_id}; “batchbook jobs show {result.job_id}” tells how far it is."
    return CommandResult(message, {**named, "job": result.job_id, "message": message})


def refuse_handing_over(site: Installation) -> None:
    """Raise ``Conflict`` where there are no jobs to hand over."""
    site.services.get(JobService).refuse_inline("so nothing can be handed over")
