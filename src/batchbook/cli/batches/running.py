"""Commands that run an action of the lifecycle: populate, refresh, complete, reopen, execute."""

from __future__ import annotations

from batchbook.batches import Action, Batch
from batchbook.cli.batches.acting import running
from batchbook.cli.batches.command import Said, about, changing
from batchbook.cli.batches.desk import Desk
from batchbook.cli.batches.parameters import execution_options, no_options


@changing("reopen", Action.REOPEN, no_options)
def _reopen(desk: Desk, batch: Batch) -> Said:
    """Reopen the batch ID, which was marked complete, for changes."""
    return about(batch, desk.run(batch.id, Action.REOPEN).message)


#: The commands, in the order in which a batch meets them.
RUNNING = (
    running(Action.POPULATE, "Fill the batch ID with rows from its source."),
    running(Action.REFRESH, "Compare the rows of the batch ID with current data."),
    running(Action.COMPLETE, "Mark the batch ID complete: ready to be reviewed and executed."),
    _reopen,
    running(
        Action.EXECUTE,
        "Execute the batch ID, once and for all: from then on it is frozen.",
        options=execution_options,
    ),
)
