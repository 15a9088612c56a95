"""Handing over of batches: who can take one, which of them wait for it, and the change itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, selectinload

from batchbook.batches import access
from batchbook.batches.concurrency import bump_version, refuse_stale
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.scheduled_execution import cancel_schedule, follow_batch
from batchbook.batches.history import record
from batchbook.batches.lifecycle import FINAL, Action
from batchbook.batches.models import Batch
from batchbook.errors import BatchbookError, Conflict
from batchbook.jobs.enqueue import scheduled_job
from batchbook.security.identity import Identity, identity_of_user
from batchbook.security.models import Role, User, normal_name

#: The option of the action with the name of the user who gets the batch.
RECIPIENT = "to"

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


def hand_over(engine: Engine, batch_id: int, to: str, version: int | None = None) -> str:
    """Make the user ``to`` the owner of a batch; return a sentence for the user who acts.

    An execution that somebody scheduled who cannot sign in any more is cancelled: it would be refused at its time. Raises
    :class:`~batchbook.errors.Conflict` for a user who cannot take the batch, if a job holds it, or if it no longer has
    the ``version``.
    """
    context = engine.lock(batch_id, Action.HAND_OVER)
    batch, session = context.batch, context.session
    refuse_stale(batch, Action.HAND_OVER, version)
    name, former = normal_name(to), batch.owner
    _refuse_recipient(context, name)
    dropped = _cancel_refused_execution(context)
    before = batch.version
    batch.handed_to = name
    bump_version(batch)
    follow_batch(session, batch, before)
    record(context.handler_context, batch, "hand-over", f"Handed over from {former} to {name}.{dropped}")
    return f"{batch} was handed over from {former} to {name}.{dropped}"


def _refuse_recipient(context: ActionContext, name: str) -> None:
    batch = context.batch
    refused = f"{batch} was not handed over"
    user = context.session.scalar(select(User).where(User.name == name))
    if user is None:
        raise Conflict(f"{refused}: there is no user called “{name[:64]}”.")
    if not user.active:
        raise Conflict(f"{refused}: {name} can't sign in any more.")
    if name == batch.owner:
        raise Conflict(f"{refused}: it is {name}'s already.")
    if not access.may_work_on(identity_of_user(user).permissions, batch):
        raise Conflict(f"{refused}: the role of {name} doesn't allow working on it as it is now.")


def _cancel_refused_execution(context: ActionContext) -> str:
    job = scheduled_job(context.session, context.batch.id)
    if job is None or context.session.scalar(_absent.where(User.name == job.asked_by)) is None:
        return ""
    return cancel_schedule(
        context, f"{job.asked_by} can't sign in any more and {context.batch} was handed over"
    )


@dataclass
class HandedOver:
    """The outcome of handing over several batches: their numbers by former owner, and the reasons for the others."""

    done: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """The number of batches that were handed over."""
        return sum(map(len, self.done.values()))


def hand_over_all(engine: Engine, actor: Identity, batches: Sequence[Batch], to: str) -> HandedOver:
    """Hand over each of ``batches`` for which ``actor`` may do that, and which the user ``to`` can take.

    Raises :class:`~batchbook.errors.Conflict` with the first reason if that is none of them.
    """
    outcome = HandedOver()
    for batch in batches:
        owner = batch.owner
        try:
            access.demand(actor.permissions, batch, Action.HAND_OVER, actor.name)
            hand_over(engine, batch.id, to)
        except BatchbookError as error:
            outcome.left_out.append(error.message)
        else:
            outcome.done.setdefault(owner, []).append(batch.number)
    if not outcome.done:
        reason = outcome.left_out[0] if outcome.left_out else "There is no such batch."
        raise Conflict(f"Nothing was handed over. {reason}")
    return outcome
