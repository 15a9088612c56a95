"""The actions that change a batch's state: populate, refresh, complete, reopen and execute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from batchbook.batches.engine.context import ActionContext, around
from batchbook.batches.engine.copying import follow_up
from batchbook.batches.engine.file_intake import (
    ensure_inspected,
    intake_fields,
    learn_corrections,
    maps_columns,
)
from batchbook.batches.engine.preview import bind_options, options_as_json
from batchbook.batches.engine.refresh import recount, refresh_in_chunks
from batchbook.batches.engine.scheduled_execution import cancel_schedule, cancel_schedule_for_execution
from batchbook.batches.handler import Outcome
from batchbook.batches.history import record
from batchbook.batches.hook_guard import handler_code
from batchbook.batches.intake.file_inspection import describe_source
from batchbook.batches.intake.file_source import stored_intake
from batchbook.batches.lifecycle import Action
from batchbook.batches.rows.storage import RowWriter
from batchbook.errors import Conflict
from batchbook.words import counted

#: The key, among the figures of an execution's outcome, of the number of the follow-up batch.
FOLLOW_UP = "follow_up"


def _populate(work: ActionContext, _options: Mapping[str, Any]) -> str:
    batch, handler, tables = work.batch, work.handler, work.batch_type.rows
    with around(Action.POPULATE, work):
        ensure_inspected(work)
        per_batch = handler.per_batch_rows
        tables.make_room(work.session, batch, per_batch.columns(handler, batch) if per_batch else ())
        handler.row_model = tables.of(batch)
        writer = RowWriter(work.session, batch, work.row, handler.statuses)

        def report(written: int) -> None:
            work.progress.report("populate", written, handler.expected_rows)

        with handler_code(work.session):
            writer.write(handler.populate(batch), handler.chunk_size, report)
        tables.written(work.session, batch)
        if per_batch:
            with handler_code(work.session):
                writer.write(per_batch.supplement(handler, batch), handler.chunk_size, report)
        written = writer.written
        if written:
            refresh_in_chunks(work, work.rows(), total=written)
        tables.guard(work.session, batch)
    batch.refreshed_at = work.now
    recount(work)
    intake = stored_intake(batch) if maps_columns(work) else None
    source = "" if intake is None else describe_source(intake, intake_fields(work))
    record(work.context, batch, "populate", f"Populated with {counted(written, 'row')}{source}.")
    return f"{work.batch} was populated with {counted(written, 'row')}."


def _refresh(work: ActionContext, _options: Mapping[str, Any]) -> str:
    before = dict(work.batch.status_counts)
    with around(Action.REFRESH, work):
        refresh_in_chunks(work, work.rows(), total=work.batch.kept_count)
    work.batch.refreshed_at = work.now
    recount(work)
    changed = "no status changed" if before == work.batch.status_counts else "statuses changed"
    record(
        work.context, work.batch, "refresh", f"Refreshed {counted(work.batch.kept_count, 'row')}; {changed}."
    )
    return f"{work.batch} was refreshed; {changed}."


def _complete(work: ActionContext, _options: Mapping[str, Any]) -> str:
    work.handler.callbacks.on_complete(work.handler, work.batch)
    work.batch.completed_at, work.batch.completed_by = work.now, work.actor
    record(work.context, work.batch, "complete", "Marked complete.")
    return f"{work.batch} was marked complete; it can be executed now."


def _reopen(work: ActionContext, _options: Mapping[str, Any]) -> str:
    work.batch.completed_at = work.batch.completed_by = None
    dropped = cancel_schedule(work, f"{work.actor} reopened it")
    record(work.context, work.batch, "reopen", f"Reopened.{dropped}")
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
    record(work.context, work.batch, "execute", f"Executed: {summary}")
    return f"{work.batch} was executed: {summary}"


#: The functions of the actions that the engine runs. Each returns a sentence for the person who requested the action.
ACTIONS: dict[Action, Callable[[ActionContext, Mapping[str, Any]], str]] = {
    Action.POPULATE: _populate,
    Action.REFRESH: _refresh,
    Action.COMPLETE: _complete,
    Action.REOPEN: _reopen,
    Action.EXECUTE: _execute,
}
