"""Tasks by which jobs perform the actions of batches, and the recovery of batches whose action was interrupted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from batchbook.batches import access
from batchbook.batches.concurrency import refuse_stale
from batchbook.batches.engine.context import find_batch
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.scheduled_execution import follow_batch
from batchbook.batches.handler import CONFIRM, REASON
from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.history import (
    CANCEL,
    FAILURE,
    REFUSAL,
    WITHOUT_EFFECT,
    bump_version,
    note_failure,
    record,
)
from batchbook.batches.lifecycle import TRANSITIONS, Action, state_before
from batchbook.batches.models import Batch, Operation
from batchbook.batches.policies.field_access import field_access
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.runner import ActionCall, Runner, perform, reason_in
from batchbook.db import utc_now
from batchbook.db.transactions import is_transient, transaction_scope
from batchbook.errors import BatchbookError, Conflict, Missing
from batchbook.jobs import Job, JobContext, JobResult, Task
from batchbook.jobs.enqueue import job_holding
from batchbook.jobs.models import REFUSED_KEY, JobState
from batchbook.security.identity import identity_called
from batchbook.services import Services

log = logging.getLogger(__name__)

#: The actor of a recovery, in the history of a batch.
_ACTOR = "batchbook"


def engine_for(job_context: JobContext) -> Engine:
    """Return the engine for a job, acting for the user who requested it."""
    job, services, session = job_context.job, job_context.services, job_context.session
    types = services.get(BatchTypes)
    return Engine(session, types, services.settings, job.asked_by, job_context.progress, job.id)


def demand(job_context: JobContext, action: Action) -> None:
    """Raise unless the user who requested the job may still perform ``action``, and the batch's state allows it.

    Raises ``Refused`` for a missing permission and ``Conflict`` for the state.
    """
    name = job_context.job.asked_by
    permissions = identity_called(job_context.session, name).permissions
    batch = engine_for(job_context).find(job_context.job.batch_id or 0)
    access.demand(permissions, batch, action, name)


def _run(job_context: JobContext) -> JobResult:
    job = job_context.job
    action = Action(job.task)
    demand(job_context, action)
    arguments = job.arguments
    engine = engine_for(job_context)
    if job.run_at is not None:
        refuse_stale(engine.find(job.batch_id or 0), action, arguments["version"], scheduled=True)
    call = ActionCall(job.batch_id or 0, action, job.asked_by, arguments["options"], arguments["version"])
    result = perform(engine, call)
    made = {} if result.batch_id is None else {"batch_id": result.batch_id}
    return JobResult(result.message, result.failed, made)


def record_result(job_context: JobContext, job_result: JobResult) -> None:
    """Record, in the history and the header of a job's batch, that the job failed or was cancelled."""
    engine = engine_for(job_context)
    try:
        batch = find_batch(job_context.session, engine.types, job_context.job.batch_id or 0, lock=True)
    except Missing:
        return  # It was deleted, and the job keeps its own result.
    if batch.is_final:
        return
    batch.state = state_before(batch.state) or batch.state  # The action was interrupted, if one was going on.
    batch.failure = job_result.message if job_result.failed else None
    before = batch.version
    bump_version(batch)
    follow_batch(job_context.session, batch, before)
    kind = REFUSAL if job_result.data.get(REFUSED_KEY) else FAILURE if job_result.failed else CANCEL
    record(engine.context_of(batch).handler_context, batch, kind, job_result.message)


def note_refusal(
    database: sqlalchemy.Engine, types: BatchTypes, call: ActionCall, error: BatchbookError, by: str | None
) -> None:
    """Record in the history that ``call`` was refused with ``error``, in a transaction of its own, once that of the call is over.

    ``by`` is what acted for the person, as in :class:`~batchbook.batches.models.Operation`. Input that cannot be used is no
    refusal. Nothing is recorded with an executed batch, which is frozen, nor with one that a job holds, which would have to be waited for.
    """
    if not isinstance(error, Conflict):
        return
    try:
        with transaction_scope(database, acted_by=by) as session:
            if job_holding(session, call.batch_id) is not None:
                return
            batch = find_batch(session, types, call.batch_id, lock=True)
            if batch.is_final:
                return
            reason = reason_in(call.options)
            context = HandlerContext(session, {}, call.actor, utc_now(), reason=reason)
            record(context, batch, REFUSAL, f"{call.action.label} was refused: {error.message}")
    except Missing:
        return
    except DBAPIError as failed:
        if not is_transient(failed):
            raise
        log.info("A refusal was not recorded, because the database is busy: %s", failed.orig)


