"""Scheduling of executions: set a time, change it, cancel it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from batchbook.batches.concurrency import bump_version, refuse_stale
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.engine.preview import bind_options, why_not_execute
from batchbook.batches.engine.scheduled_execution import SCHEDULE, UNSCHEDULE, cancel_schedule, in_utc
from batchbook.batches.history import record
from batchbook.batches.lifecycle import Action
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.runner import ActionCall, Runner
from batchbook.errors import BadInput, Conflict
from batchbook.jobs import JobService
from batchbook.services import Services
from batchbook.zones import BadTime, LocalTime

#: How far ahead an execution can be planned.
FARTHEST = timedelta(days=365)

TWICE = "That time comes twice on that day, because the clocks are put back; the first of the two was taken."


def can_schedule(services: Services) -> bool:
    """Return whether there is anybody who would execute a batch later."""
    jobs: JobService = services.get(JobService)
    return jobs.in_background


def refuse_without_jobs(services: Services) -> None:
    """Raise ``Conflict`` where nobody would execute a batch later."""
    if not can_schedule(services):
        raise Conflict(
            "Nothing was planned: here actions run at once, and nobody would run one later. The setting batchbook.jobs"
            " is “inline”."
        )


def schedule(services: Services, session: Session, call: ActionCall, time: LocalTime) -> Result:
    """Plan the execution that ``call`` asks for, in place of one that is planned already; return what to tell.

    Raises :class:`~batchbook.zones.BadTime` for a time that is over or too far ahead, and
    :class:`~batchbook.errors.BatchbookError` where the batch would not be executed as things are.
    """
    refuse_without_jobs(services)
    _check_time(time.at, services.get(JobService).clock())
    context = _locked(services, session, call)
    _refuse_blocked(context, call)
    replaced = cancel_schedule(context, f"{call.actor} planned it for another time")
    _note(context, SCHEDULE, f"{'Rescheduled' if replaced else 'Scheduled'} for {in_utc(time.at)}.{replaced}")
    # What was looked at was compared just now; the job remembers the version as it is from here on.
    services.get(Runner).submit(session, replace(call, version=None, run_at=time.at))
    said = f"{context.batch} is going to be executed on {in_utc(time.at)}.{replaced}"
    return Result(f"{said} {TWICE}" if time.twice else said, batch_id=call.batch_id)


def unschedule(services: Services, session: Session, call: ActionCall) -> Result:
    """Drop what is planned for the batch of ``call``; return what to tell.

    Raises :class:`~batchbook.errors.Conflict` if nothing is, or the batch is not as it was looked at.
    """
    context = _locked(services, session, call)
    dropped = cancel_schedule(context, f"{call.actor} dropped that").strip()
    if not dropped:
        raise Conflict(f"No execution of {context.batch} is planned, so there was nothing to drop.")
    _note(context, UNSCHEDULE, dropped)
    return Result(dropped, batch_id=call.batch_id)


def _locked(services: Services, session: Session, call: ActionCall) -> ActionContext:
    engine = Engine(session, services.get(BatchTypes), services.settings, call.actor)
    context = engine.lock(call.batch_id, Action.EXECUTE)
    refuse_stale(context.batch, Action.EXECUTE, call.version)
    return context


def _check_time(at: datetime, now: datetime) -> None:
    if at <= now:
        raise BadTime("That time is over. Choose one that is still to come.")
    if at > now + FARTHEST:
        raise BadTime("That time is more than a year ahead. Choose an earlier one.")


def _refuse_blocked(context: ActionContext, call: ActionCall) -> None:
    reason = why_not_execute(context)
    if reason is not None:
        raise Conflict(f"The execution of {context.batch} was not planned. {reason}")
    try:
        bind_options(context.handler, call.options)
    except BadInput as error:
        raise BadInput(f"The execution of {context.batch} was not planned. {error.message}") from error


def _note(context: ActionContext, kind: str, summary: str) -> None:
    # Whoever has an older page open must see what is planned before deciding anything.
    bump_version(context.batch)
    record(context.handler_context, context.batch, kind, summary)
