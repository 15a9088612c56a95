"""Factories of the commands that change a batch, at once or by a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import Any

import click

from batchbook import schema_version
from batchbook.batches import Action, Batch, BatchTypes
from batchbook.batches.engine.engine import Result
from batchbook.batches.running.action_tasks import note_refusal
from batchbook.batches.running.runner import ActionCall, reason_in
from batchbook.cli.batches.session import CommandSession, acting_session, reading_session
from batchbook.cli.foreground_job import Foreground
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import Refusal, batch_identity, json_option, print_result, quiet_option
from batchbook.cli.parameters import (
    ValueCommand,
    actor_option,
    background_option,
    batch_argument,
    edit_reason_option,
    given_reason,
    no_options,
)
from batchbook.errors import Conflict
from batchbook.jobs import Job
from batchbook.jobs.models import JobState
from batchbook.jobs.service import JobService

#: Gives a command an argument or an option, as the decorators of click do.
Parameter = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class CommandResult:
    """The result that a command prints at its end: the sentence ``message``, or with ``--json`` the ``facts``."""

    message: str
    facts: Mapping[str, Any]
    failed: bool = False

    def show(self, as_json: bool) -> None:
        """Print the result; a failure goes to stderr instead, with exit status 1."""
        if self.failed:
            raise Refusal(self.message)
        print_result(as_json, self.facts, self.message)


def batch_result(batch: Batch, message: str, **facts: Any) -> CommandResult:
    """Return the result of a change of ``batch``, with ``facts`` that only this command knows."""
    return CommandResult(
        message, {**batch_identity(batch), "state": str(batch.state), **facts, "message": message}
    )


def change_command(
    name: str, action: Action, *parameters: Parameter
) -> Callable[[Callable[..., CommandResult]], click.Command]:
    """Return a decorator that turns a function into a command, which changes a batch in one transaction.

    The function is called with the session, the batch, and the values of ``parameters``, provided that the user may do
    ``action`` and that the batch's state allows it. Its docstring is the command's help. An edit has the option ``--reason``.

    Args:
        name: the name of the command.
        action: the action that the change is a part of.
        parameters: the arguments and options of the command beside ``ID``, ``--as`` and ``--json``.

    """

    def decorate(body: Callable[..., CommandResult]) -> click.Command:
        @pass_installation
        def command(
            installation: Installation, /, batch_id: int, actor: str, as_json: bool, **values: Any
        ) -> None:
            with acting_session(installation, actor) as session:
                if action is Action.EDIT:
                    session.reason = reason_in(given_reason(values.pop("reason")))
                result = body(session, session.find(batch_id, action), **values)
            # Shown after the commit: the reason of a failure is kept in the history.
            result.show(as_json)

        own: tuple[Parameter, ...] = parameters
        if action is Action.EDIT:
            own = (*parameters, edit_reason_option)
        return _command(name, body.__doc__, command, batch_argument, *own, actor_option, json_option)

    return decorate


def _command(
    name: str, text: str | None, function: Callable[..., Any], *parameters: Parameter
) -> click.Command:
    """Return the command of ``function``, with ``text`` as help and ``parameters`` in the order given."""
    parametrised = reduce(lambda inner, parameter: parameter(inner), reversed(parameters), function)
    return click.command(name, ValueCommand, help=text)(parametrised)


#: Makes the result of a command from the session, the facts that identify the batch, and the result of the action.
ResultMaker = Callable[[CommandSession, Mapping[str, Any], Result], CommandResult]


#: Does a dry run of an action, and prints its result, if the values of the options ask for one; takes its own from these.
DryRunner = Callable[[Installation, int, str, dict[str, Any], bool], bool]


def state_result(session: CommandSession, identity: Mapping[str, Any], result: Result) -> CommandResult:
    """Return the result with the state that the batch is in now."""
    return batch_result(session.engine.find(identity["id"]), result.message)


def action_command(
    action: Action,
    text: str,
    *,
    options: Parameter = no_options,
    make_result: ResultMaker = state_result,
    instead: DryRunner | None = None,
    name: str = "",
) -> click.Command:
    """Return the command for ``action`` on a batch, which may run as a job.

    Args:
        action: the action; its value is the command's name.
        text: the command's help.
        options: the decorator that adds options of the action.
        make_result: called with the outcome of the action, unless it failed.
        instead: does a dry run where the options ask for one; returns whether they do.
        name: the command's name, if it is not the action's value.

    """

    @pass_installation
    def command(
        installation: Installation, /, batch_id: int, actor: str, as_json: bool, **values: Any
    ) -> None:
        if instead and instead(installation, batch_id, actor, values, as_json):
            return
        background = values.pop("background")
        quiet = values.pop("quiet") or as_json
        if background:
            demand_job_runner(installation)
        with Foreground(installation.services, actor, quiet=quiet) as foreground:
            result = run_action(
                installation, foreground, batch_id, actor, action, values, make_result, background
            )
        result.show(as_json)

    parameters = (batch_argument, options, background_option, quiet_option, actor_option, json_option)
    return _command(name or action.value, text, command, *parameters)


def run_action(
    installation: Installation,
    foreground: Foreground,
    batch_id: int,
    actor: str,
    action: Action,
    values: Mapping[str, Any],
    make_result: ResultMaker,
    background: bool,
) -> CommandResult:
    """Run ``action`` on a batch, in a transaction of its own or as a job, and return what the command prints."""
    options = values.get("options")
    with (
        _noting_refusals(installation, batch_id, actor, action, options),
        acting_session(installation, actor) as session,
    ):
        identity = batch_identity(session.find(batch_id, action))
        result = session.run(batch_id, action, options)
        if result.job_id is None:
            return _command_result(session, identity, result, make_result)
        if background:
            return enqueued_result(identity, result)
        job = foreground.take(session.db, result.job_id)
    ended = foreground.finish(job)
    with reading_session(installation, None) as session:
        return _command_result(session, identity, _result_of_job(result, ended), make_result)


@contextmanager
def _noting_refusals(
    installation: Installation, batch_id: int, actor: str, action: Action, options: Mapping[str, Any] | None
) -> Iterator[None]:
    """Record in the history of the batch that the user was refused its execution."""
    try:
        yield
    except Conflict as error:
        if action is Action.EXECUTE and schema_version.is_current(installation.engine, installation.plugins):
            types = installation.services.get(BatchTypes)
            call = ActionCall(batch_id, action, actor, options or {})
            note_refusal(installation.engine, types, call, error, "command")
        raise


def _command_result(
    session: CommandSession, identity: Mapping[str, Any], result: Result, make_result: ResultMaker
) -> CommandResult:
    # A failure is returned, so that it is committed like a success: its reason is kept in the history.
    if result.failed:
        return CommandResult(result.message, {}, failed=True)
    return make_result(session, identity, result)


def _result_of_job(enqueued: Result, job: Job) -> Result:
    """Return the result of the action that was ``enqueued``, now that its job ended or was handed back."""
    message = job.message or (
        f"{job.subject} was not {job.done} here, because this process was told to stop. {str(job).capitalize()} waits for"
        " a worker."
    )
    return Result(
        f"{enqueued.at_once} {message}".strip(),
        failed=job.state != JobState.DONE,
        batch_id=(job.result or {}).get("batch_id"),
        job_id=job.id,
    )


def enqueued_result(identity: Mapping[str, Any], result: Result) -> CommandResult:
    """Return the result of a command that enqueued a job and does not wait for it."""
    message = f"{result.message} It runs as job {result.job_id}; “batchbook jobs show {result.job_id}” shows its progress."
    return CommandResult(message, {**identity, "job": result.job_id, "message": message})


def demand_job_runner(installation: Installation) -> None:
    """Raise ``Conflict`` where no process runs jobs, so that none can be left to it."""
    installation.services.get(JobService).refuse_inline("so nothing can run in the background")
