"""Commands that give out what a batch holds: its rows, and the file it was made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any

import click
from sqlalchemy import JSON, ColumnElement, Row, select

from batchbook.batches import Action, Batch, BatchFile, BatchRow, BatchType, file_chunks, input_file
from batchbook.cli.batches.desk import Desk, reading_desk
from batchbook.cli.batches.output import json_array, print_bytes, print_stream
from batchbook.cli.batches.parameters import batch_argument, reading
from batchbook.cli.output import json_option, show
from batchbook.cli.parameters import TEXT
from batchbook.cli.site import Site
from batchbook.errors import BadInput, Missing
from batchbook.grid import Column, Grid, GridState, Kind, columns_of, csv_chunks

_HIDDEN = frozenset({"batch_id", "issues", "removed", "version", "modified_at"})


@click.command()
@batch_argument
@click.option(
    "--format", "form", type=click.Choice(["csv", "json"]), help="How to print them; CSV by default."
)
@click.option("--status", metavar="STATUS", type=TEXT, help="Only rows with this status.")
@click.option("--removed", is_flag=True, help="Those rows instead that were removed.")
@reading
@json_option
@click.pass_obj
def rows(
    site: Site,
    batch_id: int,
    form: str | None,
    status: str | None,
    removed: bool,
    reader: str | None,
    as_json: bool,
) -> None:
    """Print the rows of the batch ID, in their order."""
    if as_json and form == "csv":
        raise click.UsageError("--json and --format csv exclude each other.")
    with reading_desk(site, reader) as desk:
        batch = desk.find(batch_id, Action.VIEW)
        batch_type = desk.types[batch.type]
        row = batch_type.rows.of(batch)
        where = [row.removed.is_(removed), *status_condition(batch_type, row, status)]
        if as_json or form == "json":
            columns = (*_columns(row), Column("issues", "issues", row.issues, Kind.TEXT))
            print_stream(json_array(dict(found._mapping) for found in _found(desk, batch, columns, where)))
        else:
            columns = _columns(row)
            print_bytes(csv_chunks(columns, _found(desk, batch, columns, where)))


def status_condition(
    batch_type: BatchType, row: type[BatchRow], status: str | None
) -> list[ColumnElement[bool]]:
    """Return the condition for the rows with ``status``, none for ``None``; raise ``BadInput`` for an unknown one."""
    if status is None:
        return []
    known = [member.value for member in batch_type.handler.statuses or ()]
    if known and status not in known:
        raise BadInput(
            f"Rows of {batch_type.title} have no status “{status[:60]}”. Their statuses: {', '.join(known)}."
        )
    return [row.status == status]


def _columns(row: type[BatchRow]) -> tuple[Column, ...]:
    """Return the columns of the rows, headed by their names: the words that "set" and JSON use."""
    names = [
        column.key
        for column in row.__mapper__.columns
        # JSON is no cell: what a file said is on the row's page.
        if column.key not in _HIDDEN and not isinstance(column.type, JSON)
    ]
    return tuple(replace(column, label=column.name) for column in columns_of(row, names))


def _found(
    desk: Desk, batch: Batch, columns: tuple[Column, ...], where: list[ColumnElement[bool]]
) -> Iterator[Row[Any]]:
    row = desk.types[batch.type].rows.of(batch)
    grid = Grid(columns, select(row).where(row.batch_id == batch.id, *where), (row.sequence,))
    return grid.all_rows(desk.session, GridState(), None)


@click.command()
@batch_argument
@click.option(
    "--output",
    metavar="FILE",
    type=click.File("wb", lazy=True),
    help="Where to write it; standard output if nothing is said.",
)
@reading
@json_option
@click.pass_obj
def download(site: Site, batch_id: int, output: IO[bytes] | None, reader: str | None, as_json: bool) -> None:
    """Give out the file that the batch ID was made from, byte for byte."""
    if as_json and (output is None or output.name == "-"):
        raise click.UsageError("--json says what was written to a file; name one with --output.")
    with reading_desk(site, reader) as desk:
        record = _input_file(desk, desk.find(batch_id, Action.DOWNLOAD))
        chunks = file_chunks(desk.session, record)
        if output is None:
            print_bytes(chunks)
            return
        output.writelines(chunks)
    data = {"name": record.name, "size": record.size, "sha256": record.sha256, "output": output.name}
    if output.name != "-":
        show(as_json, data, f"Wrote {record.name}, {record.size:,} bytes, to {output.name}.")


def _input_file(desk: Desk, batch: Batch) -> BatchFile:
    record = input_file(desk.session, batch)
    if record is None:
        raise Missing(f"{batch} was not made from a file, so there is none to download.")
    return record
