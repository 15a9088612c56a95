"""Commands for what the policy of a type demands: approving a batch, and signing its execution."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click
import sqlalchemy

from batchbook.batches import Action, Batch
from batchbook.batches.engine.preview import bind_options, without_confirmations
from batchbook.batches.policies.demands import sign_content
from batchbook.batches.running.runner import reason_in
from batchbook.cli.batches.command_factories import (
    CommandResult,
    action_command,
    batch_result,
    change_command,
)
from batchbook.cli.batches.session import CommandSession
from batchbook.cli.parameters import execution_options, reason_option
from batchbook.errors import BadInput, Refused
from batchbook.security.authentication import authenticate

approve = action_command(
    Action.APPROVE,
    "Approve the content of the batch ID as it is now. Any later change of it voids this.",
    options=reason_option,
)


def _read_password(_context: click.Context, _parameter: click.Parameter, from_stdin: bool) -> str:
    # Read while the options are parsed, so that no transaction waits for it.
    if not from_stdin:
        return str(click.prompt("Password", hide_input=True, err=True))
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadInput("Nothing was signed. The password must be text in UTF-8.") from error


_password_option = click.option(
    "--password-stdin",
    "password",
    is_flag=True,
    callback=_read_password,
    help="Read the password from the first line of standard input.",
)


@change_command("sign", Action.EXECUTE, execution_options, _password_option)
def sign(session: CommandSession, batch: Batch, options: Mapping[str, Any], password: str) -> CommandResult:
    """Sign the execution of the batch ID as it is now, with the password of the user; “execute” comes next.

    The signature means “reviewed and approved”. Any later change of the batch voids it.
    """
    actor = session.person.name
    if authenticate(session.services.get(sqlalchemy.Engine), actor, password) is None:
        raise Refused(f"Nothing was signed. That is not the password of {actor}.")
    engine = session.engine
    engine.reason = reason_in(options)
    context = engine.lock(batch.id, Action.EXECUTE)
    sign_content(context, bind_options(context.handler, without_confirmations(options)))
    return batch_result(batch, f"{batch} was signed by {actor} as it is now. It can be executed.")
