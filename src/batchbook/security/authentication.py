"""Checking a name and a password, and setting a new password."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from batchbook.db.session import transaction_scope
from batchbook.security.models import User, normal_name
from batchbook.security.passwords import hash_password, needs_rehash, verify_password
from batchbook.security.sessions import revoke_sessions

_LONGEST_NAME = 200


@dataclass(frozen=True)
class Verified:
    """A user whose password was right when it was looked at, and the hash that it was compared with."""

    user_id: int
    password_hash: str


def authenticate(engine: Engine, name: str, password: str) -> Verified | None:
    """Return the active user with this name and password, or ``None``. What is done with it, ``still_valid`` allows.

    The same work is done whether the user exists, is switched off, or has no password. The database is read in a
    transaction of its own, which is over before the slow hash is computed.
    """
    user = _user(engine, name)
    matches = verify_password(user.password_hash if user else None, password)
    if not (user and user.active and user.password_hash and matches):
        return None
    return Verified(user.id, user.password_hash)


def still_valid(db: Session, verified: Verified | None) -> User | None:
    """Return the user, locked until the transaction ends, or ``None`` if ``verified`` no longer holds.

    A password may have been changed, or its user switched off, since it was verified; that must lock out whoever was
    about to use the old one.
    """
    user = db.get(User, verified.user_id, with_for_update=True) if verified else None
    valid = user and verified and user.active and user.password_hash == verified.password_hash
    return user if valid else None


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
