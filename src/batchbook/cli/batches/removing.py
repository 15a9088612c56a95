"""Commands that remove rows from a batch and restore them."""

from __future__ import annotations

import click

from batchbook.batches import Action
from batchbook.batches.editing import RowRemover
from batchbook.cli.batches.desk import acting_desk
from batchbook.cli.batches.exporting import status_condition
from batchbook.cli.batches.output import say
from batchbook.cli.batches.parameters import acting, batch_argument, sequence_argument
from batchbook.cli.output import json_option
from batchbook.cli.parameters import TEXT
from batchbook.cli.site import Site
from batchbook.words import counted


@click.command("remove-row")
@batch_argument
@sequence_argument
@acting
@json_option
@click.pass_obj
def remove_row(site: Site, batch_id: int, sequence: int, actor: str, as_json: bool) -> None:
    """Remove row SEQUENCE from the batch ID; "restore-row" brings it back."""
    _mark(site, batch_id, sequence, actor, as_json, removed=True)


@click.command("restore-row")
@batch_argument
@sequence_argument
@acting
@json_option
@click.pass_obj
def restore_row(site: Site, batch_id: int, sequence: int, actor: str, as_json: bool) -> None:
    """Restore row SEQUENCE, which was removed, to the batch ID."""
    _mark(site, batch_id, sequence, actor, as_json, removed=False)


def _mark(site: Site, batch_id: int, sequence: int, actor: str, as_json: bool, *, removed: bool) -> None:
    with acting_desk(site, actor) as desk:
        batch = desk.find(batch_id, Action.EDIT)
        RowRemover(desk.engine).set_removed(batch_id, sequence, removed=removed)
    done = "removed from" if removed else "restored to"
    say(as_json, batch, f"Row {sequence} was {done} {batch}.", sequence=sequence)


@click.command("remove-rows")
@batch_argument
@click.option(
    "--status", metavar="STATUS", required=True, type=TEXT, help="The status of the rows to remove."
)
@acting
@json_option
@click.pass_obj
def remove_rows(site: Site, batch_id: int, status: str, actor: str, as_json: bool) -> None:
    """Remove all rows of one status from the batch ID."""
    with acting_desk(site, actor) as desk:
        batch = desk.find(batch_id, Action.EDIT)
        (condition,) = status_condition(desk.types[batch.type], status)
        count = RowRemover(desk.engine).remove_where(batch_id, condition)
    say(as_json, batch, f"{counted(count, 'row was', 'rows were')} removed from {batch}.", removed=count)
