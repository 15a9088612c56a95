"""The cookie that holds the id of a visitor's session, and nothing else."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from batchbook.security.settings import SecuritySettings

NAME = "batchbook_session"

_BYTES = 32


class SessionCookie:
    """The id of this visitor's browser session; ``request.session_cookie``.

    An anonymous visitor has an id too, without a row in the database: CSRF tokens hang on it. It is replaced at
    sign-in and sign-out, so an id that somebody planted or noted before is worth nothing afterwards.
    """

    def __init__(self, request: Any) -> None:
        self._request = request
        self._profile = request.services.get(SecuritySettings).cookie(NAME).bind(request)
        value = self._profile.get_value()
        self.given: str | None = value if isinstance(value, str) else None
        self._id = self.given

    @property
    def id(self) -> str:
        """The id: the one that came with the request, else a new one that the response will carry."""
        return self._id or self.renew()

    def renew(self) -> str:
        """Replace the id by a new random one, and return that."""
        if self._id == self.given:
            self._request.add_response_callback(self._write)
        self._id = secrets.token_urlsafe(_BYTES)
        return self._id

    def _write(self, _request: Any, response: Any) -> None:
        self._profile.set_cookies(response, self._id)


def session_hash(session_id: str) -> str:
    """Return the SHA-256 (hex) under which a session is stored: who reads the table can't take a session over."""
    return hashlib.sha256(session_id.encode()).hexdigest()
