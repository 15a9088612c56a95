"""The common part of all ways to get a batch ready: its rows written and refreshed, and the batch marked complete."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.refresh import recount_refreshed, refresh_in_chunks
from batchbook.batches.hook_guard import handler_code
from batchbook.batches.matching.memory import match_rows
from batchbook.batches.models import Batch
from batchbook.batches.policies.stored import store_declared
from batchbook.batches.rows.row_values import Block, RowValues
from batchbook.batches.rows.storage import RowWriter


def write_rows(context: ActionContext, source: Callable[[], Iterable[RowValues | Block]]) -> int:
    """Write the rows that ``source`` returns as those of the batch, refresh them, and return their number.

    ``source`` is called within the guard around a handler's code. The caller settles the rows afterwards.
    """
    batch, handler, tables = context.batch, context.handler, context.batch_type.rows
    per_batch = handler.per_batch_rows
    tables.make_room(context.session, batch, per_batch.columns(handler, batch) if per_batch else ())
    handler.row_model = tables.of(batch)
    writer = RowWriter(context.session, batch, context.row, handler.statuses)

    def report(written: int) -> None:
        context.progress.report("populate", written, handler.expected_rows)

    with handler_code(context.session):
        writer.write(source(), handler.chunk_size, report)
    tables.written(context.session, batch)
    if per_batch:
        with handler_code(context.session):
            writer.write(per_batch.supplement(handler, batch), handler.chunk_size, report)
    if writer.written:
        refresh_in_chunks(context, context.rows(), total=writer.written)
    tables.guard(context.session, batch)
    return writer.written


def settle_rows(context: ActionContext) -> None:
    """Count the rows of a batch that were just written and refreshed, and match those whose keys are remembered."""
    context.batch.refreshed_at = context.now
    recount_refreshed(context)
    match_rows(context)


def note_complete(context: ActionContext, by: str) -> None:
    """Have the handler agree that the batch is complete, and note in its header that ``by`` says so."""
    context.handler.callbacks.on_complete(context.handler, context.batch)
    declared = context.handler.execution_policy.policy
    store_declared(context.session, context.batch.type, declared, context.now)
    context.batch.completed_at, context.batch.completed_by = context.now, by
    note_sent_back(context.batch)


def note_sent_back(
    batch: Batch,
    to: str | None = None,
    by: str | None = None,
    at: datetime | None = None,
    reason: str | None = None,
) -> None:
    """Note in the header of ``batch`` who has to correct it and why; without arguments, that nobody has to."""
    batch.sent_back_to, batch.sent_back_by, batch.sent_back_at, batch.sent_back_reason = to, by, at, reason
