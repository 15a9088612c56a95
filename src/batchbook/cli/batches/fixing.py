"""Commands about what is wrong in a batch's cells: listing it, and fixing all cells that are wrong alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from batchbook.batches import Action, Batch
from batchbook.batches.alike import Alike, AlikeFixer, check_fix, fixed_words, quoted
from batchbook.batches.problems import ROWS_NAMED, Problem, Problems, problems_of
from batchbook.cli.batches.command import Said, about, changing
from batchbook.cli.batches.desk import Desk, reading_desk
from batchbook.cli.batches.output import name_of
from batchbook.cli.batches.parameters import batch_argument, reading
from batchbook.cli.output import json_option, show
from batchbook.cli.parameters import TEXT
from batchbook.cli.site import Site
from batchbook.words import counted

_SIGNS = {"error": "✕", "warning": "!"}


@click.command("problems")
@batch_argument
@reading
@json_option
@click.pass_obj
def list_problems(site: Site, batch_id: int, reader: str | None, as_json: bool) -> None:
    """List what is wrong in the cells of the batch ID, like problems together, the worst and most frequent first."""
    with reading_desk(site, reader) as desk:
        work = desk.engine.work_on(desk.find(batch_id, Action.VIEW))
        problems = problems_of(work)
        show(as_json, _data(work.batch, problems), *_lines(work.batch, problems))


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
    desk: Desk, batch: Batch, field: str, text: str, wanted: str, code: str | None, dry_run: bool
) -> Said:
    """Put one text into all cells of the batch ID that have a problem and hold the same text."""
    alike, fixer = Alike(field, text, code or ""), AlikeFixer(desk.engine)
    if not dry_run:
        edited = fixer.fix(batch.id, alike, wanted)
        return about(batch, f"{batch}: {fixed_words(edited)}", rows=edited.rows, cells=edited.cells)
    work = desk.engine.work_on(batch)
    check_fix(work, alike, wanted)
    rows = list(fixer.demand_seen(work, alike, None).versions)
    message = f"{batch}: {_would(alike, wanted, rows)}"
    return about(batch, message, rows=len(rows), sequences=rows[:ROWS_NAMED])


def _would(alike: Alike, wanted: str, rows: list[int]) -> str:
    named = ", ".join(map(str, rows[:ROWS_NAMED])) + (", …" if len(rows) > ROWS_NAMED else "")
    return (
        f"{alike.field} would become {quoted(wanted)} instead of {quoted(alike.text)} in {counted(len(rows), 'row')}:"
        f" {named}. Nothing was changed."
    )
