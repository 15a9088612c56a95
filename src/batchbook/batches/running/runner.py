"""The one call by which pages and commands request an action, and the runner that performs it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from batchbook.batches import access
from batchbook.batches.engine.creation import clone_batch, delete_batch
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.lifecycle import Action
from batchbook.batches.registry import BatchTypes
from batchbook.errors import BatchbookError


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
    return engine.work_on(engine.find(call.batch_id)).handler.execution_policy.automatic


def may_execute(engine: Engine, call: ActionCall) -> bool:
    """Return whether the actor of ``call`` may execute the batch that the call marked complete.

    Marking complete needs less than executing does, so a type that executes by itself asks for both.
    """
    work = engine.work_on(engine.find(call.batch_id))
    return access.may_now(work.context.permissions, work.batch, Action.EXECUTE)


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
