"""The actions that the engine runs: populate, refresh, complete, reopen, send back, approve and execute."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from batchbook.batches.effects.models import effects_of
from batchbook.batches.effects.observation import observing
from batchbook.batches.engine.context import ActionContext, around
from batchbook.batches.engine.copying import follow_up
from batchbook.batches.engine.evidence import evidence_of
from batchbook.batches.engine.execution_check import demand_confirmation, lock_changing
from batchbook.batches.engine.file_intake import (
    ensure_inspected,
    intake_fields,
    learn_corrections,
    maps_columns,
)
from batchbook.batches.engine.linked_batches import make_linked_batches
from batchbook.batches.engine.lookup_check import refuse_changed_records
from batchbook.batches.engine.preparing import note_complete, note_sent_back, settle_rows, write_rows
from batchbook.batches.engine.preview import (
    bind_options,
    options_as_json,
    why_not_execute,
    why_not_scheduling,
)
from batchbook.batches.engine.refresh import recount, recount_refreshed, refresh_in_chunks
from batchbook.batches.engine.scheduled_execution import (
    cancel_schedule,
    cancel_schedule_for_execution,
    follow_version,
)
from batchbook.batches.handler import CONFIRM, Outcome
from batchbook.batches.history import record
from batchbook.batches.intake.file_inspection import describe_source
from batchbook.batches.intake.file_source import stored_intake
from batchbook.batches.lifecycle import Action
from batchbook.batches.matching.memory import match_rows
from batchbook.batches.policies.approvals import approve
from batchbook.batches.policies.demands import demand_policy, sign_execution
from batchbook.batches.retention.models import retention_of
from batchbook.batches.rows.row_values import Block, RowValues
from batchbook.batches.sources.chosen_rows import chosen_source_rows
from batchbook.errors import BadInput, Conflict
from batchbook.jobs.enqueue import scheduled_job
from batchbook.words import counted

#: The key, among the figures of an execution's outcome, of the number of the follow-up batch.
FOLLOW_UP = "follow_up"
#: The key of the numbers of the batches that it made.
MADE = "made"


def _populate(context: ActionContext, _options: Mapping[str, Any]) -> str:
    batch = context.batch
    with around(Action.POPULATE, context):
        if batch.reverses is None and not batch.has_chosen_rows:
            ensure_inspected(context)
        written = write_rows(context, lambda: _source_rows(context))
    settle_rows(context)
    intake = stored_intake(batch) if maps_columns(context) else None
    source = "" if intake is None else describe_source(intake, intake_fields(context))
    record(
        context.handler_context,
        batch,
        "populate",
        f"Populated with {counted(written, 'row')}{source}.",
        evidence=evidence_of(context, files=True, rows=written, statuses=dict(batch.status_counts)),
    )
    return f"{context.batch} was populated with {counted(written, 'row')}."


def _source_rows(context: ActionContext) -> Iterable[RowValues | Block]:
    """Return the rows to populate a batch with.

    They are those of its source, those that somebody chose elsewhere, or those that reverse the effects of another batch.
    """
    batch, handler = context.batch, context.handler
    if batch.has_chosen_rows:
        return chosen_source_rows(context)
    if batch.reverses is None or handler.reversing is None:
        return handler.populate(batch)
    return handler.reversing.rows(handler, batch, effects_of(context.session, batch.reverses))


def _refresh(context: ActionContext, _options: Mapping[str, Any]) -> str:
    before = dict(context.batch.status_counts)
    with around(Action.REFRESH, context):
        refresh_in_chunks(context, context.rows(), total=context.batch.kept_count)
    context.batch.refreshed_at = context.now
    recount_refreshed(context)
    match_rows(context)
    changed = "no status changed" if before == context.batch.status_counts else "statuses changed"
    record(
        context.handler_context,
        context.batch,
        "refresh",
        f"Refreshed {counted(context.batch.kept_count, 'row')}; {changed}.",
        evidence=evidence_of(
            context, rows=context.batch.kept_count, statuses=dict(context.batch.status_counts), before=before
        ),
    )
    return f"{context.batch} was refreshed; {changed}."


def _complete(context: ActionContext, _options: Mapping[str, Any]) -> str:
    reason = why_not_execute(context)
    if reason is not None:
        raise Conflict(f"{context.batch} was not marked complete. {reason}")
    note_complete(context, context.actor)
    record(context.handler_context, context.batch, "complete", "Marked complete.")
    return f"{context.batch} was marked complete; it can be executed now."


def _reopen(context: ActionContext, _options: Mapping[str, Any]) -> str:
    context.batch.completed_at = context.batch.completed_by = None
    dropped = cancel_schedule(context, f"{context.actor} reopened it")
    record(context.handler_context, context.batch, "reopen", f"Reopened.{dropped}")
    return f"{context.batch} was reopened; its rows can be changed again.{dropped}"


def _send_back(context: ActionContext, _options: Mapping[str, Any]) -> str:
    batch, reason = context.batch, context.handler_context.reason
    if reason is None:
        raise BadInput(f"{batch} was not sent back. Give a reason that says what has to be corrected.")
    to = batch.completed_by or batch.owner
    batch.completed_at = batch.completed_by = None
    note_sent_back(batch, to, context.actor, context.now, reason)
    dropped = cancel_schedule(context, f"{context.actor} sent it back")
    record(context.handler_context, batch, "send-back", f"Sent back to {to}.{dropped}")
    return f"{batch} was sent back to {to}; its rows can be changed again.{dropped}"


def _approve(context: ActionContext, _options: Mapping[str, Any]) -> str:
    message = approve(context)
    job = scheduled_job(context.session, context.batch.id)
    if job is not None:  # An approval raises the version, and changes nothing.
        follow_version(job, context.batch.version, context.batch.version + 1)
    return message


def _execute(context: ActionContext, options: Mapping[str, Any]) -> str:
    reason = context.handler.why_not_execute(context.batch) or why_not_scheduling(context)
    if reason is not None:
        raise Conflict(f"{context.batch} was not executed. {reason}")
    chosen = bind_options(context.handler, options)
    lock_changing(context, chosen)
    refuse_changed_records(context, chosen)
    digest = demand_policy(context, chosen)
    check = demand_confirmation(context, chosen, options)
    confirmed = check.warned
    if digest is not None:
        sign_execution(context, chosen, digest)
    cancel_schedule_for_execution(context)
    with around(Action.EXECUTE, context):
        rows = context.rows()
        declared = context.handler.target_records(context.batch, chosen)
        with observing(rows, context.batch.id, declared):
            outcome: Outcome = context.handler.execute(context.batch, rows, chosen)
            rows.save()
    recount(context)
    learn_corrections(context)
    batch = context.batch
    summary, figures = outcome.summary, dict(outcome.figures)
    made = make_linked_batches(context, outcome.batches, confirmed)
    if made:
        summary = " ".join([summary, *(one.sentence for one in made)])
        figures[MADE] = [one.number for one in made]
    rest = None if outcome.rest is None else follow_up(context, outcome.rest)
    if rest is not None:
        summary = f"{summary} {counted(rest.row_count, 'row')} went into {str(rest).lower()}."
        figures[FOLLOW_UP] = rest.id
    batch.execution_options = options_as_json(chosen) | (
        {CONFIRM: [one.name for one in confirmed]} if confirmed else {}
    )
    batch.execution_outcome, batch.executed_amount = {"summary": summary, "figures": figures}, check.amount
    batch.executed_at, batch.executed_by = context.now, context.actor
    keeps = context.handler.execution_policy.retention
    retention = retention_of(context.session, batch.type, keeps)
    batch.purge_after = None if retention is None else context.now + retention
    although = f" Confirmed: {' '.join(one.warning for one in confirmed)}" if confirmed else ""
    record(context.handler_context, context.batch, "execute", f"Executed: {summary}{although}")
    return f"{context.batch} was executed: {summary}"


#: The functions of the actions that the engine runs. Each returns a sentence for the person who requested the action.
ACTIONS: dict[Action, Callable[[ActionContext, Mapping[str, Any]], str]] = {
    Action.POPULATE: _populate,
    Action.REFRESH: _refresh,
    Action.COMPLETE: _complete,
    Action.REOPEN: _reopen,
    Action.SEND_BACK: _send_back,
    Action.APPROVE: _approve,
    Action.EXECUTE: _execute,
}
