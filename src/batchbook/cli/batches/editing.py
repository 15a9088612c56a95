"""Commands that change what a batch says: a cell, the header, a new row."""

from __future__ import annotations

import click

from batchbook.batches import Action
from batchbook.batches.editing import HeaderEditor, RowEditor
from batchbook.cli.batches.desk import acting_desk
from batchbook.cli.batches.output import say
from batchbook.cli.batches.parameters import acting, batch_argument, sequence_argument, values_option
from batchbook.cli.output import json_option
from batchbook.cli.parameters import TEXT
from batchbook.cli.site import Site


@click.command("set")
@batch_argument
@sequence_argument
@click.argument("field", type=TEXT)
@click.argument("value", type=TEXT)
@acting
@json_option
@click.pass_obj
def set_cell(
    site: Site, batch_id: int, sequence: int, field: str, value: str, actor: str, as_json: bool
) -> None:
    """Store VALUE in the FIELD of row SEQUENCE of the batch ID.

    An empty VALUE empties the cell. One that begins with a hyphen comes after a "--".
    """
    with acting_desk(site, actor) as desk:
        batch = desk.find(batch_id, Action.EDIT)
        changed = RowEditor(desk.engine).edit(batch_id, sequence, {field: value})
    message = f"Row {sequence} of {batch}: {_changes(changed)}."
    say(as_json, batch, message, sequence=sequence, changed=bool(changed))


@click.command()
@batch_argument
@values_option("A field of the header; may be repeated.", required=True)
@acting
@json_option
@click.pass_obj
def edit(site: Site, batch_id: int, values: dict[str, str], actor: str, as_json: bool) -> None:
    """Change fields of the header of the batch ID."""
    with acting_desk(site, actor) as desk:
        batch = desk.find(batch_id, Action.EDIT)
        changed = HeaderEditor(desk.engine).edit(batch_id, values)
    say(as_json, batch, f"{batch}: {_changes(changed)}.", changed=bool(changed))


@click.command("add-row")
@batch_argument
@values_option("A field of the row; may be repeated.", required=True)
@acting
@json_option
@click.pass_obj
def add_row(site: Site, batch_id: int, values: dict[str, str], actor: str, as_json: bool) -> None:
    """Add a row at the end of the batch ID."""
    with acting_desk(site, actor) as desk:
        batch = desk.find(batch_id, Action.EDIT)
        sequence = RowEditor(desk.engine).add(batch_id, values)
    say(as_json, batch, f"Row {sequence} was added to {batch}.", sequence=sequence)


def _changes(labels: list[str]) -> str:
    return f"changed {', '.join(labels)}" if labels else "nothing to change"
