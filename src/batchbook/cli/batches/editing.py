"""Commands that change what a batch says: a cell, the header, a new row."""

from __future__ import annotations

import click

from batchbook.batches import Action, Batch
from batchbook.batches.editing import HeaderEditor, RowEditor
from batchbook.cli.batches.command import Said, about, changing
from batchbook.cli.batches.desk import Desk
from batchbook.cli.batches.parameters import sequence_argument, values_option
from batchbook.cli.parameters import TEXT


@changing(
    "set",
    Action.EDIT,
    sequence_argument,
    click.argument("field", type=TEXT),
    click.argument("value", type=TEXT),
)
def set_cell(desk: Desk, batch: Batch, sequence: int, field: str, value: str) -> Said:
    """Store VALUE in the FIELD of row SEQUENCE of the batch ID.

    An empty VALUE empties the cell. One that begins with a hyphen comes after a "--".
    """
    changed = RowEditor(desk.engine).edit(batch.id, sequence, {field: value}).labels
    message = f"Row {sequence} of {batch}: {_changes(changed)}."
    return about(batch, message, sequence=sequence, changed=bool(changed))


@changing("edit", Action.EDIT, values_option("A field of the header; may be repeated.", required=True))
def edit(desk: Desk, batch: Batch, values: dict[str, str]) -> Said:
    """Change fields of the header of the batch ID."""
    changed = HeaderEditor(desk.engine).edit(batch.id, values)
    return about(batch, f"{batch}: {_changes(changed)}.", changed=bool(changed))


@changing("add-row", Action.EDIT, values_option("A field of the row; may be repeated.", required=True))
def add_row(desk: Desk, batch: Batch, values: dict[str, str]) -> Said:
    """Add a row at the end of the batch ID."""
    sequence = RowEditor(desk.engine).add(batch.id, values)
    return about(batch, f"Row {sequence} was added to {batch}.", sequence=sequence)


def _changes(labels: list[str]) -> str:
    return f"changed {', '.join(labels)}" if labels else "nothing to change"
