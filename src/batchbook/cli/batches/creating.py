"""Commands by which batches come and go: create, clone, delete."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import click

from batchbook.batches import Action, Batch
from batchbook.batches.creation import clone_batch, create_batch, delete_batch
from batchbook.batches.engine import Result
from batchbook.cli.batches.desk import Desk, acting_desk
from batchbook.cli.batches.output import name_of
from batchbook.cli.batches.parameters import acting, batch_argument, no_options, values_option
from batchbook.cli.output import json_option, show
from batchbook.cli.parameters import TEXT
from batchbook.cli.refusals import Refusal
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
        result = Result("") if no_populate else desk.run(batch.id, Action.POPULATE)
    if result.failed:
        raise Refusal(result.message)
    _print_new(batch, as_json)


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


def _print_new(batch: Batch, as_json: bool) -> None:
    data = {**name_of(batch), "state": str(batch.state), "row_count": batch.row_count}
    show(as_json, {**data, "status_counts": batch.status_counts}, batch.number)


@click.command()
@batch_argument
@acting
@no_options
@json_option
@click.pass_obj
def clone(site: Site, batch_id: int, actor: str, as_json: bool) -> None:
    """Create an open batch with the header, rows and files of the batch ID, and print its number."""
    with acting_desk(site, actor) as desk:
        desk.find(batch_id, Action.CLONE)
        batch = clone_batch(desk.engine, batch_id)
    _print_new(batch, as_json)


@click.command()
@batch_argument
@acting
@no_options
@json_option
@click.pass_obj
def delete(site: Site, batch_id: int, actor: str, as_json: bool) -> None:
    """Delete the batch ID, with its rows, files and history, unless it was executed."""
    with acting_desk(site, actor) as desk:
        named = name_of(desk.find(batch_id, Action.DELETE))
        message = delete_batch(desk.engine, batch_id)
    show(as_json, {**named, "message": message}, message)
