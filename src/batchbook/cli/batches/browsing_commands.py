"""Commands that list batch types, batches and operations, and show a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import click
from sqlalchemy import Select, select

from batchbook import tables
from batchbook.batches import Action, Batch, BatchType, State, input_file
from batchbook.batches.editing import editable_columns
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.preview import ExecutionPreview, preview_execution, totals_of
from batchbook.batches.files import OUTPUT, stored_files
from batchbook.batches.models import Operation
from batchbook.batches.policies.field_access import MASKED, masked_operations
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.cli.batches.session import CommandSession, reading_session
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import (
    aligned,
    batch_identity,
    json_array,
    json_option,
    print_result,
    print_stream,
    printable,
    utc_text,
)
from batchbook.cli.parameters import TEXT, batch_argument, reader_option
from batchbook.grid import render


@click.command()
@reader_option
@json_option
@pass_installation
def types(installation: Installation, reader: str | None, as_json: bool) -> None:
    """List the batch types, with the names that --set, --status and --option take."""
    with reading_session(installation, reader) as session:
        data = [_type_data(batch_type) for batch_type in session.types if session.sees(batch_type)]
    print_result(as_json, data, *(line for item in data for line in _type_lines(item)))


def _type_data(batch_type: BatchType) -> dict[str, Any]:
    handler = batch_type.handler
    options = handler.execution_policy.options
    return {
        "type": batch_type.key,
        "title": batch_type.title,
        "fields": [column.name for column in editable_columns(batch_type.header, EVERYTHING, new=True)],
        "file_columns": list(handler.file_source.columns) if handler.file_source else [],
        "row_fields": [column.name for column in editable_columns(batch_type.row, EVERYTHING)],
        "statuses": [status.value for status in handler.statuses or ()],
        "options": [field.name for field in options.fields] if options else [],
    }


def _type_lines(data: dict[str, Any]) -> Iterator[str]:
    yield f"{data['type']} ({data['title']})"
    parts = [
        ("header fields", data["fields"]),
        (f"columns of a file ({', '.join(tables.SUFFIXES)})", data["file_columns"]),
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
@reader_option
@json_option
@pass_installation
def list_batches(
    installation: Installation, key: str | None, state: str | None, reader: str | None, as_json: bool
) -> None:
    """List batches, the newest first."""
    with reading_session(installation, reader) as session:
        items = (dict(row) for row in session.db.execute(_selection(session, key, state)).mappings())
        print_stream(json_array(items) if as_json else _batch_lines(items))


def _selection(session: CommandSession, key: str | None, state: str | None) -> Select[Any]:
    names = "id type description state status row_count removed_count created_at created_by owner executed_at executed_by"
    chosen = select(*(getattr(Batch, name).label(name) for name in names.split())).where(session.visible)
    if key is not None:
        chosen = chosen.where(Batch.type == session.types[key].key)
    if state is not None:
        chosen = chosen.where(Batch.state == state)
    return chosen.order_by(Batch.id.desc()).execution_options(yield_per=1_000)


def _batch_lines(items: Iterable[dict[str, Any]]) -> Iterator[str]:
    for item in items:
        line = (
            f"{item['id']:08d}  {item['type']:<16}  {item['state']:<10}  {item['row_count']:>9,} rows"
            f"  {utc_text(item['created_at'])}  {item['owner']:<12}  {item['description'] or ''}"
        )
        yield printable(line).rstrip() + "\n"


@click.command()
@batch_argument
@reader_option
@json_option
@pass_installation
def history(installation: Installation, batch_id: int, reader: str | None, as_json: bool) -> None:
    """List the operations on the batch ID, with users and times, the oldest first."""
    with reading_session(installation, reader) as session:
        context = session.engine.context_of(session.find(batch_id, Action.VIEW))
        masked = masked_operations(session.db, batch_id, context.access)
        names = ("number", "kind", "at", "actor", "acted_by", "summary", "reason", "cells", "evidence")
        chosen = select(*(getattr(Operation, name) for name in names)).where(Operation.batch_id == batch_id)
        found = session.db.execute(chosen.order_by(Operation.number).execution_options(yield_per=1_000))
        items = (
            dict(row) | ({"summary": MASKED} if row["number"] in masked else {}) for row in found.mappings()
        )
        print_stream(json_array(items) if as_json else map(_operation_line, items))


def _operation_line(item: dict[str, Any]) -> str:
    how = f" (by {item['acted_by']})" if item["acted_by"] else ""
    why = f" Reason: {item['reason']}" if item["reason"] else ""
    line = f"{item['number']:>4}  {utc_text(item['at'])}  {item['actor'] + how:<12}  {item['summary']}{why}"
    return printable(line) + "\n"


_FACTS = (
    *("state", "status", "failure", "version", "row_count", "removed_count", "status_counts"),
    *("created_at", "created_by", "owner", "refreshed_at", "completed_at", "completed_by"),
    *("sent_back_to", "sent_back_by", "sent_back_at", "sent_back_reason"),
    *("executed_at", "executed_by", "execution_options", "execution_outcome", "purge_after"),
)


@click.command("show")
@batch_argument
@reader_option
@json_option
@pass_installation
def show_batch(installation: Installation, batch_id: int, reader: str | None, as_json: bool) -> None:
    """Show the batch ID: its properties, its rows by status, and the effect of executing it."""
    with reading_session(installation, reader) as session:
        context = session.engine.context_of(session.find(batch_id, Action.VIEW))
        plan = preview_execution(context) or ExecutionPreview((), ())
        actions = [str(action) for action in session.actions(context.batch)]
        print_result(
            as_json, _batch_data(context, plan) | {"actions": actions}, *_lines_of_batch(context, plan)
        )


def _batch_data(context: ActionContext, plan: ExecutionPreview) -> dict[str, Any]:
    batch = context.batch
    record = input_file(context.session, batch)
    return {
        **batch_identity(batch),
        **{name: getattr(batch, name) for name in _FACTS},
        "fields": {
            c.name: getattr(batch, c.name)
            for c in editable_columns(context.batch_type.header, EVERYTHING, new=True)
        },
        "totals": [{"label": total.label, "value": str(total.value)} for total in totals_of(context)],
        "file": {"name": record.name, "size": record.size, "sha256": record.sha256} if record else None,
        "files": [
            {"name": one.name, "role": one.role, "size": one.size, "sha256": one.sha256}
            for one in stored_files(context.session, batch)
        ],
        "execution": {"why_not": list(plan.reasons), "description": list(plan.sentences)},
    }


def _lines_of_batch(context: ActionContext, plan: ExecutionPreview) -> Iterator[str]:
    batch = context.batch
    yield f"{batch} · {context.batch_type.title} · {batch.state}"
    yield ""
    yield from aligned([(word, text) for word, text in _facts(context) if text])
    if batch.status_counts:
        yield from ("", "Rows by status")
        yield from _counts(context)
    yield from ("", "Execution")
    yield from (f"  {sentence}" for sentence in _execution(batch, plan))


def _facts(context: ActionContext) -> Iterator[tuple[str, str]]:
    batch = context.batch
    for column in editable_columns(context.batch_type.header, EVERYTHING, new=True):
        yield column.label, render(column, getattr(batch, column.name))
    record = input_file(context.session, batch)
    yield "File", f"{record.name}, {record.size:,} bytes, SHA-256 {record.sha256}" if record else ""
    yield "Output", ", ".join(one.name for one in stored_files(context.session, batch) if one.role == OUTPUT)
    yield "Created", _time_and_user(batch.created_at, batch.created_by)
    yield "Handed over to", batch.handed_to or ""
    yield "Refreshed", _time_and_user(batch.refreshed_at, None)
    yield "Marked as complete", _time_and_user(batch.completed_at, batch.completed_by)
    yield "Sent back to", _sent_back(batch)
    yield "Executed", _time_and_user(batch.executed_at, batch.executed_by)
    yield "Last failure", batch.failure or ""
    yield "Rows", f"{batch.kept_count:,}"
    yield "Removed rows", f"{batch.removed_count:,}" if batch.removed_count else ""
    for total in totals_of(context):
        yield total.label, str(total.value)


def _sent_back(batch: Batch) -> str:
    when = _time_and_user(batch.sent_back_at, batch.sent_back_by)
    return f"{batch.sent_back_to}, {when}: {batch.sent_back_reason}" if batch.sent_back_to else ""


def _time_and_user(at: Any, by: str | None) -> str:
    return f"{utc_text(at)} UTC{f' by {by}' if by else ''}" if at else ""


def _counts(context: ActionContext) -> Iterator[str]:
    counts = context.batch.status_counts
    known = {s.value: (f"{s.sign} {s.label}".strip(), s.value) for s in context.handler.statuses or ()}
    order = [
        *(value for value in known if value in counts),
        *(value for value in counts if value not in known),
    ]
    words = [known.get(value, (value or "(none)", ""))[0] for value in order]
    width = max(map(len, words))
    return (f"  {word:<{width}}  {counts[value]:>9,}" for word, value in zip(words, order, strict=True))


def _execution(batch: Batch, plan: ExecutionPreview) -> Iterator[str]:
    if batch.execution_outcome:
        yield batch.execution_outcome["summary"]
    yield from plan.sentences
    yield from plan.reasons
