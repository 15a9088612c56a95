"""The headers that every response carries, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.tweens import INGRESS

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

_ONE_YEAR = "max-age=31536000"


def headers_tween_factory(handler: Callable[[Any], Any], _registry: Any) -> Callable[[Any], Any]:
    """Return the outermost tween, which sets :data:`HEADERS` on every response.

    A response that does not say how it may be kept is not to be kept at all: pages show what only this person may
    see. Static files say so themselves.
    """

    def add_headers(request: Any) -> Any:
        response = handler(request)
        response.headers.update(HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        if request.scheme == "https":
            response.headers["Strict-Transport-Security"] = _ONE_YEAR
        return response

    return add_headers


def includeme(config: Any) -> None:
    """Add the tween outside of all others."""
    config.add_tween("batchbook.security.headers.headers_tween_factory", under=INGRESS)
