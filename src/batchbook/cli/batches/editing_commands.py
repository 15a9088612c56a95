"""Commands that edit rows and headers, remove rows, and correct similar cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click
from sqlalchemy import and_, true

from batchbook.batches import Action, Batch
from batchbook.batches.editing import HeaderEditor, RowEditor, RowRemover, Undoer, UndoResult
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
from batchbook.cli.batches.command_factories import CommandResult, batch_result, change_command
from batchbook.cli.batches.export_commands import status_condition
from batchbook.cli.batches.session import CommandSession, reading_session
from batchbook.cli.installation import Installation, pass_installation
from batchbook.cli.output import batch_identity, json_option, print_result
from batchbook.cli.parameters import TEXT, batch_argument, reader_option, sequence_argument, values_option
from batchbook.words import counted


@change_command(
    "set",
    Action.EDIT,
    sequence_argument,
    click.argument("field", type=TEXT),
    click.argument("value", type=TEXT),
)
def set_cell(session: CommandSession, batch: Batch, sequence: int, field: str, value: str) -> CommandResult:
    """Store VALUE in the FIELD of row SEQUENCE of the batch ID.

    An empty VALUE empties the cell. One that begins with a hyphen and is no number comes after a "--".
    """
    changed = RowEditor(session.engine).edit(batch.id, sequence, {field: value}).labels
    message = f"Row {sequence} of {batch}: {_changes_text(changed)}."
    return batch_result(batch, message, sequence=sequence, changed=bool(changed))


@change_command("edit", Action.EDIT, values_option("A field of the header; may be repeated.", required=True))
def edit(session: CommandSession, batch: Batch, values: dict[str, str]) -> CommandResult:
    """Change fields of the header of the batch ID."""
    changed = HeaderEditor(session.engine).edit(batch.id, values)
    return batch_result(batch, f"{batch}: {_changes_text(changed)}.", changed=bool(changed))


@change_command("add-row", Action.EDIT, values_option("A field of the row; may be repeated.", required=True))
def add_row(session: CommandSession, batch: Batch, values: dict[str, str]) -> CommandResult:
    """Add a row at the end of the batch ID."""
    sequence = RowEditor(session.engine).add(batch.id, values)
    return batch_result(batch, f"Row {sequence} was added to {batch}.", sequence=sequence)


def _changes_text(labels: list[str]) -> str:
    return f"changed {', '.join(labels)}" if labels else "nothing to change"


@change_command("remove-row", Action.EDIT, sequence_argument)
def remove_row(session: CommandSession, batch: Batch, sequence: int) -> CommandResult:
    """Remove row SEQUENCE from the batch ID; "restore-row" brings it back."""
    RowRemover(session.engine).set_removed(batch.id, sequence, removed=True)
    return batch_result(batch, f"Row {sequence} was removed from {batch}.", sequence=sequence)


@change_command("restore-row", Action.EDIT, sequence_argument)
def restore_row(session: CommandSession, batch: Batch, sequence: int) -> CommandResult:
    """Restore row SEQUENCE, which was removed, to the batch ID."""
    RowRemover(session.engine).set_removed(batch.id, sequence, removed=False)
    return batch_result(batch, f"Row {sequence} was restored to {batch}.", sequence=sequence)


_STATUS = click.option(
    "--status", metavar="STATUS", required=True, type=TEXT, help="The status of the rows to remove."
)


@change_command("remove-rows", Action.EDIT, _STATUS)
def remove_rows(session: CommandSession, batch: Batch, status: str) -> CommandResult:
    """Remove all rows of one status from the batch ID."""
    batch_type = session.types[batch.type]
    (condition,) = status_condition(batch_type, batch_type.rows.of(batch), status)
    count = RowRemover(session.engine).remove_where(batch.id, condition)
    return batch_result(
        batch, f"{counted(count, 'row was', 'rows were')} removed from {batch}.", removed=count
    )


@change_command(
    "restore-rows",
    Action.EDIT,
    click.option(
        "--status", metavar="STATUS", type=TEXT, help="Only rows that had this status when they were removed."
    ),
)
def restore_rows(session: CommandSession, batch: Batch, status: str | None) -> CommandResult:
    """Restore all rows that were removed from the batch ID, or those of one status."""
    batch_type = session.types[batch.type]
    condition = and_(true(), *status_condition(batch_type, batch_type.rows.of(batch), status))
    count = RowRemover(session.engine).restore_where(batch.id, condition)
    return batch_result(
        batch, f"{counted(count, 'row was', 'rows were')} restored to {batch}.", restored=count
    )


@change_command(
    "undo",
    Action.EDIT,
    click.option(
        "--operation",
        metavar="NUMBER",
        type=click.IntRange(1),
        help="An operation of the history, whoever did it, instead of the latest one.",
    ),
)
def undo(session: CommandSession, batch: Batch, operation: int | None) -> CommandResult:
    """Undo the latest operation of the user on the batch ID that is not undone yet.

    Cells that were changed again since are left alone. A single OPERATION is refused then.
    """
    undoer = Undoer(session.engine)
    result = undoer.undo(batch.id) if operation is None else undoer.reverse(batch.id, operation)
    return _reversed(batch, result)


@change_command("redo", Action.EDIT)
def redo(session: CommandSession, batch: Batch) -> CommandResult:
    """Redo what the user undid last on the batch ID, unless they changed anything since."""
    return _reversed(batch, Undoer(session.engine).redo(batch.id))


def _reversed(batch: Batch, result: UndoResult) -> CommandResult:
    return batch_result(
        batch, f"{batch}: {result.message}", operation=result.operation, cells=result.undone, left=result.left
    )


_SIGNS = {"error": "✕", "warning": "!"}


@click.command("problems")
@batch_argument
@reader_option
@json_option
@pass_installation
def list_problems(installation: Installation, batch_id: int, reader: str | None, as_json: bool) -> None:
    """List the problems in the cells of the batch ID, similar ones together, the worst and most frequent first."""
    with reading_session(installation, reader) as session:
        context = session.engine.context_of(session.find(batch_id, Action.VIEW))
        problems = problems_of(context)
        print_result(as_json, _data(context.batch, problems), *_lines(context.batch, problems))


def _data(batch: Batch, problems: Problems) -> dict[str, Any]:
    return {
        **batch_identity(batch),
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
    yield from map(_group_line, problems.groups)
    if problems.others:
        yield f"{counted(problems.others, 'more problem')} not listed: there are too many different ones."


def _group_line(group: Problem) -> str:
    where = f"{counted(group.count, 'row')}, {'such as' if group.count > 1 else 'number'} {group.rows[0]}"
    suggested = f" Suggestions: {', '.join(group.suggestions)}." if group.suggestions else ""
    sign = _SIGNS.get(group.severity, "●")
    return f"{sign} {group.field} {quoted(group.text)} ({group.code}; {where}): {group.message}{suggested}"


@change_command(
    "fix",
    Action.EDIT,
    click.option(
        "--field", metavar="FIELD", required=True, type=TEXT, help="The field whose cells to correct."
    ),
    click.option(
        "--text",
        metavar="TEXT",
        required=True,
        type=TEXT,
        help="The text that the cells hold now; may be empty.",
    ),
    click.option(
        "--with", "replacement", metavar="TEXT", required=True, type=TEXT, help="The text to put into them."
    ),
    click.option("--code", metavar="CODE", type=TEXT, help="Only cells with this problem."),
    click.option("--dry-run", is_flag=True, help="Show what would change without changing it."),
)
def fix(
    session: CommandSession,
    batch: Batch,
    field: str,
    text: str,
    replacement: str,
    code: str | None,
    dry_run: bool,
) -> CommandResult:
    """Replace the same text in all cells of the batch ID that have a problem with it."""
    cells, fixer = SimilarCells(field, text, code or ""), SimilarFixer(session.engine)
    if not dry_run:
        edited = fixer.fix(batch.id, cells, replacement)
        return batch_result(batch, f"{batch}: {fixed_message(edited)}", rows=edited.rows, cells=edited.cells)
    context = session.engine.context_of(batch)
    check_fix(context, cells, replacement)
    rows = list(fixer.demand_seen(context, cells, None).versions)
    message = f"{batch}: {_preview_sentence(cells, replacement, rows)}"
    return batch_result(batch, message, rows=len(rows), sequences=rows[:ROWS_NAMED])


def _preview_sentence(cells: SimilarCells, replacement: str, rows: list[int]) -> str:
    named = ", ".join(map(str, rows[:ROWS_NAMED])) + (", …" if len(rows) > ROWS_NAMED else "")
    return (
        f"{cells.field} would become {quoted(replacement)} instead of {quoted(cells.text)} in {counted(len(rows), 'row')}:"
        f" {named}. Nothing was changed."
    )
