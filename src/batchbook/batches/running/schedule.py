"""Scheduling of executions: setting, changing and cancelling their times."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from batchbook.batches.concurrency import refuse_stale
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.engine.preview import confirmed_options, why_not_execute
from batchbook.batches.engine.scheduled_execution import SCHEDULE, UNSCHEDULE, cancel_schedule, in_utc
from batchbook.batches.history import bump_version, record
from batchbook.batches.lifecycle import Action
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.runner import ActionCall, Runner, reason_in
from batchbook.errors import BadInput, Conflict
from batchbook.jobs import JobService
from batchbook.services import Services
from batchbook.zones import BadTime, LocalTime

#: The longest time ahead for which an execution can be scheduled.
FARTHEST = timedelta(days=365)

TWICE = "That time occurs twice on that day, because the clocks are set back. The earlier one was chosen."


def can_schedule(services: Services) -> bool:
    """Return whether jobs run in the background, so that a batch can be executed later."""
    jobs: JobService = services.get(JobService)
    return jobs.in_background


def refuse_without_jobs(services: Services) -> None:
    """Raise ``Conflict`` if no jobs run in the background."""
    if not can_schedule(services):
        raise Conflict(
            "Nothing was scheduled: actions are performed at once here, and none can run later, because the setting"
            " batchbook.jobs is “inline”."
        )


def schedule(services: Services, session: Session, call: ActionCall, time: LocalTime) -> Result:
    """Schedule the execution that ``call`` requests, in place of an earlier one; return the result for the user.

    Raises :class:`~batchbook.zones.BadTime` for a time in the past or too far ahead, and
    :class:`~batchbook.errors.BatchbookError` if the batch would not be executed as it is.
    """
    refuse_without_jobs(services)
    _check_time(time.at, services.get(JobService).clock())
    context = _locked(services, session, call)
    _refuse_blocked(context, call, time.at)
    replaced = cancel_schedule(context, f"{call.actor} scheduled it for another time")
    _note(context, SCHEDULE, f"{'Rescheduled' if replaced else 'Scheduled'} for {in_utc(time.at)}.{replaced}")
    # The version on which the request is based was compared above; the job compares the one as it is now.
    services.get(Runner).submit(session, replace(call, version=None, run_at=time.at))
    message = f"{context.batch} is going to be executed on {in_utc(time.at)}.{replaced}"
    return Result(f"{message} {TWICE}" if time.twice else message, batch_id=call.batch_id)


def unschedule(services: Services, session: Session, call: ActionCall) -> Result:
    """Cancel the scheduled execution of the batch of ``call``; return the result for the user.

    Raises :class:`~batchbook.errors.Conflict` if there is none, or if the batch has another version than ``call``.
    """
    context = _locked(services, session, call)
    dropped = cancel_schedule(context, f"{call.actor} cancelled that").strip()
    if not dropped:
        raise Conflict(f"No execution of {context.batch} is scheduled, so there was nothing to cancel.")
    _note(context, UNSCHEDULE, dropped)
    return Result(dropped, batch_id=call.batch_id)


def _locked(services: Services, session: Session, call: ActionCall) -> ActionContext:
    reason = reason_in(call.options)
    engine = Engine(session, services.get(BatchTypes), services.settings, call.actor, reason=reason)
    context = engine.lock(call.batch_id, Action.EXECUTE)
    refuse_stale(context.batch, Action.EXECUTE, call.version)
    return context


def _check_time(at: datetime, now: datetime) -> None:
    if at <= now:
        raise BadTime("That time is in the past. Choose a later one.")
    if at > now + FARTHEST:
        raise BadTime("That time is more than a year ahead. Choose an earlier one.")


def _refuse_blocked(context: ActionContext, call: ActionCall, at: datetime) -> None:
    reason = why_not_execute(context)
    if reason is not None:
        raise Conflict(f"The execution of {context.batch} was not scheduled. {reason}")
    try:
        confirmed_options(context, call.options, at)
    except BadInput as error:
        raise BadInput(f"The execution of {context.batch} was not scheduled. {error.message}") from error


def _note(context: ActionContext, kind: str, summary: str) -> None:
    # Forms on older pages, which do not show the schedule, are refused.
    bump_version(context.batch)
    record(context.handler_context, context.batch, kind, summary)
