"""Commands that export a batch's rows, files and worksheets, and apply worksheets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, cast

import click
from sqlalchemy import JSON, ColumnElement, Row, select

from batchbook.batches import Action, Batch, BatchFile, BatchRow, BatchType, file_chunks, input_file
from batchbook.batches.files import stored_files
from batchbook.batches.policies.field_access import field_access, refuse_file_of_others
from batchbook.batches.policies.field_rules import FieldAccess
from batchbook.batches.running.runner import reason_in
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
from batchbook.cli.batches.intake_commands import open_upload, upload_name
from batchbook.cli.batches.session import CommandSession, acting_session, reading_session
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import (
    batch_identity,
    json_array,
    json_option,
    print_bytes,
    print_result,
    print_stream,
)
from batchbook.cli.parameters import (
    TEXT,
    actor_option,
    batch_argument,
    edit_reason_option,
    given_reason,
    reader_option,
)
from batchbook.errors import BadInput, Missing
from batchbook.grid import Column, Grid, GridState, Kind, columns_of, csv_chunks
from batchbook.security.audit_log import DOWNLOADED, EXPORTED, record_file_command
from batchbook.words import counted

_HIDDEN = frozenset({"batch_id", "issues", "removed", "version", "modified_at"})


@click.command()
@batch_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json", "xlsx"]),
    help="The format to print; CSV by default. XLSX needs --output.",
)
@click.option(
    "--output",
    metavar="FILE",
    type=click.File("wb", lazy=True),
    help="The file to write; standard output by default.",
)
@click.option("--status", metavar="STATUS", type=TEXT, help="Only rows with this status.")
@click.option("--removed", is_flag=True, help="Only rows that were removed, instead of the others.")
@reader_option
@json_option
@pass_installation
def rows(
    installation: Installation,
    batch_id: int,
    form: str | None,
    output: IO[bytes] | None,
    status: str | None,
    removed: bool,
    reader: str | None,
    as_json: bool,
) -> None:
    """Print the rows of the batch ID, in their order."""
    if as_json and form in ("csv", "xlsx"):
        raise click.UsageError(f"--json and --format {form} exclude each other.")
    if form == "xlsx" and output is None:
        raise click.UsageError("--format xlsx needs --output FILE.")
    if output is not None and (as_json or form == "json"):
        raise click.UsageError("--output is for --format csv and xlsx.")
    with reading_session(installation, reader) as session:
        batch = session.find(batch_id, Action.VIEW)
        batch_type = session.types[batch.type]
        row = batch_type.rows.of(batch)
        access = field_access(session.db, batch_type, session.engine.actor)
        where = [row.removed.is_(removed), *status_condition(batch_type, row, status)]
        if as_json or form == "json":
            columns = (*_columns(row, access), Column("issues", "issues", row.issues, Kind.TEXT))
            found_rows = _select_rows(session, batch, columns, where)
            print_stream(
                json_array(
                    {**found._mapping, "issues": access.issues(found.issues) or None} for found in found_rows
                )
            )
        else:
            columns = _columns(row, access)
            found = _select_rows(session, batch, columns, where)
            if output is None:
                print_bytes(csv_chunks(columns, found))
            else:
                from batchbook.master.record_pages import write_export  # Pages are loaded for files only.

                write_export(columns, form or "csv", found, cast("BinaryIO", output))
    record_file_command(
        installation.engine, EXPORTED, batch.number, form or ("json" if as_json else "csv"), reader
    )


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


def _columns(row: type[BatchRow], access: FieldAccess) -> tuple[Column, ...]:
    """Return the columns of the rows that somebody with ``access`` may see, headed by their names: as "set" and JSON name them."""
    names = [
        column.key
        for column in row.__mapper__.columns
        # JSON is no cell: the original texts of a file are on the row's page.
        if column.key not in _HIDDEN and not isinstance(column.type, JSON) and access.sees(column.key)
    ]
    return tuple(replace(column, label=column.name) for column in columns_of(row, names))


def _select_rows(
    session: CommandSession, batch: Batch, columns: tuple[Column, ...], where: list[ColumnElement[bool]]
) -> Iterator[Row[Any]]:
    row = session.types[batch.type].rows.of(batch)
    grid = Grid(columns, select(row).where(row.batch_id == batch.id, *where), (row.sequence,))
    return grid.all_rows(session.db, GridState(), None)


@click.command()
@batch_argument
@click.option(
    "--output",
    metavar="FILE",
    type=click.File("wb", lazy=True),
    help="The file to write; standard output by default.",
)
@click.option(
    "--name",
    metavar="NAME",
    type=TEXT,
    help="The file of that name, such as one that executing the batch made.",
)
@reader_option
@json_option
@pass_installation
def download(
    installation: Installation,
    batch_id: int,
    output: IO[bytes] | None,
    name: str | None,
    reader: str | None,
    as_json: bool,
) -> None:
    """Download the file that the batch ID was created from, or another one of its files, byte for byte."""
    if as_json and (output is None or output.name == "-"):
        raise click.UsageError("--json describes the file that was written; name one with --output.")
    with reading_session(installation, reader) as session:
        batch = session.find(batch_id, Action.DOWNLOAD)
        record = _input_file(session, batch) if name is None else _file_called(session, batch, name)
        refuse_file_of_others(session.engine.context_of(batch).access, session.engine.actor, record)
        chunks = file_chunks(session.db, record)
        if output is None:
            print_bytes(chunks)
        else:
            output.writelines(chunks)
    record_file_command(
        installation.engine, DOWNLOADED, f"{batch_id:08d} {record.name}", record.sha256, reader
    )
    if output is None:
        return
    data = {"name": record.name, "size": record.size, "sha256": record.sha256, "output": output.name}
    if output.name != "-":
        print_result(as_json, data, f"Wrote {record.name}, {record.size:,} bytes, to {output.name}.")


def _input_file(session: CommandSession, batch: Batch) -> BatchFile:
    record = input_file(session.db, batch)
    if record is None:
        raise Missing(f"{batch} was not created from a file, so there is none to download.")
    return record


def _file_called(session: CommandSession, batch: Batch, name: str) -> BatchFile:
    """Return the file of ``batch`` called ``name``, of several the latest; raise ``Missing`` if there is none."""
    files = stored_files(session.db, batch)
    found = [file for file in files if file.name == name]
    if not found:
        known = f"Its files: {', '.join(file.name for file in files)}." if files else "It has no files."
        raise Missing(f"{batch} has no file “{name}”. {known}")
    return found[-1]


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
    help="The file to write.",
)
@click.option("--problems", is_flag=True, help="Only the rows with problems.")
@reader_option
@json_option
@pass_installation
def worksheet(
    installation: Installation,
    batch_id: int,
    output: IO[bytes],
    problems: bool,
    reader: str | None,
    as_json: bool,
) -> None:
    """Write the rows of the batch ID into a workbook, to be corrected in a spreadsheet program."""
    with reading_session(installation, reader) as session, TemporaryFile() as file:
        batch = session.find(batch_id, Action.DOWNLOAD)
        count = _write(session, batch.id, problems, file)
        file.seek(0)
        # Only now, because a refusal must not leave an empty file behind.
        output.writelines(iter(lambda: file.read(_PIECE), b""))
        facts = {**batch_identity(batch), "rows": count, "output": output.name}
    record_file_command(
        installation.engine, EXPORTED, batch.number, f"worksheet, {counted(count, 'row')}", reader
    )
    if output.name != "-":
        print_result(as_json, facts, f"Wrote {counted(count, 'row')} of {batch} to {output.name}.")


def _write(session: CommandSession, batch_id: int, problems: bool, file: BinaryIO) -> int:
    context = session.engine.context_of(session.engine.find(batch_id))
    layout = layout_of(context)
    where = [~context.row.removed, *([with_problems(context)] if problems else [])]
    grid = sheet_grid(context, layout, *where)
    count = grid.count(session.db, GridState(), None)
    refuse_too_large(context, layout, count)
    write_worksheet(context, layout, grid.all_rows(session.db, GridState(), None), file)
    return count


@click.command("worksheet-apply")
@batch_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change without changing it.")
@edit_reason_option
@actor_option
@json_option
@pass_installation
def worksheet_apply(
    installation: Installation,
    batch_id: int,
    file: Path,
    dry_run: bool,
    reason: str | None,
    actor: str,
    as_json: bool,
) -> None:
    """Apply the changes in the worksheet FILE to the batch ID, except to cells that were changed there since."""
    with (
        acting_session(installation, actor) as session,
        open_upload(installation, file, "Nothing was changed.") as opened,
    ):
        batch = session.find(batch_id, Action.EDIT)
        session.reason = reason_in(given_reason(reason))
        if dry_run:
            diff = diff_worksheet(session.engine.context_of(batch), open_worksheet(upload_name(file), opened))
            applied = None
        else:
            diff = _store_and_diff(session, batch.id, file, opened)
            applied = apply_worksheet(session.engine, batch.id, diff)
        facts = {**batch_identity(batch), **_facts(diff, applied)}
    print_result(as_json, facts, *_sentences(diff, applied))


def _store_and_diff(session: CommandSession, batch_id: int, path: Path, file: BinaryIO) -> WorksheetDiff:
    record = store_worksheet(session.engine, batch_id, upload_name(path), file)
    if hint := session.earlier_upload(record):
        click.echo(hint, err=True)
    context = session.engine.context_of(session.engine.find(batch_id))
    with stored_worksheet(context, record.number) as sheet:
        return diff_worksheet(context, sheet)


def _facts(diff: WorksheetDiff, applied: AppliedChanges | None) -> dict[str, Any]:
    lists = {"taken": diff.taken, "conflicts": diff.conflicts, "unreadable": diff.unreadable}
    return {
        "rows": applied.rows if applied else 0,
        "cells": applied.cells if applied else 0,
        **{name: [_change_facts(change) for change in changes] for name, changes in lists.items()},
        "notes": diff.notes,
    }


def _change_facts(change: SheetChange) -> dict[str, Any]:
    names = ("sequence", "field", "before", "now", "sheet", *(["problem"] if change.problem else []))
    return {name: getattr(change, name) for name in names}


def _sentences(diff: WorksheetDiff, applied: AppliedChanges | None) -> Iterator[str]:
    if applied is None:
        yield f"{counted(len(diff.taken), 'cell')} would change."
        yield from (f"{_place(change)}: “{change.now}” becomes “{change.sheet}”." for change in diff.taken)
    else:
        yield applied.summary
    for change in diff.conflicts:
        yield (
            f"{_place(change)}: “{change.sheet}” in the sheet was skipped: since the download the cell was changed to “{change.now}” in the"
            " batch."
        )
    yield from (f"{_place(change)}: skipped. {change.problem}" for change in diff.unreadable)
    yield from diff.notes


def _place(change: SheetChange) -> str:
    return f"Row {change.sequence}, {change.field}"
