"""The mark of removed rows: set on many rows by one statement, and noted in the history by another."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, update

from batchbook.batches.concurrency import next_row_version
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.history import MARK, REMOVED, Cell, add_cells
from batchbook.batches.models import Operation
from batchbook.db.bulk_writing import chunked

#: The number of rows that are noted together.
_AT_A_TIME = 50_000


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
    *,
    removed: bool,
    condition: ColumnElement[bool] | None = None,
) -> Sequence[int]:
    """Note in the history that ``operation`` has marked rows, which ``condition`` selects among others, as ``removed``.

    They are found by the time of the action, as long as no refresh has changed other rows at the same time. Returns their
    numbers.
    """
    model = context.row
    marked = select(model.sequence).where(
        model.batch_id == context.batch.id,
        model.removed.is_(removed),
        model.modified_at == context.now,
        *(() if condition is None else (condition,)),
    )
    found = context.session.connection().execute(marked.order_by(model.sequence)).scalars().all()
    for sequences in chunked(found, _AT_A_TIME):
        cells = [Cell(sequence, REMOVED, MARK[not removed], MARK[removed]) for sequence in sequences]
        add_cells(context.session, operation, cells)
    return found
