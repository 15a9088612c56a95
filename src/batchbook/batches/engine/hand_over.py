"""Handing over of batches: who can take one, which of them wait for it, and the change itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session, selectinload

from batchbook.batches import access
from batchbook.batches.concurrency import refuse_stale
from batchbook.batches.engine.context import ActionContext, no_batch
from batchbook.batches.engine.engine import Engine, locked_refusal
from batchbook.batches.engine.scheduled_execution import (
    cancel_locked_schedule,
    cancel_schedule,
    follow_batch,
    follow_version,
)
from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.history import bump_version, record, record_all
from batchbook.batches.lifecycle import FINAL, Action
from batchbook.batches.models import Batch
from batchbook.db import utc_now
from batchbook.db.bulk_writing import chunked
from batchbook.errors import BatchbookError, Conflict
from batchbook.jobs.enqueue import jobs_holding, lock_scheduled_jobs, scheduled_job
from batchbook.jobs.models import Job
from batchbook.security.identity import Identity, identity_of_user
from batchbook.security.models import Role, User, normal_name
from batchbook.words import counted

#: The option of the action with the name of the user who gets the batch.
RECIPIENT = "to"

#: The event in the security log.
EVENT = "batches handed over"
#: The kind of the operation in the history.
_KIND = "hand-over"
#: The number of batches in one statement.
_TOGETHER = 1_000

_absent = select(User.name).where(~User.active)


def owned_by(name: str) -> ColumnElement[bool]:
    """Return the condition for the batches of the user ``name`` that can still be worked on."""
    return and_(Batch.owner == name, Batch.state.not_in(FINAL))


def owner_has_left() -> ColumnElement[bool]:
    """Return the condition for batches whose owner cannot sign in any more."""
    return Batch.owner.in_(_absent)


def recipients(session: Session, batches: Iterable[Batch]) -> list[Identity]:
    """Return the users who can sign in and may work on all of ``batches``, by name."""
    alike = {(batch.type, batch.state): batch for batch in batches}
    loaded = selectinload(User.roles).selectinload(Role.permissions)
    people = session.scalars(select(User).where(User.active).order_by(User.name).options(loaded))
    return [
        person
        for person in map(identity_of_user, people)
        if all(access.may_work_on(person.permissions, batch) for batch in alike.values())
    ]


class Recipient:
    """The user called ``to``, who is to get batches."""

    def __init__(self, session: Session, to: str) -> None:
        self.name = normal_name(to)
        loaded = selectinload(User.roles).selectinload(Role.permissions)
        user = session.scalar(select(User).where(User.name == self.name).options(loaded))
        self._is_active = user is not None and user.active
        self._permissions = None if user is None else identity_of_user(user).permissions

    def demand_fit(self, batch: Batch) -> None:
        """Raise :class:`~batchbook.errors.Conflict` if the user cannot take ``batch``."""
        refused = f"{batch} was not handed over"
        if self._permissions is None:
            raise Conflict(f"{refused}: there is no user called “{self.name[:64]}”.")
        if not self._is_active:
            raise Conflict(f"{refused}: {self.name} can't sign in any more.")
        if self.name == batch.owner:
            raise Conflict(f"{refused}: it is {self.name}'s already.")
        if not access.may_work_on(self._permissions, batch):
            raise Conflict(f"{refused}: the role of {self.name} doesn't allow working on it as it is now.")


def hand_over(engine: Engine, batch_id: int, to: str, version: int | None = None) -> str:
    """Make the user ``to`` the owner of a batch; return a sentence for the user who acts.

    An execution that somebody scheduled who cannot sign in any more is cancelled: it would be refused at its time. Raises
    :class:`~batchbook.errors.Conflict` for a user who cannot take the batch, if a job holds it, or if it no longer has
    the ``version``.
    """
    context = engine.lock(batch_id, Action.HAND_OVER)
    batch, session = context.batch, context.session
    refuse_stale(batch, Action.HAND_OVER, version)
    recipient, former = Recipient(session, to), batch.owner
    recipient.demand_fit(batch)
    dropped = _cancel_refused_execution(context)
    before = batch.version
    batch.handed_to = recipient.name
    if batch.sent_back_to is not None:
        batch.sent_back_to = recipient.name
    bump_version(batch)
    follow_batch(session, batch, before)
    event = _event(former, recipient, dropped)
    record(context.handler_context, batch, _KIND, f"Handed over {event}")
    return f"{batch} was handed over {event}"


def _event(former: str, recipient: Recipient, dropped: str) -> str:
    return f"from {former} to {recipient.name}.{dropped}"


def _cancel_refused_execution(context: ActionContext) -> str:
    job = scheduled_job(context.session, context.batch.id)
    if job is None or context.session.scalar(_absent.where(User.name == job.asked_by)) is None:
        return ""
    return cancel_schedule(context, _because(job, context.batch))


def _because(job: Job, batch: Batch) -> str:
    return f"{job.asked_by} can't sign in any more and {batch} was handed over"


@dataclass
class HandedOver:
    """The outcome of handing over several batches: their numbers by former owner, and the reasons for the others."""

    done: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """The number of batches that were handed over."""
        return sum(map(len, self.done.values()))

    def sentence(self, to: str) -> str:
        """The sentence for the user who handed them over to ``to``."""
        message = f"{counted(self.count, 'batch was', 'batches were')} handed over to {to}."
        if self.left_out:
            left = counted(len(self.left_out), "batch was left out", "batches were left out")
            message += f" {left}: {self.left_out[0]}"
        return message

    def events(self, to: str) -> dict[str, str]:
        """Details for the audit log, by the name of the former owner."""
        return {owner: f"to {to}: {', '.join(numbers)}" for owner, numbers in self.done.items()}


def hand_over_all(engine: Engine, actor: Identity, batches: Sequence[Batch], to: str) -> HandedOver:
    """Hand over each of ``batches`` for which ``actor`` may do that, and which the user ``to`` can take.

    The number of statements does not grow with them. Raises :class:`~batchbook.errors.Conflict` with the first reason if
    that is none of them.
    """
    outcome, recipient = HandedOver(), Recipient(engine.session, to)
    # In the order of their numbers, so that two who hand over the same batches do not wait for each other.
    for some in chunked(sorted(batches, key=lambda batch: batch.id), _TOGETHER):
        fit, scheduled = _lock_fit(engine, actor, some, recipient, outcome)
        if fit:
            _hand_over_locked(engine, fit, scheduled, recipient)
        for batch, former in fit.items():
            outcome.done.setdefault(former, []).append(batch.number)
    if not outcome.done:
        reason = outcome.left_out[0] if outcome.left_out else "There is no such batch."
        raise Conflict(f"Nothing was handed over. {reason}")
    return outcome


def _lock_fit(
    engine: Engine, actor: Identity, batches: Sequence[Batch], recipient: Recipient, outcome: HandedOver
) -> tuple[dict[Batch, str], Mapping[int, Job]]:
    """Lock ``batches``; return those that can be handed over, with their owners, and the jobs scheduled for them.

    The reasons for the others are added to ``outcome``.
    """
    session, ids = engine.session, [batch.id for batch in batches]
    # Asked before locking as well: a running job holds the lock, and nobody should wait for its end.
    holders = jobs_holding(session, ids)
    free = select(Batch).where(Batch.id.in_([one for one in ids if one not in holders])).order_by(Batch.id)
    locking = free.with_for_update(of=Batch).execution_options(populate_existing=True)
    locked = {batch.id: batch for batch in session.scalars(locking)}
    scheduled = lock_scheduled_jobs(session, list(locked))
    holders |= jobs_holding(session, list(locked))
    fit = {}
    for seen in batches:
        batch = locked.get(seen.id)
        try:
            if holder := holders.get(seen.id):
                raise Conflict(locked_refusal(seen, Action.HAND_OVER, holder))
            if batch is None:
                raise no_batch(seen.id)
            access.demand(actor.permissions, batch, Action.HAND_OVER, actor.name)
            recipient.demand_fit(batch)
        except BatchbookError as error:
            outcome.left_out.append(error.message)
        else:
            fit[batch] = batch.owner
    return fit, scheduled


def _hand_over_locked(
    engine: Engine, fit: Mapping[Batch, str], scheduled: Mapping[int, Job], recipient: Recipient
) -> None:
    session = engine.session
    askers = {job.asked_by for job in scheduled.values()}
    absent = set(session.scalars(_absent.where(User.name.in_(askers)))) if askers else set()
    summaries = {}
    for batch, former in fit.items():
        job, dropped = scheduled.get(batch.id), ""
        if job is not None and job.asked_by in absent:
            dropped = cancel_locked_schedule(job, _because(job, batch), engine.settings)
        elif job is not None:
            follow_version(job, batch.version, batch.version + 1)
        summaries[batch.id] = f"Handed over {_event(former, recipient, dropped)}"
    session.execute(
        update(Batch)
        .where(Batch.id.in_(summaries))
        .values(handed_to=recipient.name, version=Batch.version + 1)
        .execution_options(synchronize_session="evaluate")
    )
    session.execute(
        update(Batch)
        .where(Batch.id.in_(summaries), Batch.sent_back_to.is_not(None))
        .values(sent_back_to=recipient.name)
        .execution_options(synchronize_session="evaluate")
    )
    context = HandlerContext(session, engine.settings, engine.actor, utc_now())
    record_all(context, _KIND, summaries)
