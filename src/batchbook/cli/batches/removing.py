"""Commands that remove rows from a batch and restore them."""

from __future__ import annotations

import click

from batchbook.batches import Action, Batch
from batchbook.batches.editing import RowRemover
from batchbook.cli.batches.command import Said, about, changing
from batchbook.cli.batches.desk import Desk
from batchbook.cli.batches.exporting import status_condition
from batchbook.cli.batches.parameters import sequence_argument
from batchbook.cli.parameters import TEXT
from batchbook.words import counted


@changing("remove-row", Action.EDIT, sequence_argument)
def remove_row(desk: Desk, batch: Batch, sequence: int) -> Said:
    """Remove row SEQUENCE from the batch ID; "restore-row" brings it back."""
    RowRemover(desk.engine).set_removed(batch.id, sequence, removed=True)
    return about(batch, f"Row {sequence} was removed from {batch}.", sequence=sequence)


@changing("restore-row", Action.EDIT, sequence_argument)
def restore_row(desk: Desk, batch: Batch, sequence: int) -> Said:
    """Restore row SEQUENCE, which was removed, to the batch ID."""
    RowRemover(desk.engine).set_removed(batch.id, sequence, removed=False)
    return about(batch, f"Row {sequence} was restored to {batch}.", sequence=sequence)


_STATUS = click.option(
    "--status", metavar="STATUS", required=True, type=TEXT, help="The status of the rows to remove."
)


@changing("remove-rows", Action.EDIT, _STATUS)
def remove_rows(desk: Desk, batch: Batch, status: str) -> Said:
    """Remove all rows of one status from the batch ID."""
    batch_type = desk.types[batch.type]
    (condition,) = status_condition(batch_type, batch_type.rows.of(batch), status)
    count = RowRemover(desk.engine).remove_where(batch.id, condition)
    return about(batch, f"{counted(count, 'row was', 'rows were')} removed from {batch}.", removed=count)
