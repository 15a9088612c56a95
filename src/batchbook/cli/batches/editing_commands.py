"""Commands that edit rows and headers, remove rows, and correct similar cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from batchbook.batches import Action, Batch
from batchbook.batches.editing import HeaderEditor, RowEditor, RowRemover
from batchbook.batches.editing.problems import (
    ROWS_NAMED,
    Problem,
    Problems,
    SimilarCells,
    SimilarFixer,
    check_fix,
    fixed_message,
    problems_of,
    quoted,
)
from batchbook.cli.batches.changing import CommandResult, about, changing
from batchbook.cli.batches.export_commands import status_condition
from batchbook.cli.batches.session import CommandSession, reading_session
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import json_option, name_of, print_result
from batchbook.cli.parameters import TEXT, batch_argument, reading, sequence_argument, values_option
from batchbook.words import counted


@changing(
    "set",
    Action.EDIT,
    sequence_argument,
    click.argument("field", type=TEXT),
    click.argument("value", type=TEXT),
)
def set_cell(desk: CommandSession, batch: Batch, sequence: int, field: str, value: str) -> CommandResult:
    """Store VALUE in the FIELD of row SEQUENCE of the batch ID.

    An empty VALUE empties the cell. One that begins with a hyphen comes after a "--".
    """
    changed = RowEditor(desk.engine).edit(batch.id, sequence, {field: value}).labels
    message = f"Row {sequence} of {batch}: {_changes(changed)}."
    return about(batch, message, sequence=sequence, changed=bool(changed))


@changing("edit", Action.EDIT, values_option("A field of the header; may be repeated.", required=True))
def edit(desk: CommandSession, batch: Batch, values: dict[str, str]) -> CommandResult:
    """Change fields of the header of the batch ID."""
    changed = HeaderEditor(desk.engine).edit(batch.id, values)
    return about(batch, f"{batch}: {_changes(changed)}.", changed=bool(changed))


@changing("add-row", Action.EDIT, values_option("A field of the row; may be repeated.", required=True))
def add_row(desk: CommandSession, batch: Batch, values: dict[str, str]) -> CommandResult:
    """Add a row at the end of the batch ID."""
    sequence = RowEditor(desk.engine).add(batch.id, values)
    return about(batch, f"Row {sequence} was added to {batch}.", sequence=sequence)


def _changes(labels: list[str]) -> str:
    return f"changed {', '.join(labels)}" if labels else "nothing to change"


@changing("remove-row", Action.EDIT, sequence_argument)
def remove_row(desk: CommandSession, batch: Batch, sequence: int) -> CommandResult:
    """Remove row SEQUENCE from the batch ID; "restore-row" brings it back."""
    RowRemover(desk.engine).set_removed(batch.id, sequence, removed=True)
    return about(batch, f"Row {sequence} was removed from {batch}.", sequence=sequence)


@changing("restore-row", Action.EDIT, sequence_argument)
def restore_row(desk: CommandSession, batch: Batch, sequence: int) -> CommandResult:
    """Restore row SEQUENCE, which was removed, to the batch ID."""
    RowRemover(desk.engine).set_removed(batch.id, sequence, removed=False)
    return about(batch, f"Row {sequence} was restored to {batch}.", sequence=sequence)


_STATUS = click.option(
    "--status", metavar="STATUS", required=True, type=TEXT, help="The status of the rows to remove."
)


@changing("remove-rows", Action.EDIT, _STATUS)
def remove_rows(desk: CommandSession, batch: Batch, status: str) -> CommandResult:
    """Remove all rows of one status from the batch ID."""
    batch_type = desk.types[batch.type]
    (condition,) = status_condition(batch_type, batch_type.rows.of(batch), status)
    count = RowRemover(desk.engine).remove_where(batch.id, condition)
    return about(batch, f"{counted(count, 'row was', 'rows were')} removed from {batch}.", removed=count)


_SIGNS = {"error": "✕", "warning": "!"}


@click.command("problems")
@batch_argument
@reading
@json_option
@pass_installation
def list_problems(site: Installation, batch_id: int, reader: str | None, as_json: bool) -> None:
    """List what is wrong in the cells of the batch ID, like problems together, the worst and most frequent first."""
    with reading_session(site, reader) as desk:
        context = desk.engine.context_of(desk.find(batch_id, Action.VIEW))
        problems = problems_of(context)
        print_result(as_json, _data(context.batch, problems), *_lines(context.batch, problems))


def _data(batch: Batch, problems: Problems) -> dict[str, Any]:
    return {
        **name_of(batch),
        "count": problems.count,
        "rows": problems.rows,
        "codes": dict(problems.codes.most_common()),
        "groups": [asdict(group) for group in problems.groups],
        "others": problems.others,
    }


def _lines(batch: Batch, problems: Problems) -> Iterator[str]:
    if not problems.count:
        yield f"{batch} has no problems."
        return
    yield f"{batch} has {counted(problems.count, 'problem')} in {counted(problems.rows, 'row')}."
    yield from map(_line, problems.groups)
    if problems.others:
        yield f"And {counted(problems.others, 'more problem')}: there are too many different ones to list."


def _line(group: Problem) -> str:
    where = f"{counted(group.count, 'row')}, {'such as' if group.count > 1 else 'number'} {group.rows[0]}"
    perhaps = f" Perhaps: {', '.join(group.suggestions)}." if group.suggestions else ""
    sign = _SIGNS.get(group.severity, "●")
    return f"{sign} {group.field} {quoted(group.text)} ({group.code}; {where}): {group.message}{perhaps}"


@changing(
    "fix",
    Action.EDIT,
    click.option(
        "--field", metavar="FIELD", required=True, type=TEXT, help="The field whose cells are wrong."
    ),
    click.option(
        "--text", metavar="TEXT", required=True, type=TEXT, help="What is in them now; may be empty."
    ),
    click.option("--with", "wanted", metavar="TEXT", required=True, type=TEXT, help="What is to be in them."),
    click.option("--code", metavar="CODE", type=TEXT, help="Only those with this problem."),
    click.option("--dry-run", is_flag=True, help="Say what would be changed, and change nothing."),
)
def fix(
    desk: CommandSession, batch: Batch, field: str, text: str, wanted: str, code: str | None, dry_run: bool
) -> CommandResult:
    """Put one text into all cells of the batch ID that have a problem and hold the same text."""
    alike, fixer = SimilarCells(field, text, code or ""), SimilarFixer(desk.engine)
    if not dry_run:
        edited = fixer.fix(batch.id, alike, wanted)
        return about(batch, f"{batch}: {fixed_message(edited)}", rows=edited.rows, cells=edited.cells)
    context = desk.engine.context_of(batch)
    check_fix(context, alike, wanted)
    rows = list(fixer.demand_seen(context, alike, None).versions)
    message = f"{batch}: {_would(alike, wanted, rows)}"
    return about(batch, message, rows=len(rows), sequences=rows[:ROWS_NAMED])


def _would(alike: SimilarCells, wanted: str, rows: list[int]) -> str:
    named = ", ".join(map(str, rows[:ROWS_NAMED])) + (", …" if len(rows) > ROWS_NAMED else "")
    return (
        f"{alike.field} would become {quoted(wanted)} instead of {quoted(alike.text)} in {counted(len(rows), 'row')}:"
        f" {named}. Nothing was changed."
    )
