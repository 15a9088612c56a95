"""The work of each action between two states: populate, refresh, complete, reopen and execute."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from batchbook.batches.engine.context import ActionContext, recount
from batchbook.batches.engine.copying import follow_up
from batchbook.batches.engine.file_intake import (
    ensure_inspected,
    intake_fields,
    learn_corrections,
    maps_columns,
)
from batchbook.batches.engine.preview import bind_options, options_as_json
from batchbook.batches.engine.scheduled_execution import cancel_schedule, cancel_schedule_for_execution
from batchbook.batches.handler import Outcome
from batchbook.batches.hook_guard import handler_code
from batchbook.batches.intake.file_inspection import describe_source
from batchbook.batches.intake.file_source import stored_intake
from batchbook.batches.lifecycle import Action
from batchbook.batches.rows.scope import Rows
from batchbook.batches.rows.storage import RowWriter
from batchbook.errors import Conflict
from batchbook.words import counted

#: The figure of an outcome that names the batch into which the rows went that were left out.
FOLLOW_UP = "follow_up"

log = logging.getLogger(__name__)


def _populate(work: ActionContext, _options: Mapping[str, Any]) -> str:
    with around(Action.POPULATE, work):
        ensure_inspected(work)
        work.make_room()
        handler = work.handler
        writer = RowWriter(work.session, work.batch, work.row, handler.statuses)

        def report(written: int) -> None:
            work.progress.report("populate", written, handler.expected_rows)

        with handler_code(work.session):
            writer.write(handler.populate(work.batch), handler.chunk_size, report)
        work.batch_type.rows.written(work.session, work.batch)
        if handler.per_batch_rows:
            with handler_code(work.session):
                more = handler.per_batch_rows.supplement(handler, work.batch)
                writer.write(more, handler.chunk_size, report)
        written = writer.written
        if written:
            refresh_in_chunks(work, work.rows(), total=written)
        work.batch_type.rows.guard(work.session, work.batch)
    work.batch.refreshed_at = work.now
    recount(work)
    work.record("populate", f"Populated with {counted(written, 'row')}{_source_of(work)}.")
    return f"{work.batch} was populated with {counted(written, 'row')}."


def _source_of(work: ActionContext) -> str:
    """Return how the rows were read from a file, as the end of a sentence; empty where there is nothing to say."""
    intake = stored_intake(work.batch) if maps_columns(work) else None
    return "" if intake is None else describe_source(intake, intake_fields(work))


def _refresh(work: ActionContext, _options: Mapping[str, Any]) -> str:
    before = dict(work.batch.status_counts)
    with around(Action.REFRESH, work):
        refresh_in_chunks(work, work.rows(), total=work.batch.kept_count)
    work.batch.refreshed_at = work.now
    recount(work)
    changed = "no status changed" if before == work.batch.status_counts else "statuses changed"
    work.record("refresh", f"Refreshed {counted(work.batch.kept_count, 'row')}; {changed}.")
    return f"{work.batch} was refreshed; {changed}."


def refresh_in_chunks(
    work: ActionContext, rows: Rows, *, total: int | None = None, edited: bool = False
) -> None:
    """Have the handler refresh ``rows`` part by part, or bring them up to date where people ``edited`` them.

    ``total`` is the number of rows, where it is known; progress is reported after each part.
    """
    handler = work.handler
    after_edit = handler.callbacks.after_edit if edited else None
    size = handler.refresh_chunk_size or handler.chunk_size
    for part, chunk in enumerate(rows.chunks(size), start=1):
        if after_edit is None:
            handler.refresh(work.batch, chunk)
        else:
            after_edit(handler, work.batch, chunk)
        chunk.save()
        work.progress.report("refresh", part * size if total is None else min(part * size, total), total)


def _complete(work: ActionContext, _options: Mapping[str, Any]) -> str:
    work.handler.callbacks.on_complete(work.handler, work.batch)
    work.batch.completed_at, work.batch.completed_by = work.now, work.actor
    work.record("complete", "Marked complete.")
    return f"{work.batch} was marked complete; it can be executed now."


def _reopen(work: ActionContext, _options: Mapping[str, Any]) -> str:
    work.batch.completed_at = work.batch.completed_by = None
    dropped = cancel_schedule(work, f"{work.actor} reopened it")
    work.record("reopen", f"Reopened.{dropped}")
    return f"{work.batch} was reopened; its rows can be changed again.{dropped}"


def _execute(work: ActionContext, options: Mapping[str, Any]) -> str:
    reason = work.handler.why_not_execute(work.batch)
    if reason is not None:
        raise Conflict(f"{work.batch} was not executed. {reason}")
    chosen = bind_options(work.handler, options)
    cancel_schedule_for_execution(work)
    with around(Action.EXECUTE, work):
        rows = work.rows()
        outcome: Outcome = work.handler.execute(work.batch, rows, chosen)
        rows.save()
    recount(work)
    learn_corrections(work)
    batch = work.batch
    summary, figures = outcome.summary, dict(outcome.figures)
    rest = None if outcome.rest is None else follow_up(work, outcome.rest)
    if rest is not None:
        summary = f"{summary} {counted(rest.row_count, 'row')} went into {str(rest).lower()}."
        figures[FOLLOW_UP] = rest.id
    batch.execution_options = options_as_json(chosen)
    batch.execution_outcome = {"summary": summary, "figures": figures}
    batch.executed_at, batch.executed_by = work.now, work.actor
    retention = work.handler.execution_policy.retention
    batch.purge_after = work.now + retention if retention else None
    work.record("execute", f"Executed: {summary}")
    return f"{work.batch} was executed: {summary}"


@contextmanager
def around(action: Action, work: ActionContext) -> Iterator[None]:
    """Call the setup of the handler's callbacks before the block and its teardown after it, come what may.

    The block has a savepoint of its own, so that teardown can use the session after an error of the database.
    """
    callbacks, batch = work.handler.callbacks, work.batch
    callbacks.setup(work.handler, action, batch)
    try:
        with work.session.begin_nested():
            yield
    except BaseException:
        try:
            callbacks.teardown(work.handler, action, batch)
        except Exception:  # What went wrong first is what people must hear of.
            log.exception("Teardown after a failed %s of %s failed too", action, batch)
        raise
    callbacks.teardown(work.handler, action, batch)


#: What each action that the engine runs does.
ACTIONS: dict[Action, Callable[[ActionContext, Mapping[str, Any]], str]] = {
    Action.POPULATE: _populate,
    Action.REFRESH: _refresh,
    Action.COMPLETE: _complete,
    Action.REOPEN: _reopen,
    Action.EXECUTE: _execute,
}
