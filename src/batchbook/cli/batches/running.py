"""Commands that run an action of the lifecycle: populate, refresh, complete, reopen, execute."""

from __future__ import annotations

from typing import Any

import click

from batchbook.batches import Action, Batch
from batchbook.cli.batches.command import Parameter, Said, about, changing
from batchbook.cli.batches.desk import Desk
from batchbook.cli.batches.parameters import execution_options, no_options


def _running(action: Action, text: str, parameter: Parameter = no_options) -> click.Command:
    def run(desk: Desk, batch: Batch, options: dict[str, Any] | None = None) -> Said:
        result = desk.run(batch.id, action, options)
        return about(batch, result.message, failed=result.failed)

    run.__doc__ = text
    return changing(action.value, action, parameter)(run)


#: The commands, in the order in which a batch meets them.
RUNNING = (
    _running(Action.POPULATE, "Fill the batch ID with rows from its source."),
    _running(Action.REFRESH, "Compare the rows of the batch ID with current data."),
    _running(Action.COMPLETE, "Mark the batch ID complete: ready to be reviewed and executed."),
    _running(Action.REOPEN, "Reopen the batch ID, which was marked complete, for changes."),
    _running(
        Action.EXECUTE,
        "Execute the batch ID, once and for all: from then on it is frozen.",
        execution_options,
    ),
)
