"""``batchbook batch show``: the facts of one batch, its rows by status, and what executing it would do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from batchbook.batches import Action, Batch, input_file
from batchbook.batches.editing import editable_columns
from batchbook.batches.plan import Plan, plan_execution, totals_of
from batchbook.batches.work import Work
from batchbook.cli.batches.desk import reading_desk
from batchbook.cli.batches.output import aligned, moment, name_of
from batchbook.cli.batches.parameters import batch_argument, reading
from batchbook.cli.output import json_option, show
from batchbook.cli.site import Site
from batchbook.grid import render

_FACTS = (
    *("state", "status", "failure", "version", "row_count", "removed_count", "status_counts"),
    *("created_at", "created_by", "refreshed_at", "completed_at", "completed_by"),
    *("executed_at", "executed_by", "execution_options", "execution_outcome", "purge_after"),
)


@click.command("show")
@batch_argument
@reading
@json_option
@click.pass_obj
def show_batch(site: Site, batch_id: int, reader: str | None, as_json: bool) -> None:
    """Show the batch ID: its facts, its rows by status, and what executing it would do."""
    with reading_desk(site, reader) as desk:
        work = desk.engine.work_on(desk.find(batch_id, Action.VIEW))
        plan = plan_execution(work) or Plan((), ())
        actions = [str(action) for action in desk.actions(work.batch)]
        show(as_json, _data(work, plan) | {"actions": actions}, *_lines(work, plan))


def _data(work: Work, plan: Plan) -> dict[str, Any]:
    batch = work.batch
    record = input_file(work.session, batch)
    return {
        **name_of(batch),
        **{name: getattr(batch, name) for name in _FACTS},
        "fields": {
            c.name: getattr(batch, c.name) for c in editable_columns(work.batch_type.header, new=True)
        },
        "totals": [{"label": total.label, "value": str(total.value)} for total in totals_of(work)],
        "file": {"name": record.name, "size": record.size, "sha256": record.sha256} if record else None,
        "execution": {"why_not": list(plan.reasons), "description": list(plan.sentences)},
    }


def _lines(work: Work, plan: Plan) -> Iterator[str]:
    batch = work.batch
    yield f"{batch} · {work.batch_type.title} · {batch.state}"
    yield ""
    yield from aligned([(word, text) for word, text in _facts(work) if text])
    if batch.status_counts:
        yield from ("", "Rows by status")
        yield from _counts(work)
    yield from ("", "Execution")
    yield from (f"  {sentence}" for sentence in _execution(batch, plan))


def _facts(work: Work) -> Iterator[tuple[str, str]]:
    batch = work.batch
    for column in editable_columns(work.batch_type.header, new=True):
        yield column.label, render(column, getattr(batch, column.name))
    record = input_file(work.session, batch)
    yield "File", f"{record.name}, {record.size:,} bytes, SHA-256 {record.sha256}" if record else ""
    yield "Created", _done(batch.created_at, batch.created_by)
    yield "Refreshed", _done(batch.refreshed_at, None)
    yield "Marked complete", _done(batch.completed_at, batch.completed_by)
    yield "Executed", _done(batch.executed_at, batch.executed_by)
    yield "Last failure", batch.failure or ""
    yield "Rows", f"{batch.kept_count:,}"
    yield "Removed rows", f"{batch.removed_count:,}" if batch.removed_count else ""
    for total in totals_of(work):
        yield total.label, str(total.value)


def _done(at: Any, by: str | None) -> str:
    return f"{moment(at)} UTC{f' by {by}' if by else ''}" if at else ""


def _counts(work: Work) -> Iterator[str]:
    counts = work.batch.status_counts
    known = {s.value: (f"{s.sign} {s.label}".strip(), s.value) for s in work.handler.statuses or ()}
    order = [
        *(value for value in known if value in counts),
        *(value for value in counts if value not in known),
    ]
    words = [known.get(value, (value or "(none)", ""))[0] for value in order]
    width = max(map(len, words))
    return (f"  {word:<{width}}  {counts[value]:>9,}" for word, value in zip(words, order, strict=True))


def _execution(batch: Batch, plan: Plan) -> Iterator[str]:
    if batch.execution_outcome:
        yield batch.execution_outcome["summary"]
    yield from plan.sentences
    yield from plan.reasons
