"""Identities of signed-in users, and the permissions that their roles grant."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Refused
from batchbook.security.models import RolePermission, User, WebSession, user_role

#: The permission that every signed-in user has; it is never stored.
SIGNED_IN = "signed-in"

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

    ``timezone`` names the time zone that the user chose; ``None`` stands for that of the site.
    """

    id: int
    name: str
    full_name: str
    permissions: frozenset[str]
    timezone: str | None = None

    def may(self, permission: str) -> bool:
        """Return whether the held permissions cover ``permission``."""
        return grants(self.permissions, permission)

    @property
    def display_name(self) -> str:
        """The full name, or the user name if there is none."""
        return self.full_name or self.name


def load_identity(engine: Engine, session_hash: str) -> Identity | None:
    """Return the user of the web session with this stored id (a SHA-256), or ``None``.

    There is none for a session that is over or revoked, or whose user is switched off. It is read in a read-only
    transaction of its own, so error pages can call this after the request's transaction has failed.
    """
    signed_in = select(WebSession.user_id).where(
        WebSession.id == session_hash, WebSession.revoked_at.is_(None), WebSession.expires_at > utc_now()
    )
    with transaction_scope(engine, read_only=True) as db:
        # Two statements, because the session may be kept beside the database.
        user_id = db.scalar(signed_in)
        rows = db.execute(_user(user_id)).all() if user_id is not None else ()
    if not rows:
        return None
    permissions = frozenset(row.permission for row in rows if row.permission is not None)
    first = rows[0]
    return Identity(first.id, first.name, first.full_name, permissions, first.timezone)


def _user(user_id: int) -> Select[Any, Any, Any, Any, Any]:
    return (
        select(User.id, User.name, User.full_name, User.timezone, RolePermission.permission)
        .outerjoin(user_role, user_role.c.user_id == User.id)
        .outerjoin(RolePermission, RolePermission.role_id == user_role.c.role_id)
        .where(User.id == user_id, User.active)
    )


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
    return Identity(user.id, user.name, user.full_name, permissions, user.timezone)
