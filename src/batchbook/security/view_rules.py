"""Rules for every view: a permission, a CSRF token for unsafe methods, and security headers."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from pyramid.config.views import isexception
from pyramid.exceptions import ConfigurationError
from pyramid.interfaces import ICSRFStoragePolicy
from zope.interface import implementer


@implementer(ICSRFStoragePolicy)
class SessionCSRFPolicy:
    """Pyramid's CSRF storage policy over ``request.session_cookie``."""

    def __init__(self, secret: str) -> None:
        self._key = f"batchbook csrf {secret}".encode()

    def get_csrf_token(self, request: Any) -> str:
        """Return the token of the visitor's session."""
        session_id: str = request.session_cookie.id
        return hmac.new(self._key, session_id.encode(), hashlib.sha256).hexdigest()

    def new_csrf_token(self, request: Any) -> str:
        """Return the token. It changes with the session's id, at sign-in and sign-out."""
        return self.get_csrf_token(request)

    def check_csrf_token(self, request: Any, supplied_token: object) -> bool:
        """Return whether ``supplied_token`` is that of the session; a visitor without a session has just been given a new one."""
        if not isinstance(supplied_token, str):
            return False
        return hmac.compare_digest(
            self.get_csrf_token(request).encode(), supplied_token.encode("utf-8", "replace")
        )


CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_ONE_YEAR = "max-age=31536000; includeSubDomains"


def headers_tween_factory(handler: Callable[[Any], Any], _registry: Any) -> Callable[[Any], Any]:
    """Return the outermost tween, which sets :data:`HEADERS` on every response.

    Responses without ``Cache-Control`` of their own must not be stored, because pages are personal. Static files set
    their own.
    """

    def add_headers(request: Any) -> Any:
        response = handler(request)
        response.headers.update(HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        if request.scheme == "https":
            response.headers["Strict-Transport-Security"] = _ONE_YEAR
        return response

    return add_headers


def require_permission(view: Callable[..., Any], info: Any) -> Callable[..., Any]:
    """View deriver: raise ``ConfigurationError`` for a view without a permission.

    A page for everybody has ``NO_PERMISSION_REQUIRED``. Views of exceptions need none: they answer anyone.
    """
    context = info.options.get("context")
    for_exceptions = info.exception_only or (context is not None and isexception(context))
    if info.options.get("permission") is None and not for_exceptions:
        raise ConfigurationError(
            f"The view {info.original_view!r} names no permission. Give it one, or NO_PERMISSION_REQUIRED if everybody "
            "may see it."
        )
    return view
