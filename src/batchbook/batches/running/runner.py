"""The runners of actions: one performs them at once, the other enqueues a job for each that takes its time."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from batchbook.batches import access
from batchbook.batches.concurrency import refuse_stale
from batchbook.batches.engine.context import ActionContext, around
from batchbook.batches.engine.creation import clone_batch, delete_batch
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.engine.file_intake import intake_fields
from batchbook.batches.engine.hand_over import RECIPIENT, hand_over
from batchbook.batches.engine.preview import confirmed_options, without_reason
from batchbook.batches.engine.reversing import reverse_batch
from batchbook.batches.engine.scheduled_execution import cancel_schedule_for_execution, held_job
from batchbook.batches.files import input_file
from batchbook.batches.handler import REASON
from batchbook.batches.hook_guard import handler_code
from batchbook.batches.intake.file_inspection import refuse_unprepared
from batchbook.batches.intake.file_source import stored_intake
from batchbook.batches.lifecycle import Action, is_job
from batchbook.batches.registry import BatchTypes
from batchbook.errors import BatchbookError
from batchbook.jobs import JobService
from batchbook.words import storable


@dataclass(frozen=True)
class ActionCall:
    """The request of a user for an action on a batch, as plain data.

    ``version`` is the batch's version on which the request is based; ``None`` skips the check. ``group_id`` is the group
    of jobs for one of several batches, ``run_at`` the time of a scheduled action, and ``retry_of`` the job that is
    repeated.
    """

    batch_id: int
    action: Action
    actor: str
    options: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    group_id: int | None = None
    run_at: datetime | None = None
    retry_of: int | None = None


class Runner(Protocol):
    """A service that performs calls, or arranges that they are performed."""

    def submit(self, session: Session, call: ActionCall) -> Result:
        """Perform ``call``, or enqueue a job for it, in the transaction of ``session``; return the result for the user.

        Raises :class:`batchbook.errors.BatchbookError` if the action is refused.
        """


class InlineRunner:
    """A runner that performs actions at once, in the caller's transaction."""

    def __init__(self, types: BatchTypes, settings: Mapping[str, Any]) -> None:
        self.types = types
        self.settings = settings

    def submit(self, session: Session, call: ActionCall) -> Result:
        """Perform ``call`` now."""
        engine = Engine(session, self.types, self.settings, call.actor)
        result = perform(engine, call)
        if not executes_by_itself(engine, call, result):
            return result
        if not may_execute(engine, call):
            return left_waiting(call, result)
        return _executed_by_itself(engine, call, result)


def perform(engine: Engine, call: ActionCall) -> Result:
    """Perform ``call`` with an engine that acts for its actor, who may have given a reason among the options."""
    engine.reason = reason_in(call.options)
    match call.action:
        case Action.CLONE:
            source = engine.find(call.batch_id)
            clone = clone_batch(engine, call.batch_id)
            return Result(f"{clone} was made as a copy of {source}.", batch_id=clone.id)
        case Action.REVERSE:
            source = engine.find(call.batch_id)
            made = reverse_batch(engine, call.batch_id)
            return Result(f"{made} was made to reverse {str(source).lower()}.", batch_id=made.id)
        case Action.DELETE:
            return Result(delete_batch(engine, call.batch_id))
        case Action.HAND_OVER:
            return Result(hand_over(engine, call.batch_id, str(call.options[RECIPIENT]), call.version))
    return engine.run(call.batch_id, call.action, without_reason(call.options), call.version)


#: The maximum length of a reason.
_LONGEST_REASON = 2_000


def reason_in(options: Mapping[str, Any]) -> str | None:
    """Return the reason among the ``options`` of an action; ``None`` if there is none."""
    return storable(str(options.get(REASON) or "").strip())[:_LONGEST_REASON] or None


def executes_by_itself(engine: Engine, call: ActionCall, result: Result) -> bool:
    """Return whether the batch is executed automatically because ``call`` marked it complete."""
    if call.action is not Action.COMPLETE or result.failed:
        return False
    return engine.context_of(engine.find(call.batch_id)).handler.execution_policy.automatic


