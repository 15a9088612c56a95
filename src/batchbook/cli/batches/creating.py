"""Commands by which batches come and go: create, clone, delete."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import click

from batchbook.batches import Action, Batch
from batchbook.batches.creation import clone_batch, create_batch, delete_batch
from batchbook.cli.batches.command import Said, changing
from batchbook.cli.batches.desk import Desk, acting_desk
from batchbook.cli.batches.output import name_of
from batchbook.cli.batches.parameters import acting, no_options, values_option
from batchbook.cli.output import json_option
from batchbook.cli.parameters import TEXT
from batchbook.cli.site import Site
from batchbook.errors import TooLarge
from batchbook.web.settings import MAX_UPLOAD_BYTES


@click.command()
@click.argument("key", metavar="TYPE", type=TEXT)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file to take the rows from.",
)
@values_option("A field of the header; may be repeated.")
@click.option("--description", type=TEXT, help="What the batch is for.")
@click.option("--no-populate", is_flag=True, help="Leave it without rows for now.")
@acting
@json_option
@click.pass_obj
def create(
    site: Site,
    key: str,
    file: Path | None,
    values: dict[str, str],
    description: str | None,
    no_populate: bool,
    actor: str,
    as_json: bool,
) -> None:
    """Create a batch of TYPE with its rows, and print its number."""
    if description is not None:
        if "description" in values:
            raise click.UsageError("The description is given twice.")
        values = {**values, "description": description}
    # One transaction for both: a file that cannot be read leaves no batch behind.
    with acting_desk(site, actor) as desk:
        batch = _create(site, desk, key, values, file)
        said = _new(batch) if no_populate else _populated(desk, batch)
    said.show(as_json)


def _create(site: Site, desk: Desk, key: str, values: dict[str, str], path: Path | None) -> Batch:
    desk.demand_create(desk.types[key])
    with ExitStack() as stack:
        file = None if path is None else stack.enter_context(_open(site, path))
        return create_batch(desk.engine, key, values, file, _name_of(path) if path else "")


def _open(site: Site, path: Path) -> BinaryIO:
    size, limit = path.stat().st_size, MAX_UPLOAD_BYTES.whole(site.settings)
    if size > limit:
        raise TooLarge(
            f"“{_name_of(path)}” has {size:,} bytes; the setting {MAX_UPLOAD_BYTES.name} allows {limit:,}. Nothing was"
            " created."
        )
    return path.open("rb")


def _name_of(path: Path) -> str:
    # A file system takes names that are no text.
    return os.fsencode(path.name).decode(errors="replace")


def _populated(desk: Desk, batch: Batch) -> Said:
    result = desk.run(batch.id, Action.POPULATE)
    return Said(result.message, {}, failed=True) if result.failed else _new(batch)


def _new(batch: Batch) -> Said:
    facts = {**name_of(batch), "state": str(batch.state), "row_count": batch.row_count}
    return Said(batch.number, {**facts, "status_counts": batch.status_counts})


@changing("clone", Action.CLONE, no_options)
def clone(desk: Desk, batch: Batch) -> Said:
    """Create an open batch with the header, rows and files of the batch ID, and print its number."""
    return _new(clone_batch(desk.engine, batch.id))


@changing("delete", Action.DELETE, no_options)
def delete(desk: Desk, batch: Batch) -> Said:
    """Delete the batch ID, with its rows, files and history, unless it was executed."""
    named = name_of(batch)
    message = delete_batch(desk.engine, batch.id)
    return Said(message, {**named, "message": message})
