"""The runner that enqueues a job for each action that takes its time."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from batchbook.batches.concurrency import refuse_stale
from batchbook.batches.engine.actions import around
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine, Result
from batchbook.batches.engine.file_intake import refuse_unprepared
from batchbook.batches.engine.scheduled_execution import cancel_schedule_for_execution
from batchbook.batches.files import input_file
from batchbook.batches.hook_guard import handler_code
from batchbook.batches.intake.file_inspection import Intake
from batchbook.batches.lifecycle import Action, is_job
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.runner import (
    ActionCall,
    InlineRunner,
    executes_by_itself,
    left_waiting,
    may_execute,
    perform,
)
from batchbook.errors import BatchbookError
from batchbook.jobs import JobRequest, JobService

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
        work = engine.lock(call.batch_id, call.action)
        batch = work.batch
        refuse_stale(batch, call.action, call.version)
        if call.action is Action.POPULATE:
            _try_source(work)
        at_once = call.action is Action.EXECUTE and call.run_at is None
        dropped = cancel_schedule_for_execution(work) if at_once else ""
        # Until it runs, nobody else can change the batch; one that is scheduled must find it as it was looked at.
        version = None if call.run_at is None else batch.version
        arguments = {"options": dict(call.options), "version": version}
        more = {"group_id": call.group_id, "run_at": call.run_at, "retry_of": call.retry_of}
        job = self.jobs.enqueue(
            engine.session, order_on(batch, call.actor, call.action.value, arguments, **more)
        )
        return Result(f"{batch} is going to be {call.action.done}.", job_id=job.id, at_once=dropped)


def _try_source(work: ActionContext) -> None:
    """Raise what a job would fail with at the first row of a small file, while the person is still at the form."""
    intake = Intake.stored_in(work.batch)
    if intake is not None:
        refuse_unprepared(work, intake)  # All of the file was looked at already.
        return
    file = input_file(work.session, work.batch)
    if file is None or file.size > _TRIED_BYTES:
        return
    attempt = work.session.begin_nested()
    try:
        with around(Action.POPULATE, work), handler_code(work.session):
            next(iter(work.handler.populate(work.batch)), None)
    except BatchbookError:
        raise
    except Exception as error:  # noqa: BLE001 - A handler may raise anything; its job says so, and the log.
        log.info("The source of %s could not be tried: %s", work.batch, error)
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
