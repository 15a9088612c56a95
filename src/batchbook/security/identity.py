"""Identities of signed-in users, and the permissions that their roles grant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, bindparam, select
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.db.transactions import brief_reading
from batchbook.errors import Refused
from batchbook.security.models import RolePermission, User, WebSession, user_role

#: The permissions that every signed-in user has; they are never stored. The first is that of pages which somebody whose
#: password must be changed does not see, the second that of the pages of one's own account.
SIGNED_IN = "signed-in"
OWN_ACCOUNT = "own-account"

_ANY = "*"


def grants(permissions: Set[str], wanted: str) -> bool:
    """Return whether one of the held ``permissions`` covers ``wanted``.

    A held ``*`` stands for exactly one whole segment: ``batch:*:execute`` covers ``batch:price_change:execute`` but
    neither ``batch:execute`` nor ``batch:a:b:execute``. A ``*`` in ``wanted`` has no special meaning.
    """
    return wanted in permissions or any(_covers(held, wanted) for held in permissions if _ANY in held)


def grants_any(permissions: Set[str], wanted: Iterable[str]) -> bool:
    """Return whether ``permissions`` cover at least one of ``wanted``."""
    return any(grants(permissions, one) for one in wanted)


def _covers(held: str, wanted: str) -> bool:
    held_segments, segments = held.split(":"), wanted.split(":")
    return (
        len(held_segments) == len(segments)
        and all(segments)
        and all(own in (_ANY, one) for own, one in zip(held_segments, segments, strict=True))
    )


@dataclass(frozen=True)
class Identity:
    """A signed-in user: ``id`` and ``name``, and all permissions of the user's roles.

    ``timezone`` and ``number_format`` name those that the user chose; ``None`` stands for those of the site. ``confirmed_at`` is when
    the user last typed the password in this browser, ``signed_in_at`` when that was for signing in; ``None`` for commands. Somebody who ``must_change_password`` may do
    nothing else before.
    """

    id: int
    name: str
    full_name: str
    permissions: frozenset[str]
    timezone: str | None = None
    email: str = ""
    confirmed_at: datetime | None = field(default=None, compare=False)
    must_change_password: bool = False
    number_format: str | None = None
    signed_in_at: datetime | None = field(default=None, compare=False)

    def may(self, permission: str) -> bool:
        """Return whether the held permissions cover ``permission``."""
        return grants(self.permissions, permission)

    @property
    def display_name(self) -> str:
        """The full name, or the user name if there is none."""
        return self.full_name or self.name


def load_identity(
    engine: Engine, session_hash: str, prolong: Callable[[Any], None] | None = None
) -> Identity | None:
    """Return the user of the web session with this stored id (a SHA-256), or ``None``.

    There is none for a session that is over or revoked, or whose user is switched off. It is read in a transaction
    of its own, so error pages can call this after the request's transaction has failed. ``prolong`` is
    called afterwards with the session.
    """
    asked = {"session": session_hash, "now": utc_now()}
    with brief_reading(engine) as db:
        if db.get_bind(WebSession) is db.get_bind(User):
            rows: Sequence[Any] = db.execute(_USER_OF_SESSION, asked).all()
            session = rows[0].WebSession if rows else None
        else:  # The session is kept beside the database.
            session = db.scalar(_SESSION, asked)
            rows = () if session is None else db.execute(_USER, {"user": session.user_id}).all()
    if session is None or not rows:
        return None
    if prolong is not None:
        prolong(session)
    permissions = frozenset(row.permission for row in rows if row.permission is not None)
    first = rows[0]
    return Identity(
        first.id,
        first.name,
        first.full_name,
        permissions,
        first.timezone,
        first.email or "",
        session.confirmed_at or session.created_at,
        first.must_change_password,
        first.number_format,
        session.created_at,
    )


def _user(user_id: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            User.id,
            User.name,
            User.full_name,
            User.timezone,
            User.number_format,
            User.email,
            User.must_change_password,
            RolePermission.permission,
        )
        .outerjoin(user_role, user_role.c.user_id == User.id)
        .outerjoin(RolePermission, RolePermission.role_id == user_role.c.role_id)
        .where(User.id == user_id, User.active)
    )


# Made once, because every request asks one of them; making it takes longer than asking.
_OPEN_NOW = (
    WebSession.id == bindparam("session"),
    WebSession.revoked_at.is_(None),
    WebSession.expires_at > bindparam("now"),
)
_SESSION = select(WebSession).where(*_OPEN_NOW)
_USER = _user(bindparam("user"))
_USER_OF_SESSION = _user(WebSession.user_id).add_columns(WebSession).where(*_OPEN_NOW)


def identity_called(session: Session, name: str) -> Identity:
    """Return the current identity of the user called ``name``.

    Raises ``Refused`` if there is no such user, or if the user is switched off.
    """
    user = session.scalar(select(User).where(User.name == name))
    if user is None or not user.active:
        raise Refused(f"{name} may no longer sign in. Nothing was changed.")
    return identity_of_user(user)


def identity_of_user(user: User) -> Identity:
    """Return the identity of ``user`` without a web session, for commands that act on a user's behalf."""
    permissions = frozenset(entry.permission for role in user.roles for entry in role.permissions)
    return Identity(
        user.id,
        user.name,
        user.full_name,
        permissions,
        user.timezone,
        number_format=user.number_format,
    )
