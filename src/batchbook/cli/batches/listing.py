"""Commands that list: batch types, batches, and what was done to one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import click
from sqlalchemy import Select, select

from batchbook.batches import Action, Batch, BatchType, State
from batchbook.batches.editing import editable_columns
from batchbook.batches.models import Operation
from batchbook.cli.batches.desk import Desk, reading_desk
from batchbook.cli.batches.output import aligned, json_array, moment, print_stream
from batchbook.cli.batches.parameters import batch_argument, reading
from batchbook.cli.output import json_option, plain, show
from batchbook.cli.parameters import TEXT
from batchbook.cli.site import Site
from batchbook.tables import SUFFIXES


@click.command()
@reading
@json_option
@click.pass_obj
def types(site: Site, reader: str | None, as_json: bool) -> None:
    """List the batch types, with the names that --set, --status and --option take."""
    with reading_desk(site, reader) as desk:
        seen = [_type_data(batch_type) for batch_type in desk.types if desk.sees(batch_type)]
    show(as_json, seen, *(line for data in seen for line in _type_lines(data)))


def _type_data(batch_type: BatchType) -> dict[str, Any]:
    handler = batch_type.handler
    options = handler.execution_options
    return {
        "type": batch_type.key,
        "title": batch_type.title,
        "fields": [column.name for column in editable_columns(batch_type.header, new=True)],
        "file_columns": list(handler.file_columns),
        "row_fields": [column.name for column in editable_columns(batch_type.row)],
        "statuses": [status.value for status in handler.statuses or ()],
        "options": [field.name for field in options.fields] if options else [],
    }


def _type_lines(data: dict[str, Any]) -> Iterator[str]:
    yield f"{data['type']} ({data['title']})"
    parts = [
        ("header fields", data["fields"]),
        (f"columns of a file ({', '.join(SUFFIXES)})", data["file_columns"]),
        ("row fields", data["row_fields"]),
        ("row statuses", data["statuses"]),
        ("execution options", data["options"]),
    ]
    yield from aligned([(word, ", ".join(names)) for word, names in parts if names], "  ")


@click.command("list")
@click.option("--type", "key", metavar="TYPE", type=TEXT, help="Only batches of this type.")
@click.option(
    "--state", type=click.Choice([state.value for state in State]), help="Only batches in this state."
)
@reading
@json_option
@click.pass_obj
def list_batches(site: Site, key: str | None, state: str | None, reader: str | None, as_json: bool) -> None:
    """List batches, the newest first."""
    with reading_desk(site, reader) as desk:
        items = (dict(row) for row in desk.session.execute(_selection(desk, key, state)).mappings())
        print_stream(json_array(items) if as_json else _batch_lines(items))


def _selection(desk: Desk, key: str | None, state: str | None) -> Select[Any]:
    names = "id type description state status row_count removed_count created_at created_by executed_at executed_by"
    chosen = select(*(getattr(Batch, name) for name in names.split())).where(desk.visible)
    if key is not None:
        chosen = chosen.where(Batch.type == desk.types[key].key)
    if state is not None:
        chosen = chosen.where(Batch.state == state)
    return chosen.order_by(Batch.id.desc()).execution_options(yield_per=1_000)


def _batch_lines(items: Iterable[dict[str, Any]]) -> Iterator[str]:
    for item in items:
        line = (
            f"{item['id']:08d}  {item['type']:<16}  {item['state']:<10}  {item['row_count']:>9,} rows"
            f"  {moment(item['created_at'])}  {item['created_by']:<12}  {item['description'] or ''}"
        )
        yield plain(line).rstrip() + "\n"


@click.command()
@batch_argument
@reading
@json_option
@click.pass_obj
def history(site: Site, batch_id: int, reader: str | None, as_json: bool) -> None:
    """List what was done to the batch ID, by whom and when, the oldest first."""
    with reading_desk(site, reader) as desk:
        desk.find(batch_id, Action.VIEW)
        names = ("number", "kind", "at", "actor", "summary", "cells")
        chosen = select(*(getattr(Operation, name) for name in names)).where(Operation.batch_id == batch_id)
        found = desk.session.execute(chosen.order_by(Operation.number).execution_options(yield_per=1_000))
        items = (dict(row) for row in found.mappings())
        print_stream(json_array(items) if as_json else map(_operation_line, items))


def _operation_line(item: dict[str, Any]) -> str:
    return plain(f"{item['number']:>4}  {moment(item['at'])}  {item['actor']:<12}  {item['summary']}") + "\n"
