"""CSRF tokens: an HMAC of the visitor's session id, so nothing is stored and a new session has a new token."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from pyramid.interfaces import ICSRFStoragePolicy
from zope.interface import implementer


@implementer(ICSRFStoragePolicy)
class SessionCSRFPolicy:
    """Pyramid's CSRF storage policy over ``request.session_cookie``."""

    def __init__(self, secret: str) -> None:
        self._key = f"batchbook csrf {secret}".encode()

    def get_csrf_token(self, request: Any) -> str:
        """Return the token of this visitor's session."""
        session_id: str = request.session_cookie.id
        return hmac.new(self._key, session_id.encode(), hashlib.sha256).hexdigest()

    def new_csrf_token(self, request: Any) -> str:
        """Return the token: it is made new with the session's id, at sign-in and sign-out."""
        return self.get_csrf_token(request)

    def check_csrf_token(self, request: Any, supplied_token: object) -> bool:
        """Return whether the token is this session's; a visitor who brought none just got a new one."""
        if not isinstance(supplied_token, str):
            return False
        return hmac.compare_digest(
            self.get_csrf_token(request).encode(), supplied_token.encode("utf-8", "replace")
        )


def includeme(config: Any) -> None:
    """Check the token of every unsafe method of every view, from the field or the header."""
    config.set_default_csrf_options(require_csrf=True, token="csrf_token", header="X-CSRF-Token")  # noqa: S106 - A field's name.