def may_execute(engine: Engine, call: ActionCall) -> bool:
    """Return whether the actor of ``call`` may execute the batch that the call marked complete.

    Marking complete needs another permission than executing, and an automatic execution needs both.
    """
    context = engine.context_of(engine.find(call.batch_id))
    return access.may_now(context.handler_context.permissions, context.batch, Action.EXECUTE)


def left_waiting(call: ActionCall, completed: Result) -> Result:
    """Return the result for a user who may not execute the batch, so that it is not executed automatically."""
    waits = f"The role of {call.actor} does not allow that, so it waits for a user who may execute it."
    return replace(completed, message=f"{completed.message} {waits}")


def _executed_by_itself(engine: Engine, call: ActionCall, completed: Result) -> Result:
    # If it fails, the batch stays complete.
    try:
        result = engine.run(call.batch_id, Action.EXECUTE)
    except BatchbookError as error:
        return Result(f"{completed.message} {error.message}")
    return Result(f"{completed.message} {result.message}", failed=True) if result.failed else result


#: The maximum size, in bytes, of a file that is tried before a job is enqueued, because it is read quickly.
_TRIED_BYTES = 1_000_000

log = logging.getLogger(__name__)


class JobRunner:
    """A runner that enqueues a job for each action that may take long, and performs the others at once."""

    def __init__(self, types: BatchTypes, settings: Mapping[str, Any], jobs: JobService) -> None:
        self.types = types
        self.settings = settings
        self.jobs = jobs
        self._inline = InlineRunner(types, settings)

    def submit(self, session: Session, call: ActionCall) -> Result:
        """Perform ``call``, or enqueue a job for it, now or at its time.

        Raises :class:`batchbook.errors.BatchbookError` if it would be refused now.
        """
        engine = Engine(session, self.types, self.settings, call.actor, reason=reason_in(call.options))
        if is_job(call.action):
            return self._enqueue(engine, call)
        result = perform(engine, call)
        if not executes_by_itself(engine, call, result):
            return result
        if not may_execute(engine, call):
            return left_waiting(call, result)
        given = {name: text for name, text in call.options.items() if name == REASON}
        execution = replace(call, action=Action.EXECUTE, options=given, version=None)
        try:
            enqueued = self._enqueue(engine, execution)
        except BatchbookError as error:
            return Result(f"{result.message} {error.message}")  # It stays complete.
        return replace(enqueued, message=f"{result.message} {enqueued.message}", at_once=result.message)

    def _enqueue(self, engine: Engine, call: ActionCall) -> Result:
        context = engine.lock(call.batch_id, call.action)
        batch = context.batch
        refuse_stale(batch, call.action, call.version)
        if call.action is Action.POPULATE:
            _try_source(context)
        executes = call.action is Action.EXECUTE
        options = confirmed_options(context, call.options, call.run_at) if executes else dict(call.options)
        at_once = call.action is Action.EXECUTE and call.run_at is None
        dropped = cancel_schedule_for_execution(context) if at_once else ""
        # A job holds the batch, so nobody can change it. A scheduled one does not, so it compares versions.
        version = None if call.run_at is None else batch.version
        arguments = {"options": options, "version": version}
        more = {"group_id": call.group_id, "run_at": call.run_at, "retry_of": call.retry_of}
        job = self.jobs.enqueue(
            engine.session, held_job(batch, call.actor, call.action.value, arguments, **more)
        )
        return Result(f"{batch} is going to be {call.action.done}.", job_id=job.id, at_once=dropped)


def _try_source(context: ActionContext) -> None:
    """Raise an error that a job would fail with at the first row of a small file, while the user is still at the form."""
    intake = stored_intake(context.batch)
    if intake is not None:
        refuse_unprepared(intake, intake_fields(context))  # The whole file was inspected.
        return
    file = input_file(context.session, context.batch)
    if file is None or file.size > _TRIED_BYTES:
        return
    attempt = context.session.begin_nested()
    try:
        with around(Action.POPULATE, context), handler_code(context.session):
            next(iter(context.handler.populate(context.batch)), None)
    except BatchbookError:
        raise
    except Exception as error:  # noqa: BLE001 - A handler may raise anything; the job will report it.
        log.info("The source of %s could not be tried: %s", context.batch, error)
    finally:
        attempt.rollback()
