"""Commands for a batch's rows as a worksheet: written into a file, and taken back from one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO

import click

from batchbook.batches import Action
from batchbook.batches.worksheets import (
    Applied,
    Comparison,
    SheetChange,
    apply_worksheet,
    compare,
    keep_worksheet,
    kept_worksheet,
    layout_of,
    open_worksheet,
    refuse_too_large,
    sheet_grid,
    with_problems,
    write_worksheet,
)
from batchbook.cli.batches.desk import Desk, acting_desk, reading_desk
from batchbook.cli.batches.output import name_of
from batchbook.cli.batches.parameters import acting, batch_argument, reading
from batchbook.cli.batches.sending import name_to_send, open_to_send
from batchbook.cli.output import json_option, show
from batchbook.cli.site import Site
from batchbook.grid import GridState
from batchbook.words import counted

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
@click.pass_obj
def worksheet(
    site: Site, batch_id: int, output: IO[bytes], problems: bool, reader: str | None, as_json: bool
) -> None:
    """Write the rows of the batch ID into a workbook, to be corrected in a spreadsheet program."""
    with reading_desk(site, reader) as desk, TemporaryFile() as file:
        batch = desk.find(batch_id, Action.DOWNLOAD)
        count = _write(desk, batch.id, problems, file)
        file.seek(0)
        # Only now: what is refused must not leave an empty file behind.
        output.writelines(iter(lambda: file.read(_PIECE), b""))
        facts = {**name_of(batch), "rows": count, "output": output.name}
    if output.name != "-":
        show(as_json, facts, f"Wrote {counted(count, 'row')} of {batch} to {output.name}.")


def _write(desk: Desk, batch_id: int, problems: bool, file: BinaryIO) -> int:
    work = desk.engine.work_on(desk.engine.find(batch_id))
    layout = layout_of(work)
    where = [~work.row.removed, *([with_problems(work)] if problems else [])]
    grid = sheet_grid(work, layout, *where)
    count = grid.count(desk.session, GridState(), None)
    refuse_too_large(work, layout, count)
    write_worksheet(work, layout, grid.all_rows(desk.session, GridState(), None), file)
    return count


@click.command("worksheet-apply")
@batch_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what differs, and take nothing.")
@acting
@json_option
@click.pass_obj
def worksheet_apply(site: Site, batch_id: int, file: Path, dry_run: bool, actor: str, as_json: bool) -> None:
    """Take what was changed in the worksheet FILE into the batch ID, but for what was changed there since."""
    with acting_desk(site, actor) as desk, open_to_send(site, file, "Nothing was changed.") as opened:
        batch = desk.find(batch_id, Action.EDIT)
        found = _looked(desk, batch.id, file, opened) if dry_run else _kept(desk, batch.id, file, opened)
        applied = None if dry_run else apply_worksheet(desk.engine, batch.id, found)
        facts = {**name_of(batch), **_facts(found, applied)}
    show(as_json, facts, *_sentences(found, applied))


def _looked(desk: Desk, batch_id: int, path: Path, file: BinaryIO) -> Comparison:
    return compare(desk.engine.work_on(desk.engine.find(batch_id)), open_worksheet(name_to_send(path), file))


def _kept(desk: Desk, batch_id: int, path: Path, file: BinaryIO) -> Comparison:
    record = keep_worksheet(desk.engine, batch_id, name_to_send(path), file)
    work = desk.engine.work_on(desk.engine.find(batch_id))
    with kept_worksheet(work, record.number) as sheet:
        return compare(work, sheet)


def _facts(found: Comparison, applied: Applied | None) -> dict[str, Any]:
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


def _sentences(found: Comparison, applied: Applied | None) -> Iterator[str]:
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
