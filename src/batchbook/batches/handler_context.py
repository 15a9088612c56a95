"""The context of a handler: the session, settings, actor and time of an action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from batchbook.progress import NoProgress, Progress
from batchbook.security.identity import grants, identity_of_user
from batchbook.security.models import User
from batchbook.zones import start_of_day, zone_of

#: The highest number that an integer column can hold. Asked for a higher one, the databases raise an error.
HIGHEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class HandlerContext:
    """The session, the application's settings, the name of the user who acts, and the time of the action (UTC).

    The action reports its progress to ``progress``. ``reason`` is the text with which the user explains the action, if there
    is one; the operations that the action adds to the history carry it. ``types`` is the application's registry of batch
    types, for functions that look into the batches of all types.
    """

    session: Session
    settings: Mapping[str, Any]
    actor: str
    now: datetime
    progress: Progress = field(default_factory=NoProgress)
    reason: str | None = None
    # The registry imports handlers, and these import this module.
    types: Any = ()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the site, that of days such as those on which prices take effect."""
        return zone_of(self.settings)

    @property
    def today(self) -> date:
        """The day of the action at the site."""
        return self.now.astimezone(self.zone).date()

    @property
    def permissions(self) -> frozenset[str]:
        """The actor's current permissions, read from the database; none for an actor who is not an active user."""
        user = self.session.scalar(select(User).where(User.name == self.actor, User.active))
        return frozenset() if user is None else identity_of_user(user).permissions

    def start_of(self, day: date) -> datetime:
        """Return the first moment of ``day`` at the site, in UTC."""
        return start_of_day(day, self.zone)

    def may(self, permission: str) -> bool:
        """Return whether the actor holds ``permission``."""
        return grants(self.permissions, permission)


def next_number(session: Session, number: InstrumentedAttribute[int], batch_id: int) -> int:
    """Return the number after the highest ``number`` among a batch's rows, files or operations; 1 for the first.

    The caller must hold the batch's lock, so that no two transactions use the same number.
    """
    highest = select(func.max(number)).where(number.class_.batch_id == batch_id)
    return (session.scalar(highest) or 0) + 1
