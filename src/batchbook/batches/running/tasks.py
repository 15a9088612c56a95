"""Tasks by which jobs perform the actions of batches, for the person who requested them."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.batches import access
from batchbook.batches.concurrency import bump_version, refuse_stale
from batchbook.batches.engine.context import find_batch
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.scheduled_execution import follow_batch
from batchbook.batches.history import CANCEL, FAILURE
from batchbook.batches.lifecycle import TRANSITIONS, Action, state_before
from batchbook.batches.models import Batch, Operation
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.runner import ActionCall, Runner, perform
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict, Missing
from batchbook.jobs import Job, JobContext, JobResult, Task
from batchbook.jobs.models import JobState
from batchbook.security.identity import identity_called
from batchbook.services import Services


def engine_for(job_context: JobContext) -> Engine:
    """Return the engine that does a job, for who asked for it."""
    services = job_context.services
    job = job_context.job
    return Engine(
        job_context.session,
        services.get(BatchTypes),
        services.settings,
        job.asked_by,
        job_context.progress,
        job.id,
    )


def demand(job_context: JobContext, action: Action) -> None:
    """Raise unless who asked for the job may still do ``action`` with its batch, and the state allows it."""
    name = job_context.job.asked_by
    held = identity_called(job_context.session, name).permissions
    batch = engine_for(job_context).find(job_context.job.batch_id or 0)
    access.demand(held, batch, action, name)


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
    """Write into a batch's history, and its header, how a job on it ended that did not do what it should."""
    engine = engine_for(job_context)
    try:
        batch = find_batch(job_context.session, engine.types, job_context.job.batch_id or 0, lock=True)
    except Missing:
        return  # It was deleted; the job's own record says what there is to say.
    if batch.is_final:
        return
    batch.state = state_before(batch.state) or batch.state  # Nobody executes it any more, if it says so.
    batch.failure = job_result.message if job_result.failed else None
    before = batch.version
    bump_version(batch)
    follow_batch(job_context.session, batch, before)
    engine.work_on(batch).record(FAILURE if job_result.failed else CANCEL, job_result.message)


def batch_page(request: Any, job: Job) -> str | None:
    """Return where the batch of a job is to be seen: the one that it made, or the list if it was deleted.

    ``None`` for a batch of a type that this installation does not have, any more.
    """
    if job.batch_type not in {batch_type.key for batch_type in request.services.get(BatchTypes)}:
        return None
    prefix = f"batches.{job.batch_type}"
    if job.task == Action.DELETE and job.state == JobState.DONE:
        return str(request.route_path(f"{prefix}.index"))
    made = (job.result or {}).get("batch_id")
    return str(request.route_path(f"{prefix}.view", id=made or job.batch_id))


def may_see_batch(request: Any, job: Job) -> bool:
    """Return whether who asks may see the batch of a job."""
    types = request.services.get(BatchTypes)
    with transaction_scope(request.services.get(sqlalchemy.Engine), read_only=True) as session:
        try:
            batch = find_batch(session, types, job.batch_id or 0)
        except Missing:
            return False
    return access.may_now(request.identity.permissions, batch, Action.VIEW)


def demand_again(services: Services, session: Session, job: Job, by: str, action: Action) -> Batch:
    """Return the batch of a job that ``by`` wants to try again; raise unless that may be done as things are.

    Raises ``Refused`` or ``Conflict`` where ``action`` is not allowed, and ``Conflict`` if something else was done since.
    """
    batch = find_batch(session, services.get(BatchTypes), job.batch_id or 0)
    access.demand(identity_called(session, by).permissions, batch, action, by)
    last = session.scalar(
        select(Operation.kind)
        .where(Operation.batch_id == batch.id)
        .order_by(Operation.number.desc())
        .limit(1)
    )
    if last not in (FAILURE, CANCEL):
        raise Conflict(
            f"Something else was done with {batch} since, so nothing was done. Look at it, and start from its page."
        )
    return batch


def _retry(services: Services, session: Session, job: Job, by: str) -> Job:
    action = Action(job.task)
    batch = demand_again(services, session, job, by, action)
    call = ActionCall(batch.id, action, by, job.arguments["options"], retry_of=job.id)
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
    )
    for action in dict.fromkeys(line.action for line in TRANSITIONS if line.job)
)
