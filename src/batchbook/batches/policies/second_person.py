"""The rule of the second person: who made the content of a batch, and who may therefore neither execute nor approve it.

:mod:`batchbook.batches.freeze.execution_gate` has the same rules in SQL, which nobody gets round.
"""

from __future__ import annotations

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from batchbook.batches.history import INTAKE, REMEMBERED
from batchbook.batches.models import Batch, Operation
from batchbook.batches.policies.declaration import Policy


def edited_by(session: Session, batch: Batch, user: str) -> bool:
    """Return whether ``user`` created ``batch``, chose how its file is read, populated it, or changed one of its cells."""
    if user == batch.created_by:
        return True
    made = or_(
        Operation.kind.in_(("populate", INTAKE)),
        and_(Operation.cells > 0, Operation.kind != REMEMBERED),
    )
    found = select(Operation.number).where(Operation.batch_id == batch.id, Operation.actor == user, made)
    return session.scalar(found.limit(1)) is not None


def second_person_reasons(session: Session, batch: Batch, policy: Policy, user: str) -> list[str]:
    """Return the sentences with which ``policy`` refuses that ``user`` executes ``batch``; none if it does not."""
    reasons = []
    if policy.other_than_editor and edited_by(session, batch, user):
        reasons.append(
            f"{user} created or edited it, so somebody else must execute it: the policy of this type demands a second person."
        )
    if policy.other_than_completer and batch.completed_by in (None, user):
        reasons.append(
            f"{user} marked it complete, so somebody else must execute it: the policy of this type demands a second person."
        )
    return reasons
