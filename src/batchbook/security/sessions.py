"""Web sessions and their cookie: opened at sign-in, over after a fixed time or when idle, revocable at any time."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
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
    settings: SecuritySettings = request.services.get(SecuritySettings)
    db.execute(delete(WebSession).where(WebSession.user_id == user_id, WebSession.expires_at < now))
    _leave(db, request, known=True)
    session = WebSession(
        id=session_hash(request.session_cookie.id),
        user_id=user_id,
        created_at=now,
        expires_at=settings.ends_at(now, now),
        user_agent=storable((request.user_agent or "")[:300]),
        address=request.remote_addr or "",
    )
    db.add(session)
    return session


#: The shortest time by which a session is prolonged: not every request is worth a statement that writes.
_LEAST_GAIN = timedelta(minutes=1)


def prolong_session(engine: Engine, session: Any, settings: SecuritySettings) -> None:
    """Note that ``session``, a row with ``id``, ``created_at`` and ``expires_at``, is used now, so that it stays open.

    The request goes on if that cannot be stored.
    """
    until = settings.ends_at(session.created_at, utc_now())
    if settings.idle_length is None or until < session.expires_at + min(
        _LEAST_GAIN, settings.idle_length / 2
    ):
        return
    try:
        with transaction_scope(engine) as db:
            _change(db, {"expires_at": until}, WebSession.id == session.id)
    except SQLAlchemyError:
        _LOG.warning("A session could not be prolonged.", exc_info=True)


def note_password_typed(db: Session, request: Any) -> None:
    """Note that the password was typed now in this browser's session."""
    _change(db, {"confirmed_at": utc_now()}, WebSession.id == session_hash(request.session_cookie.id))


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
    return _change(db, {"revoked_at": utc_now()}, *conditions)


def _change(db: Session, values: Mapping[str, Any], *conditions: Any) -> int:
    """Set ``values`` of the sessions in use that meet the conditions; return how many there were."""
    statement = update(WebSession).where(*conditions, WebSession.revoked_at.is_(None)).values(values)
    return cast("CursorResult[Any]", db.execute(statement)).rowcount
