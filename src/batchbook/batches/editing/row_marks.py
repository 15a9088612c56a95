"""The mark of removed rows: set on many rows by one statement, and noted in the history by another."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, insert, literal, select, update

from batchbook.batches.concurrency import next_row_version
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.history import MARK, REMOVED
from batchbook.batches.models import CellChange, Operation

_NOTED = ("batch_id", "operation", "position", "sequence", "field", "old", "new")


def mark_rows(context: ActionContext, condition: ColumnElement[bool], *, removed: bool) -> int:
    """Mark the rows of the batch that satisfy ``condition`` as ``removed`` or not; return how many were marked otherwise."""
    model = context.row
    marked = context.session.connection().execute(
        update(context.rows().table)
        .where(model.batch_id == context.batch.id, model.removed.is_(not removed), condition)
        .values(removed=removed, **next_row_version(model.version, context.now))
    )
    return marked.rowcount


def note_marks(
    context: ActionContext,
    operation: Operation,
    count: int,
    *,
    removed: bool,
    condition: ColumnElement[bool] | None = None,
) -> None:
    """Note in the history that ``operation`` has marked ``count`` rows, which ``condition`` selects among others, as ``removed``.

    They are found by the time of the action, as long as no refresh has changed other rows at the same time.
    """
    model = context.row
    marked = select(
        model.batch_id,
        literal(operation.number),
        func.row_number().over(order_by=model.sequence) + (operation.cells - 1),
        model.sequence,
        literal(REMOVED),
        literal(MARK[not removed]),
        literal(MARK[removed]),
    ).where(
        model.batch_id == context.batch.id,
        model.removed.is_(removed),
        model.modified_at == context.now,
        *(() if condition is None else (condition,)),
    )
    context.session.execute(insert(CellChange).from_select(_NOTED, marked))
    operation.cells += count
