"""Checking a name and a password, and setting a new password."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from batchbook.db.session import transaction_scope
from batchbook.security.models import User, normal_name
from batchbook.security.passwords import hash_password, needs_rehash, verify_password
from batchbook.security.sessions import revoke_sessions

_LONGEST_NAME = 200


def authenticate(engine: Engine, name: str, password: str) -> int | None:
    """Return the id of the active user with this name and password, or ``None``.

    The same work is done whether the user exists, is switched off, or has no password. The database is read in a
    transaction of its own, which is over before the slow hash is computed.
    """
    user = _user(engine, name)
    matches = verify_password(user.password_hash if user else None, password)
    return user.id if user and user.active and matches else None


def refresh_hash(user: User, password: str) -> None:
    """Make the hash of a password that was just verified anew, if today's parameters are other ones."""
    if user.password_hash and needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)


def change_password(db: Session, user: User, password: str, *, keep: str | None = None) -> int:
    """Set the user's password and revoke all the user's sessions but the one with the stored id ``keep``.

    Returns how many sessions were revoked. Does not judge the password; see ``passwords.why_weak``.
    """
    user.password_hash = hash_password(password)
    return revoke_sessions(db, user.id, keep=keep)


def _user(engine: Engine, name: str) -> User | None:
    # PostgreSQL refuses text with a null character; no user has such a name.
    if len(name) > _LONGEST_NAME or "\x00" in name:
        return None
    with transaction_scope(engine, read_only=True) as db:
        return db.scalars(select(User).where(User.name == normal_name(name))).one_or_none()
