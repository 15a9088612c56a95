"""Commands that write a batch's rows, files and worksheets, and apply worksheets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO

import click
from sqlalchemy import JSON, ColumnElement, Row, select

from batchbook.batches import Action, Batch, BatchFile, BatchRow, BatchType, file_chunks, input_file
from batchbook.batches.worksheets.batch_layout import layout_of, sheet_grid, with_problems
from batchbook.batches.worksheets.diff import SheetChange, WorksheetDiff, diff_worksheet
from batchbook.batches.worksheets.sheet_writer import refuse_too_large, write_worksheet
from batchbook.batches.worksheets.uploads import (
    AppliedChanges,
    apply_worksheet,
    store_worksheet,
    stored_worksheet,
)
from batchbook.batches.worksheets.worksheet_file import open_worksheet
from batchbook.cli.batches.intake_commands import name_to_send, open_to_send
from batchbook.cli.batches.session import CommandSession, acting_session, reading_session
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import json_array, json_option, name_of, print_bytes, print_result, print_stream
from batchbook.cli.parameters import TEXT, acting, batch_argument, reading
from batchbook.errors import BadInput, Missing
from batchbook.grid import Column, Grid, GridState, Kind, columns_of, csv_chunks
from batchbook.words import counted

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
@pass_installation
def rows(
    site: Installation,
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
    with reading_session(site, reader) as desk:
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
    desk: CommandSession, batch: Batch, columns: tuple[Column, ...], where: list[ColumnElement[bool]]
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
@pass_installation
def download(
    site: Installation, batch_id: int, output: IO[bytes] | None, reader: str | None, as_json: bool
) -> None:
    """Give out the file that the batch ID was made from, byte for byte."""
    if as_json and (output is None or output.name == "-"):
        raise click.UsageError("--json says what was written to a file; name one with --output.")
    with reading_session(site, reader) as desk:
        record = _input_file(desk, desk.find(batch_id, Action.DOWNLOAD))
        chunks = file_chunks(desk.session, record)
        if output is None:
            print_bytes(chunks)
            return
        output.writelines(chunks)
    data = {"name": record.name, "size": record.size, "sha256": record.sha256, "output": output.name}
    if output.name != "-":
        print_result(as_json, data, f"Wrote {record.name}, {record.size:,} bytes, to {output.name}.")


def _input_file(desk: CommandSession, batch: Batch) -> BatchFile:
    record = input_file(desk.session, batch)
    if record is None:
        raise Missing(f"{batch} was not made from a file, so there is none to download.")
    return record


_PIECE = 256 * 1024


@click.command()
@batch_argument
@click.option(
    "--out",
    "--output",
    "output",
    metavar="FILE",
    required=True,
    type=click.File("wb", lazy=True),
    help="Where to write it.",
)
@click.option("--problems", is_flag=True, help="Only the rows with problems.")
@reading
@json_option
@pass_installation
def worksheet(
    site: Installation, batch_id: int, output: IO[bytes], problems: bool, reader: str | None, as_json: bool
) -> None:
    """Write the rows of the batch ID into a workbook, to be corrected in a spreadsheet program."""
    with reading_session(site, reader) as desk, TemporaryFile() as file:
        batch = desk.find(batch_id, Action.DOWNLOAD)
        count = _write(desk, batch.id, problems, file)
        file.seek(0)
        # Only now: what is refused must not leave an empty file behind.
        output.writelines(iter(lambda: file.read(_PIECE), b""))
        facts = {**name_of(batch), "rows": count, "output": output.name}
    if output.name != "-":
        print_result(as_json, facts, f"Wrote {counted(count, 'row')} of {batch} to {output.name}.")


def _write(desk: CommandSession, batch_id: int, problems: bool, file: BinaryIO) -> int:
    context = desk.engine.context_of(desk.engine.find(batch_id))
    layout = layout_of(context)
    where = [~context.row.removed, *([with_problems(context)] if problems else [])]
    grid = sheet_grid(context, layout, *where)
    count = grid.count(desk.session, GridState(), None)
    refuse_too_large(context, layout, count)
    write_worksheet(context, layout, grid.all_rows(desk.session, GridState(), None), file)
    return count


@click.command("worksheet-apply")
@batch_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what differs, and take nothing.")
@acting
@json_option
@pass_installation
def worksheet_apply(
    site: Installation, batch_id: int, file: Path, dry_run: bool, actor: str, as_json: bool
) -> None:
    """Take what was changed in the worksheet FILE into the batch ID, but for what was changed there since."""
    with acting_session(site, actor) as desk, open_to_send(site, file, "Nothing was changed.") as opened:
        batch = desk.find(batch_id, Action.EDIT)
        found = _looked(desk, batch.id, file, opened) if dry_run else _kept(desk, batch.id, file, opened)
        applied = None if dry_run else apply_worksheet(desk.engine, batch.id, found)
        facts = {**name_of(batch), **_facts(found, applied)}
    print_result(as_json, facts, *_sentences(found, applied))


def _looked(desk: CommandSession, batch_id: int, path: Path, file: BinaryIO) -> WorksheetDiff:
    return diff_worksheet(
        desk.engine.context_of(desk.engine.find(batch_id)), open_worksheet(name_to_send(path), file)
    )


def _kept(desk: CommandSession, batch_id: int, path: Path, file: BinaryIO) -> WorksheetDiff:
    record = store_worksheet(desk.engine, batch_id, name_to_send(path), file)
    context = desk.engine.context_of(desk.engine.find(batch_id))
    with stored_worksheet(context, record.number) as sheet:
        return diff_worksheet(context, sheet)


def _facts(found: WorksheetDiff, applied: AppliedChanges | None) -> dict[str, Any]:
    lists = {"taken": found.taken, "conflicts": found.conflicts, "unreadable": found.unreadable}
    return {
        "rows": applied.rows if applied else 0,
        "cells": applied.cells if applied else 0,
        **{name: [_fact(change) for change in changes] for name, changes in lists.items()},
        "notes": found.notes,
    }


def _fact(change: SheetChange) -> dict[str, Any]:
    named = {"sequence": change.sequence, "field": change.field}
    texts = {"before": change.before, "now": change.now, "sheet": change.sheet}
    return named | texts | ({"problem": change.problem} if change.problem else {})


def _sentences(found: WorksheetDiff, applied: AppliedChanges | None) -> Iterator[str]:
    if applied is None:
        yield f"{counted(len(found.taken), 'cell')} would be taken from the worksheet."
        yield from (f"{_place(change)}: “{change.now}” becomes “{change.sheet}”." for change in found.taken)
    else:
        yield applied.summary
    for change in found.conflicts:
        yield (
            f"{_place(change)}: “{change.sheet}” in the sheet is not taken, because it was changed in the batch since, to"
            f" “{change.now}”."
        )
    yield from (f"{_place(change)}: not taken. {change.problem}" for change in found.unreadable)
    yield from found.notes


def _place(change: SheetChange) -> str:
    return f"Row {change.sequence}, {change.field}"
