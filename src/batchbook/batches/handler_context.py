"""The context that a handler's methods receive: actor, time, session and settings of an action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from batchbook.progress import NoProgress, Progress
from batchbook.security.identity import grants, identity_of_user
from batchbook.security.models import User


@dataclass(frozen=True)
class HandlerContext:
    """What a handler may use: the session, the application's settings, who acts, and the action's moment (UTC).

    ``progress`` is where the action tells how far it is.
    """

    session: Session
    settings: Mapping[str, Any]
    actor: str
    now: datetime
    progress: Progress = field(default_factory=NoProgress)

    @property
    def permissions(self) -> frozenset[str]:
        """The permissions of who acts, as the database has them now; who is no user holds none."""
        user = self.session.scalar(select(User).where(User.name == self.actor, User.active))
        return frozenset() if user is None else identity_of_user(user).permissions

    def may(self, permission: str) -> bool:
        """Return whether the role of who acts holds ``permission``."""
        return grants(self.permissions, permission)


def next_number(session: Session, number: InstrumentedAttribute[int], batch_id: int) -> int:
    """Return what comes behind the highest ``number`` among the batch's rows, files or operations; 1 for the first.

    Whoever stores it holds the batch's lock, so that two cannot take the same.
    """
    highest = select(func.max(number)).where(number.class_.batch_id == batch_id)
    return (session.scalar(highest) or 0) + 1
