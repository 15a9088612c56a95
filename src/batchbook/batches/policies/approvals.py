"""Approvals of a batch's content, and signatures of executions: each is bound to the digest of what was approved.

Whether an approval holds is found by comparing digests, so an edit voids it however it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.handler_context import next_number
from batchbook.batches.history import record
from batchbook.batches.models import Operation
from batchbook.batches.policies.declaration import MEANING, Policy
from batchbook.batches.policies.models import APPROVE, EXECUTE, BatchApproval
from batchbook.batches.policies.second_person import edited_by
from batchbook.batches.seal.serialisation import content_digest
from batchbook.errors import Conflict

#: The most rows of a batch whose content is digested for a page.
MOST_ROWS = 20_000

CHANGED = "The content was changed since."
_EDITOR = "This person edited the batch."


@dataclass(frozen=True)
class CheckedApproval:
    """An approval, and why it is void; ``reason`` is empty if it holds, and ``None`` if that was not found out."""

    approval: BatchApproval
    reason: str | None

    @property
    def holds(self) -> bool:
        """Whether the approval counts."""
        return self.reason == ""


def approve(context: ActionContext) -> str:
    """Approve the content of a batch, which the caller has locked, as the actor; return a sentence for the user.

    Raises :class:`~batchbook.errors.Conflict` for a person who edited the batch, or approved this content already.
    """
    batch, actor = context.batch, context.actor
    if edited_by(context.session, batch, actor):
        raise Conflict(
            f"{batch} was not approved. {actor} created or edited it, so somebody else must approve it."
        )
    digest = content_digest(context.session, batch)
    if any(one.signed_by == actor and one.digest == digest for one in approvals_of(context)):
        raise Conflict(f"{actor} has already approved {str(batch).lower()} as it is now.")
    sign(context, APPROVE, digest)
    record(context.handler_context, batch, APPROVE, f"Approved: {MEANING}. Content {digest[:16]}…")
    return f"{batch} was approved. Any later change of its content voids this."


def sign(
    context: ActionContext, kind: str, digest: str, meaning: str = MEANING, amount: Decimal | None = None
) -> None:
    """Add the actor's signature for the content with ``digest`` to a batch, which the caller has locked."""
    number = next_number(context.session, BatchApproval.number, context.batch.id)
    context.session.add(
        BatchApproval(
            batch_id=context.batch.id,
            number=number,
            kind=kind,
            at=context.now,
            signed_by=context.actor,
            meaning=meaning,
            reason=context.handler_context.reason,
            digest=digest,
            amount=amount,
        )
    )
    context.session.flush()


def approvals_of(context: ActionContext) -> Sequence[BatchApproval]:
    """Return the approvals of a batch, in order, those that are void included."""
    return _signatures(context, APPROVE)


def signatures_of_executions(context: ActionContext) -> Sequence[BatchApproval]:
    """Return the signatures of executions of a batch, in order; the last one counts."""
    return _signatures(context, EXECUTE)


def signed_words(context: ActionContext) -> str:
    """Return by whom the execution of a batch was signed, when, and with which meaning, for print; empty if it was not."""
    signatures = signatures_of_executions(context)
    if not signatures:
        return ""
    last = signatures[-1]
    return f", signed by {last.signed_by} on {last.at:%Y-%m-%d at %H:%M:%S} UTC: {last.meaning}"


def last_signed_at(session: Session, user: str) -> datetime | None:
    """Return when ``user`` last signed the execution of any batch with the password; ``None`` if never."""
    own = (BatchApproval.signed_by == user, BatchApproval.kind == EXECUTE, BatchApproval.meaning == MEANING)
    return session.scalar(select(func.max(BatchApproval.at)).where(*own))


def _signatures(context: ActionContext, kind: str) -> Sequence[BatchApproval]:
    wanted = select(BatchApproval).where(
        BatchApproval.batch_id == context.batch.id, BatchApproval.kind == kind
    )
    return context.session.scalars(wanted.order_by(BatchApproval.number)).all()


def checked_approvals(context: ActionContext, digest: str | None) -> list[CheckedApproval]:
    """Return the approvals of a batch, each with the reason why it is void, if it is.

    ``digest`` is that of the content as it is now; without it, only changes that are in the history are found.
    """
    return [CheckedApproval(one, _why_void(context, one, digest)) for one in approvals_of(context)]


def _why_void(context: ActionContext, approval: BatchApproval, digest: str | None) -> str | None:
    if edited_by(context.session, context.batch, approval.signed_by):
        return _EDITOR
    if digest is not None:
        return "" if approval.digest == digest else CHANGED
    later = select(Operation.number).where(
        Operation.batch_id == context.batch.id, Operation.cells > 0, Operation.at > approval.at
    )
    return CHANGED if context.session.scalar(later.limit(1)) is not None else None


def shown_approvals(context: ActionContext) -> list[CheckedApproval]:
    """Return the approvals of a batch for a page: those of large batches are not compared with all of their content."""
    if not approvals_of(context):
        return []
    return checked_approvals(context, _shown_digest(context))


def _shown_digest(context: ActionContext) -> str | None:
    """Return the digest with which a page compares approvals; that of what was executed, for an executed batch."""
    if context.batch.is_final:
        signatures = signatures_of_executions(context)
        return signatures[-1].digest if signatures else None
    return content_digest(context.session, context.batch) if context.batch.row_count <= MOST_ROWS else None


def missing_approvals(context: ActionContext, policy: Policy, digest: str) -> int:
    """Return how many different users still have to approve the content with ``digest`` before it is executed."""
    found = {one.approval.signed_by for one in checked_approvals(context, digest) if one.holds}
    return max(policy.approvals - len(found), 0)
