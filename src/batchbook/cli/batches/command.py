"""What all commands that change a batch have in common: each says only its name, its action and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import click

from batchbook.batches import Action, Batch
from batchbook.cli.batches.desk import acting_desk
from batchbook.cli.batches.output import name_of
from batchbook.cli.batches.parameters import acting, batch_argument
from batchbook.cli.output import json_option, show
from batchbook.cli.refusals import Refusal
from batchbook.cli.site import Site

#: Gives a command an argument or an option, as the decorators of click do.
Parameter = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class Said:
    """What a command says at its end: the sentence ``message``, or with ``--json`` the ``facts``."""

    message: str
    facts: Mapping[str, Any]
    failed: bool = False

    def show(self, as_json: bool) -> None:
        """Print it; a failure goes to stderr instead, with exit status 1."""
        if self.failed:
            raise Refusal(self.message)
        show(as_json, self.facts, self.message)


def about(batch: Batch, message: str, *, failed: bool = False, **facts: Any) -> Said:
    """Return what became of ``batch``, and ``facts`` that only this command knows."""
    return Said(message, {**name_of(batch), "state": str(batch.state), **facts, "message": message}, failed)


def changing(
    name: str, action: Action, *parameters: Parameter
) -> Callable[[Callable[..., Said]], click.Command]:
    """Make a command called ``name``, for ``action`` on a batch, of a function that does it.

    The function is called with the desk, the batch, and what its ``parameters`` give, in one transaction. It is called
    only if the user may do the action, and the state allows it. Its docstring is the command's help.
    """

    def decorate(body: Callable[..., Said]) -> click.Command:
        @click.pass_obj
        def command(site: Site, /, batch_id: int, actor: str, as_json: bool, **given: Any) -> None:
            with acting_desk(site, actor) as desk:
                said = body(desk, desk.find(batch_id, action), **given)
            # A failure is committed like a success: its reason is kept in the history.
            said.show(as_json)

        taking = _taking(command, batch_argument, *parameters, acting, json_option)
        return click.command(name, help=body.__doc__)(taking)

    return decorate


def _taking(command: Callable[..., Any], *parameters: Parameter) -> Callable[..., Any]:
    """Return ``command`` with parameters in the order in which they are given."""
    return reduce(lambda taken, parameter: parameter(taken), reversed(parameters), command)
