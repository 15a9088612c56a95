"""Actions as jobs: the runner that asks for them, and the tasks that do them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.batches import access
from batchbook.batches.actions import around
from batchbook.batches.engine import Engine, Result, refuse_stale
from batchbook.batches.files import input_file
from batchbook.batches.lifecycle import TRANSITIONS, Action, is_job
from batchbook.batches.models import Batch, Operation
from batchbook.batches.operations import CANCEL, FAILURE
from batchbook.batches.planned import drop_plan_for_execution, keep_in_step, refuse_changed
from batchbook.batches.runner import ActionCall, InlineRunner, executes_by_itself, perform
from batchbook.batches.types import BatchTypes
from batchbook.batches.work import Work, find_batch
from batchbook.db.session import transaction_scope
from batchbook.errors import BatchbookError, Conflict, Missing, Refused
from batchbook.jobs import Ending, Job, Jobs, Order, Task, Turn
from batchbook.jobs.offline import identity_of
from batchbook.jobs.states import JobState
from batchbook.security.identity import identity_of_user
from batchbook.security.models import User

#: The argument of a job that was not asked for by a person, but by the type, when a batch was marked complete.
AUTOMATIC = "automatic"

#: Up to which size a file is looked into before a job is asked for: as many bytes as are read in a moment.
_TRIED_BYTES = 1_000_000

log = logging.getLogger(__name__)


class JobRunner:
    """Asks for a job for each action that takes its time; the others are done at once."""

    def __init__(self, types: BatchTypes, settings: Mapping[str, Any], jobs: Jobs) -> None:
        self.types = types
        self.settings = settings
        self.jobs = jobs
        self._inline = InlineRunner(types, settings)

    def submit(
        self, session: Session, call: ActionCall, run_at: datetime | None = None, retry_of: int | None = None
    ) -> Result:
        """Arrange for ``call``: at ``run_at``, or as soon as may be. ``retry_of`` is the job that it repeats.

        Raises :class:`batchbook.errors.BatchbookError` where it would be refused as things are.
        """
        engine = Engine(session, self.types, self.settings, call.actor)
        if is_job(call.action):
            return self._ask(engine, call, run_at, retry_of=retry_of)
        result = perform(engine, call)
        if not executes_by_itself(engine, call, result):
            return result
        execution = replace(call, action=Action.EXECUTE, options={}, version=None)
        asked = self._ask(engine, execution, arguments={"options": {}, "version": None, AUTOMATIC: True})
        return replace(asked, message=f"{result.message} {asked.message}", at_once=result.message)

    def _ask(self, engine: Engine, call: ActionCall, run_at: datetime | None = None, **more: Any) -> Result:
        work = engine.lock(call.batch_id, call.action)
        batch = work.batch
        refuse_stale(batch, call.action, call.version)
        if call.action is Action.POPULATE:
            _try_source(work)
        dropped = drop_plan_for_execution(work) if call.action is Action.EXECUTE and run_at is None else ""
        job = self.jobs.ask(engine.session, replace(order_for(batch, call, run_at), **more))
        return Result(f"{batch} is going to be {call.action.done}.", job_id=job.id, at_once=dropped)


def _try_source(work: Work) -> None:
    """Raise what a job would fail with at the first row of a small file, while the person is still at the form."""
    file = input_file(work.session, work.batch)
    if file is None or file.size > _TRIED_BYTES:
        return
    attempt = work.session.begin_nested()
    try:
        with around(Action.POPULATE, work):
            next(iter(work.handler.populate(work.batch)), None)
    except BatchbookError:
        raise
    except Exception as error:  # noqa: BLE001 - A handler may raise anything; its job says so, and the log.
        log.info("The source of %s could not be tried: %s", work.batch, error)
    finally:
        attempt.rollback()


def order_for(batch: Batch, call: ActionCall, run_at: datetime | None = None) -> Order:
    """Return the order for a job that does ``call``."""
    # Until it runs, nobody else can change the batch; one that is scheduled must find it as it was looked at.
    version = batch.version if run_at is not None else None
    return Order(
        task=call.action.value,
        subject=str(batch),
        asked_by=call.actor,
        arguments={"options": dict(call.options), "version": version},
        batch_id=batch.id,
        batch_type=batch.type,
        exclusive=True,
        group_id=call.group_id,
        run_at=run_at,
    )


def engine_of(turn: Turn) -> Engine:
    """Return the engine that does a job, for who asked for it."""
    registry = turn.registry
    job = turn.job
    return Engine(
        turn.session, registry["batch_types"], registry.settings, job.asked_by, turn.progress, job.id
    )


def demand(turn: Turn, action: Action) -> None:
    """Raise unless who asked for the job may still do ``action`` with its batch, and the state allows it."""
    name = turn.job.asked_by
    user = turn.session.scalar(select(User).where(User.name == name))
    if user is None or not user.active:
        raise Refused(
            f"{turn.job.subject} was not {turn.job.done}: {name} may not sign in any more. Nothing was changed."
        )
    batch = engine_of(turn).find(turn.job.batch_id or 0)
    held = identity_of_user(user).permissions
    # A type that executes by itself lets whoever may mark a batch complete execute it by that.
    if not (turn.job.arguments.get(AUTOMATIC) and access.may(held, batch.type, Action.COMPLETE)):
        access.demand(held, batch, action, name)


def _run(turn: Turn) -> Ending:
    job = turn.job
    action = Action(job.task)
    demand(turn, action)
    arguments = job.arguments
    engine = engine_of(turn)
    refuse_changed(job, engine.find(job.batch_id or 0), arguments["version"])
    call = ActionCall(job.batch_id or 0, action, job.asked_by, arguments["options"], arguments["version"])
    result = perform(engine, call)
    made = {} if result.batch_id is None else {"batch_id": result.batch_id}
    return Ending(result.message, result.failed, made)


def note_ending(turn: Turn, ending: Ending) -> None:
    """Write into a batch's history, and its header, how a job on it ended that did not do what it should."""
    engine = engine_of(turn)
    try:
        batch = find_batch(turn.session, engine.types, turn.job.batch_id or 0, lock=True)
    except Missing:
        return  # It was deleted; the job's own record says what there is to say.
    if batch.is_final:
        return
    batch.failure = ending.message if ending.failed else None
    before, batch.version = batch.version, batch.version + 1
    keep_in_step(turn.session, batch, before)
    engine.work_on(batch).record(FAILURE if ending.failed else CANCEL, ending.message)


