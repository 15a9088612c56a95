"""Authentication by name and password, signing in, and changes of passwords."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from sqlalchemy import CursorResult, Engine, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from batchbook.db.transactions import WaitingLimit, is_timeout, make_session, transaction_scope
from batchbook.security.models import User, normal_name
from batchbook.security.passwords import hash_password, needs_rehash, verify_password
from batchbook.security.sessions import open_session, revoke_session, revoke_sessions
from batchbook.words import is_storable

_LONGEST_NAME = 200


@dataclass(frozen=True)
class Verified:
    """A user whose password was right when it was checked, and the hash that it was compared with."""

    user_id: int
    name: str
    password_hash: str


def authenticate(engine: Engine, name: str, password: str) -> Verified | None:
    """Return the active user with this name and password, or ``None``.

    The result holds for the moment: ``still_valid`` and ``sign_in`` check it again. The same work is done whether the
    user exists, is switched off, or has no password. The database is read in a transaction of its own, which is over
    before the slow hash is computed.
    """
    user = _user(engine, name)
    matches = verify_password(user.password_hash if user else None, password)
    if not (user and user.active and user.password_hash and matches):
        return None
    return Verified(user.id, user.name, user.password_hash)


def still_valid(db: Session, verified: Verified | None, *, lock: bool = True) -> User | None:
    """Return the user, or ``None`` if ``verified`` no longer holds.

    The user is locked until the transaction ends unless ``lock`` is False. Since the password was verified it may have
    been changed, or its user switched off; that must lock out whoever was about to use the old one.
    """
    user = db.get(User, verified.user_id, with_for_update=lock) if verified else None
    valid = user and verified and user.active and user.password_hash == verified.password_hash
    return user if valid else None


def sign_in(request: Any, verified: Verified) -> bool:
    """Sign the verified user in on this browser; return whether the password was still valid once the session was stored.

    The order keeps out a user whose password is changed, or who is switched off, at the same time. A change that is
    committed before the second check is seen by it; one that is committed later revokes the session, which is stored
    already. No lock is needed, so nobody waits for a job that is writing.
    """
    engine = request.services.get(Engine)
    with transaction_scope(engine) as db:
        session = open_session(db, verified.user_id, request)
    with transaction_scope(engine, read_only=True) as db:
        if still_valid(db, verified, lock=False) is not None:
            return True
    with transaction_scope(engine) as db:
        revoke_session(db, verified.user_id, session.id)
    return False


def refresh_hash(engine: Engine, verified: Verified, password: str) -> Verified:
    """Hash a password that was just verified again if its hash was made with outdated parameters.

    Returns ``verified`` with the hash that is stored now. It is not worth waiting for: while a job is writing, it is
    left to the next sign-in.
    """
    if not needs_rehash(verified.password_hash):
        return verified
    new_hash = hash_password(password)
    unchanged = (User.id == verified.user_id, User.password_hash == verified.password_hash)
    try:
        with make_session(engine, waiting=WaitingLimit(1, seconds=0)) as db, db.begin():
            changed = db.execute(update(User).where(*unchanged).values(password_hash=new_hash))
    except OperationalError as error:
        if not is_timeout(error):
            raise
        return verified
    return (
        replace(verified, password_hash=new_hash) if cast("CursorResult[Any]", changed).rowcount else verified
    )


def change_password(
    db: Session, user: User, password_hash: str, *, keep: str | None = None, must_change: bool = False
) -> int:
    """Set the hash of the user's password, and revoke all the user's sessions but the one with the stored id ``keep``.

    A user who ``must_change`` it, because somebody else has set it, can do nothing else before. Returns the number of
    sessions that were revoked. The password is not judged here; see ``passwords.why_weak``. The
    caller computes the hash, which is slow, before anything is locked.
    """
    user.password_hash = password_hash
    user.must_change_password = must_change
    db.flush()  # The database's write lock, which may take long to get, before the sessions are touched.
    return revoke_sessions(db, user.id, keep=keep)


def _user(engine: Engine, name: str) -> User | None:
    if len(name) > _LONGEST_NAME or not is_storable(name):
        return None
    with transaction_scope(engine, read_only=True) as db:
        return db.scalars(select(User).where(User.name == normal_name(name))).one_or_none()