def batch_page(request: Any, job: Job) -> str | None:
    """Return the address of the batch that a job made or worked on, or of the list if the job deleted the batch.

    ``None`` if the application no longer includes the batch's type.
    """
    if job.batch_type not in {batch_type.key for batch_type in request.services.get(BatchTypes)}:
        return None
    prefix = f"batches.{job.batch_type}"
    if job.task == Action.DELETE and job.state == JobState.DONE:
        return str(request.route_path(f"{prefix}.index"))
    made = (job.result or {}).get("batch_id")
    return str(request.route_path(f"{prefix}.view", id=made or job.batch_id))


def may_see_batch(request: Any, job: Job) -> bool:
    """Return whether the user of ``request`` may see the batch of a job."""
    types = request.services.get(BatchTypes)
    with transaction_scope(request.services.get(sqlalchemy.Engine), read_only=True) as session:
        try:
            batch = find_batch(session, types, job.batch_id or 0)
        except Missing:
            return False
        # The message of somebody else's job may tell of any column.
        limited = field_access(session, types[batch.type], request.identity.name).is_limited
    return access.may_now(request.identity.permissions, batch, Action.VIEW) and (
        not limited or job.asked_by == request.identity.name
    )


def demand_again(services: Services, session: Session, job: Job, by: str, action: Action) -> Batch:
    """Return the batch of a job that the user ``by`` wants to retry.

    Raises ``Refused`` or ``Conflict`` if ``action`` is not allowed, and ``Conflict`` if the batch was changed since the job
    ended.
    """
    batch = find_batch(session, services.get(BatchTypes), job.batch_id or 0)
    access.demand(identity_called(session, by).permissions, batch, action, by)
    last = session.scalar(
        select(Operation.kind)
        .where(Operation.batch_id == batch.id)
        .order_by(Operation.number.desc())
        .limit(1)
    )
    if last not in WITHOUT_EFFECT:
        raise Conflict(
            f"{batch} was changed since, so the job was not retried. Look at the batch, and start again from its page."
        )
    return batch


def _retry(services: Services, session: Session, job: Job, by: str) -> Job:
    action = Action(job.task)
    batch = demand_again(services, session, job, by, action)
    options = dict(job.arguments["options"])
    if by != job.asked_by:
        for own in (CONFIRM, REASON):  # Nobody confirms, or gives a reason, for somebody else.
            options.pop(own, None)
    call = ActionCall(batch.id, action, by, options, retry_of=job.id)
    result = services.get(Runner).submit(session, call)
    return session.get_one(Job, result.job_id)


#: One task for each action that runs as a job.
TASKS = tuple(
    Task(
        name=action.value,
        label=action.label,
        done=action.done,
        run=_run,
        note_result=record_result,
        outcome_url=batch_page,
        may_see=may_see_batch,
        retry=_retry,
        permission=lambda job: access.permission(job.batch_type or "", job.task),
    )
    for action in dict.fromkeys(line.action for line in TRANSITIONS if line.job)
)

# --- Recovery --------------------------------------------------------------------------------------------------------


def recover_batches(services: Services) -> None:
    """Return batches to the state before an action that was interrupted, unless a job holds them.

    Any number of processes may do this at the same time.
    """
    known = [batch_type.key for batch_type in services.get(BatchTypes)]
    passed = [line.through for line in TRANSITIONS if line.through]
    statement = select(Batch.id).where(Batch.state.in_(passed), Batch.type.in_(known)).order_by(Batch.id)
    database = services.get(sqlalchemy.Engine)
    with transaction_scope(database, read_only=True) as session:
        found: Sequence[int] = session.scalars(statement).all()
    for batch_id in found:
        try:
            with transaction_scope(database, acted_by="recovery") as session:
                _recover(session, batch_id, passed)
        except DBAPIError as error:
            if not is_transient(error):
                raise
            log.info("Batch %s was not recovered, because the database is busy: %s", batch_id, error.orig)


def _recover(session: Session, batch_id: int, passed: Sequence[str]) -> None:
    # A process that holds the lock is performing the action, or recovering the batch.
    statement = select(Batch).where(Batch.id == batch_id, Batch.state.in_(passed))
    batch = session.scalars(statement.with_for_update(skip_locked=True, of=Batch)).one_or_none()
    if batch is None or job_holding(session, batch_id) is not None:
        return
    left, batch.state = batch.state, state_before(batch.state) or batch.state
    sentence = (
        f"{batch} was interrupted while it was {left}, so it is {batch.state} again. Some of the work may have been"
        " kept. Check the batch, and the data that it changes, before you try again."
    )
    log.warning("%s", sentence)
    note_failure(HandlerContext(session, {}, _ACTOR, utc_now()), batch, sentence)