def batch_page(request: Any, job: Job) -> str | None:
    """Return where the batch of a job is to be seen: the one that it made, or the list if it was deleted.

    ``None`` for a batch of a type that this installation does not have, any more.
    """
    if job.batch_type not in {batch_type.key for batch_type in request.registry["batch_types"]}:
        return None
    prefix = f"batches.{job.batch_type}"
    if job.task == Action.DELETE and job.state == JobState.DONE:
        return str(request.route_path(f"{prefix}.index"))
    made = (job.result or {}).get("batch_id")
    return str(request.route_path(f"{prefix}.view", id=made or job.batch_id))


def sees_batch(request: Any, job: Job) -> bool:
    """Return whether who asks may see the batch of a job."""
    types = request.registry["batch_types"]
    with transaction_scope(request.registry["engine"], read_only=True) as session:
        try:
            batch = find_batch(session, types, job.batch_id or 0)
        except Missing:
            return False
    return access.may_now(request.identity.permissions, batch, Action.VIEW)


def demand_again(registry: Any, session: Session, job: Job, by: str, action: Action) -> Batch:
    """Return the batch of a job that ``by`` wants to try again; raise unless that may be done as things are.

    Raises ``Refused`` or ``Conflict`` where ``action`` is not allowed, and ``Conflict`` if something else was done since.
    """
    batch = find_batch(session, registry["batch_types"], job.batch_id or 0)
    access.demand(identity_of(session, by).permissions, batch, action, by)
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


def _again(registry: Any, session: Session, job: Job, by: str) -> Job:
    action = Action(job.task)
    batch = demand_again(registry, session, job, by, action)
    call = ActionCall(batch.id, action, by, job.arguments["options"])
    result = registry["batch_runner"].submit(session, call, retry_of=job.id)
    return session.get_one(Job, result.job_id)


#: One task for each action that runs as a job.
TASKS = tuple(
    Task(action.value, action.label, action.done, _run, note_ending, batch_page, sees_batch, _again)
    for action in dict.fromkeys(line.action for line in TRANSITIONS if line.job)
)
