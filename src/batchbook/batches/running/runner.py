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
from batchbook.batches.engine.scheduled_execution import cancel_schedule_for_execution
from batchbook.batches.files import input_file
from batchbook.batches.hook_guard import handler_code
from batchbook.batches.intake.file_inspection import refuse_unprepared
from batchbook.batches.intake.file_source import stored_intake
from batchbook.batches.lifecycle import Action, is_job
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchTypes
from batchbook.errors import BatchbookError
from batchbook.jobs import JobRequest, JobService


@dataclass(frozen=True)
class ActionCall:
    """What is asked for: an action on a batch, by whom, with which options. All of it is plain data.

    ``version`` is the batch's version that the person looked at; ``None`` for one who did not look. ``group_id`` is the
    group of jobs that it belongs to, for one of many; ``run_at`` the moment at which it shall be done, if that is not
    now; ``retry_of`` the job that it repeats.
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
    """Takes calls and sees to it that they run."""

    def submit(self, session: Session, call: ActionCall) -> Result:
        """Run ``call`` or arrange for it, within the transaction of ``session``; return what to tell the person.

        Raises :class:`batchbook.errors.BatchbookError` where the action is refused.
        """


class InlineRunner:
    """Runs an action at once, in the caller's transaction: it is done, or undone, when that ends."""

    def __init__(self, types: BatchTypes, settings: Mapping[str, Any]) -> None:
        self.types = types
        self.settings = settings

    def submit(self, session: Session, call: ActionCall) -> Result:
        """Run ``call`` now."""
        engine = Engine(session, self.types, self.settings, call.actor)
        result = perform(engine, call)
        if not executes_by_itself(engine, call, result):
            return result
        if not may_execute(engine, call):
            return left_waiting(call, result)
        return _executed_by_itself(engine, call, result)


def perform(engine: Engine, call: ActionCall) -> Result:
    """Do what ``call`` says, with an engine that acts for its actor."""
    match call.action:
        case Action.CLONE:
            source = engine.find(call.batch_id)
            clone = clone_batch(engine, call.batch_id)
            return Result(f"{clone} was made as a copy of {source}.", batch_id=clone.id)
        case Action.DELETE:
            return Result(delete_batch(engine, call.batch_id))
    return engine.run(call.batch_id, call.action, call.options, call.version)


def executes_by_itself(engine: Engine, call: ActionCall, result: Result) -> bool:
    """Return whether a batch is to be executed because ``call`` marked it complete."""
    if call.action is not Action.COMPLETE or result.failed:
        return False
    return engine.context_of(engine.find(call.batch_id)).handler.execution_policy.automatic


def may_execute(engine: Engine, call: ActionCall) -> bool:
    """Return whether the actor of ``call`` may execute the batch that the call marked complete.

    Marking complete needs less than executing does, so a type that executes by itself asks for both.
    """
    context = engine.context_of(engine.find(call.batch_id))
    return access.may_now(context.handler_context.permissions, context.batch, Action.EXECUTE)


def left_waiting(call: ActionCall, completed: Result) -> Result:
    """Return what to tell somebody whose batch would execute by itself, but who may not execute it."""
    waits = f"The role of {call.actor} does not allow that, so it waits for somebody who may execute it."
    return replace(completed, message=f"{completed.message} {waits}")


def _executed_by_itself(engine: Engine, call: ActionCall, completed: Result) -> Result:
    # Where it fails, the batch stays complete, for somebody to look at.
    try:
        result = engine.run(call.batch_id, Action.EXECUTE)
    except BatchbookError as error:
        return Result(f"{completed.message} {error.message}")
    return Result(f"{completed.message} {result.message}", failed=True) if result.failed else result


#: Up to which size a file is looked into before a job is asked for: as many bytes as are read in a moment.
_TRIED_BYTES = 1_000_000

log = logging.getLogger(__name__)


class JobRunner:
    """Asks for a job for each action that takes its time; the others are done at once."""

    def __init__(self, types: BatchTypes, settings: Mapping[str, Any], jobs: JobService) -> None:
        self.types = types
        self.settings = settings
        self.jobs = jobs
        self._inline = InlineRunner(types, settings)

    def submit(self, session: Session, call: ActionCall) -> Result:
        """Arrange for ``call``, at its time or as soon as may be.

        Raises :class:`batchbook.errors.BatchbookError` where it would be refused as things are.
        """
        engine = Engine(session, self.types, self.settings, call.actor)
        if is_job(call.action):
            return self._ask(engine, call)
        result = perform(engine, call)
        if not executes_by_itself(engine, call, result):
            return result
        if not may_execute(engine, call):
            return left_waiting(call, result)
        execution = replace(call, action=Action.EXECUTE, options={}, version=None)
        asked = self._ask(engine, execution)
        return replace(asked, message=f"{result.message} {asked.message}", at_once=result.message)

    def _ask(self, engine: Engine, call: ActionCall) -> Result:
        context = engine.lock(call.batch_id, call.action)
        batch = context.batch
        refuse_stale(batch, call.action, call.version)
        if call.action is Action.POPULATE:
            _try_source(context)
        at_once = call.action is Action.EXECUTE and call.run_at is None
        dropped = cancel_schedule_for_execution(context) if at_once else ""
        # Until it runs, nobody else can change the batch; one that is scheduled must find it as it was looked at.
        version = None if call.run_at is None else batch.version
        arguments = {"options": dict(call.options), "version": version}
        more = {"group_id": call.group_id, "run_at": call.run_at, "retry_of": call.retry_of}
        job = self.jobs.enqueue(
            engine.session, order_on(batch, call.actor, call.action.value, arguments, **more)
        )
        return Result(f"{batch} is going to be {call.action.done}.", job_id=job.id, at_once=dropped)


def _try_source(context: ActionContext) -> None:
    """Raise what a job would fail with at the first row of a small file, while the person is still at the form."""
    intake = stored_intake(context.batch)
    if intake is not None:
        refuse_unprepared(intake, intake_fields(context))  # All of the file was looked at already.
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
    except Exception as error:  # noqa: BLE001 - A handler may raise anything; its job says so, and the log.
        log.info("The source of %s could not be tried: %s", context.batch, error)
    finally:
        attempt.rollback()


def order_on(batch: Batch, actor: str, task: str, arguments: Mapping[str, Any], **more: Any) -> JobRequest:
    """Return the order for a job that does ``task`` with ``batch``, which it holds; ``more`` are fields of the order."""
    return JobRequest(
        task=task,
        subject=str(batch),
        asked_by=actor,
        arguments=arguments,
        batch_id=batch.id,
        batch_type=batch.type,
        exclusive=True,
        **more,
    )
