"""Commands that run an action of the lifecycle: populate, refresh, complete, reopen, execute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from batchbook.batches import Action
from batchbook.cli.batches.desk import acting_desk
from batchbook.cli.batches.output import say
from batchbook.cli.batches.parameters import acting, batch_argument, execution_options, no_options
from batchbook.cli.output import json_option
from batchbook.cli.site import Site


def _run(
    site: Site, batch_id: int, action: Action, actor: str, as_json: bool, options: Mapping[str, Any]
) -> None:
    with acting_desk(site, actor) as desk:
        result = desk.run(batch_id, action, options)
        batch = desk.engine.find(batch_id)
    # A failure is committed like a success: its reason is kept in the history.
    say(as_json, batch, result.message, failed=result.failed)


def _plain_command(action: Action, text: str) -> click.Command:
    @click.command(action.value, help=text)
    @batch_argument
    @acting
    @no_options
    @json_option
    @click.pass_obj
    def command(site: Site, batch_id: int, actor: str, as_json: bool) -> None:
        _run(site, batch_id, action, actor, as_json, {})

    return command


@click.command()
@batch_argument
@execution_options
@acting
@json_option
@click.pass_obj
def execute(site: Site, batch_id: int, options: dict[str, Any], actor: str, as_json: bool) -> None:
    """Execute the batch ID, once and for all: from then on it is frozen."""
    _run(site, batch_id, Action.EXECUTE, actor, as_json, options)


#: The commands, in the order in which a batch meets them.
RUNNING = (
    _plain_command(Action.POPULATE, "Fill the batch ID with rows from its source."),
    _plain_command(Action.REFRESH, "Compare the rows of the batch ID with current data."),
    _plain_command(Action.COMPLETE, "Mark the batch ID complete: ready to be reviewed and executed."),
    _plain_command(Action.REOPEN, "Reopen the batch ID, which was marked complete, for changes."),
    execute,
)
