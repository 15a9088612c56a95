"""One action on several batches: a job for each, enqueued together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.batches import access
from batchbook.batches.concurrency import Token, token_of
from batchbook.batches.engine.engine import Engine, held_refusal
from batchbook.batches.engine.preview import why_not_execute
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.batches.running.runner import ActionCall, Runner
from batchbook.db import utc_now
from batchbook.errors import BatchbookError, Conflict
from batchbook.jobs import Job, JobGroup
from batchbook.jobs.models import ACTIVE
from batchbook.security.identity import Identity
from batchbook.services import Services
from batchbook.words import counted

#: How many batches can be acted on at once.
MOST = 1_000


@dataclass(frozen=True)
class Candidate:
    """A batch that is among many, and why the action cannot be done with it; ``None`` if it can."""

    batch: Batch
    reason: str | None


@dataclass(frozen=True)
class Candidates:
    """What an action on many batches would do: which it can be done with, and which not."""

    action: Action
    all: Sequence[Candidate]

    @property
    def fit(self) -> list[Batch]:
        """The batches with which it can be done."""
        return [one.batch for one in self.all if one.reason is None]

    @property
    def unfit(self) -> list[Candidate]:
        """Those with which it cannot, each with its reason."""
        return [one for one in self.all if one.reason is not None]

    @property
    def token(self) -> Token:
        """The concurrency token of the batches, their versions, and whether the action is possible with each."""
        return token_of(sorted([one.batch.id, one.batch.version, one.reason is None] for one in self.all))


def candidates(
    services: Services,
    session: Session,
    identity: Identity,
    batch_type: BatchType,
    action: Action,
    ids: Iterable[int],
) -> Candidates:
    """Look at the batches with these numbers, by a few statements for all of them."""
    wanted = list(ids)
    engine = Engine(session, services.get(BatchTypes), services.settings, identity.name)
    header = batch_type.header
    batches = session.scalars(select(header).where(header.id.in_(wanted)).order_by(header.id)).all()
    held = select(Job).where(Job.batch_id.in_(wanted), Job.exclusive, Job.state.in_(ACTIVE))
    holders = {job.batch_id: job for job in session.scalars(held)}
    found = []
    for batch in batches:
        holder = holders.get(batch.id)
        refusal = held_refusal(batch, action, holder) if holder else None
        found.append(Candidate(batch, refusal or _refusal(engine, identity, action, batch)))
    return Candidates(action, found)


def _refusal(engine: Engine, identity: Identity, action: Action, batch: Batch) -> str | None:
    try:
        access.demand(identity.permissions, batch, action, identity.name)
    except BatchbookError as error:
        return error.message
    if action is Action.EXECUTE:
        return why_not_execute(engine.context_of(batch))
    return None


def enqueue_all(
    services: Services, session: Session, actor: str, chosen: Candidates, options: Mapping[str, Any]
) -> JobGroup:
    """Ask for one job for each batch with which the action can be done; return their group.

    Raises :class:`~batchbook.errors.Conflict` if it can be done with none.
    """
    if not chosen.fit:
        raise Conflict(f"None of these batches can be {chosen.action.done}, so nothing was done.")
    group = JobGroup(
        title=f"{chosen.action.label}: {counted(len(chosen.fit), 'batch', 'batches')}",
        asked_by=actor,
        asked_at=utc_now(),
        skipped=[_left_out(one.batch, one.reason or "") for one in chosen.unfit],
    )
    session.add(group)
    session.flush()  # The jobs refer to it.
    runner = services.get(Runner)
    for batch in chosen.fit:
        runner.submit(session, ActionCall(batch.id, chosen.action, actor, options, batch.version, group.id))
    return group


def _left_out(batch: Batch, reason: str) -> str:
    return reason if str(batch) in reason else f"{batch}: {reason}"
