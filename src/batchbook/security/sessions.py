"""Web sessions and their cookie: opened at sign-in, over after a fixed time, revocable at any time."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Engine, delete, event, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import WebSession
from batchbook.security.settings import SecuritySettings
from batchbook.words import storable

NAME = "batchbook_session"

_BYTES = 32
_KNOWN = "known."


class SessionCookie:
    """The id of this visitor's browser session; ``request.session_cookie``.

    Anonymous visitors have an id too, without a row in the database, because CSRF tokens depend on it. It is replaced
    at sign-in and sign-out, so an id that was planted or copied before is worthless afterwards.
    """

    def __init__(self, request: Any) -> None:
        self._request = request
        self._profile = request.services.get(SecuritySettings).cookie(NAME).bind(request)
        value = self._profile.get_value()
        self.received: str | None = value if isinstance(value, str) else None
        self._id = self.received

    @property
    def id(self) -> str:
        """The id that came with the request, or else a new one, which the response will carry."""
        return self._id or self.renew()

    @property
    def is_known(self) -> bool:
        """Whether somebody has signed in on this browser before; only the server can sign a cookie that says so."""
        return (self.received or "").startswith(_KNOWN)

    def renew(self, *, known: bool = False) -> str:
        """Replace the id with a new random one, and return it; with ``known`` for a browser on which somebody has signed in."""
        if self._id == self.received:
            self._request.add_response_callback(self._write)
        self._id = (_KNOWN if known else "") + secrets.token_urlsafe(_BYTES)
        return self._id

    def _write(self, _request: Any, response: Any) -> None:
        self._profile.set_cookies(response, self._id)


def session_hash(session_id: str) -> str:
    """Return the SHA-256 (hex) under which a session is stored, so that reading the table is not enough to take it over."""
    return hashlib.sha256(session_id.encode()).hexdigest()


_LOG = logging.getLogger(__name__)


def open_session(db: Session, user_id: int, request: Any) -> WebSession:
    """Sign the user in on this browser: store a session under the hash of a new cookie id.

    The browser's previous session is revoked, and the user's sessions that are over are removed.
    """
    now = utc_now()
    db.execute(delete(WebSession).where(WebSession.user_id == user_id, WebSession.expires_at < now))
    _leave(db, request, known=True)
    session = WebSession(
        id=session_hash(request.session_cookie.id),
        user_id=user_id,
        created_at=now,
        expires_at=now + request.services.get(SecuritySettings).session_length,
        user_agent=storable((request.user_agent or "")[:300]),
        address=request.remote_addr or "",
    )
    db.add(session)
    return session


def end_session(db: Session, request: Any) -> None:
    """Sign this browser out: revoke its session, and give its cookie a new, anonymous id."""
    _leave(db, request, known=request.session_cookie.is_known)


def _leave(db: Session, request: Any, *, known: bool) -> None:
    if request.session_cookie.received:
        _revoke(db, WebSession.id == session_hash(request.session_cookie.received))
    request.session_cookie.renew(known=known)


def revoke_session(db: Session, user_id: int, session_id: str) -> bool:
    """Revoke one session of this user by its stored id; return whether it was in use."""
    return _revoke(db, WebSession.id == session_id, WebSession.user_id == user_id) > 0


def revoke_sessions(db: Session, user_id: int, *, keep: str | None = None) -> int:
    """Revoke all sessions of the user but the one with the stored id ``keep``; return how many were in use.

    They are revoked now and once more after the transaction is committed, because until then it is possible to sign in
    with what the transaction changes, such as the old password; see :func:`~batchbook.security.authentication.sign_in`.
    """
    which = (WebSession.user_id == user_id, WebSession.id != (keep or ""))
    engine = cast("Engine", db.get_bind())

    def revoke_again(_db: Session) -> None:
        if db.in_nested_transaction():
            return
        try:
            with transaction_scope(engine) as later:
                _revoke(later, *which)
        except SQLAlchemyError:
            # The change is committed, so the request must not fail.
            _LOG.exception("The sessions of user %s could not be revoked once more.", user_id)

    event.listen(db, "after_commit", revoke_again)
    return _revoke(db, *which)


def open_sessions(db: Session, user_id: int) -> Sequence[WebSession]:
    """Return the sessions in which the user is signed in now, newest first."""
    return db.scalars(
        select(WebSession)
        .where(
            WebSession.user_id == user_id, WebSession.revoked_at.is_(None), WebSession.expires_at > utc_now()
        )
        .order_by(WebSession.created_at.desc(), WebSession.id)
    ).all()


def _revoke(db: Session, *conditions: Any) -> int:
    statement = (
        update(WebSession).where(*conditions, WebSession.revoked_at.is_(None)).values(revoked_at=utc_now())
    )
    return cast("CursorResult[Any]", db.execute(statement)).rowcount
