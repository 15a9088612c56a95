"""Properties of every request, such as its id, time zone and number format; and the tween that turns every error into a response."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from pyramid_retry import is_error_retryable

from batchbook.grid.number_formats import NumberFormat
from batchbook.grid.parsers import Conventions
from batchbook.services import Services
from batchbook.web import WebSettings
from batchbook.zones import zone_called


def zone_of(request: Request) -> ZoneInfo:
    """Return the time zone of the user who makes the request."""
    return zone_for(request.services, request.identity)


def zone_for(services: Services, identity: Any) -> ZoneInfo:
    """Return the time zone that the user ``identity`` chose, or else that of the site.

    That is for visitors who are not signed in, and for a zone that no longer exists.
    """
    chosen = identity.timezone if identity else None
    return (zone_called(chosen) if chosen else None) or services.get(WebSettings).timezone


#: The hidden field of a form, and the header of a script's request, that name the number format of their page.
FORMAT_FIELD, FORMAT_HEADER = "_number_format", "X-Number-Format"


def conventions_of(request: Request) -> Conventions:
    """Return how the user who makes the request writes numbers, by the page that it comes from; days and moments are ISO for all."""
    of_page = NumberFormat.called(request.headers.get(FORMAT_HEADER, ""))
    return (of_page or number_format_for(request.services, request.identity)).conventions


def keep_format_of_form(request: Request) -> None:
    """Read and write numbers like the page that the form in ``request`` is on, whatever its user has chosen since."""
    name = request.POST.get(FORMAT_FIELD, "")
    of_page = NumberFormat.called(name) if isinstance(name, str) else None
    if of_page is not None:
        request.conventions = of_page.conventions


def number_format_for(services: Services, identity: Any) -> NumberFormat:
    """Return the number format that the user ``identity`` chose, or else that of the site."""
    chosen = identity.number_format if identity else None
    return (NumberFormat.called(chosen) if chosen else None) or services.get(WebSettings).number_format


#: The type of requests. Pyramid is untyped, so it is ``Any`` to the type checker.
Request = Any

HEADER = "X-Request-Id"

_ENVIRON_KEY = "batchbook.request_id"


def request_id(request: Request) -> str:
    """Return the id of this request, 16 hex digits, which stays the same when the request is tried again.

    It is never taken from a header, because nobody outside should choose a text for the log.
    """
    made: str = request.environ.setdefault(_ENVIRON_KEY, secrets.token_hex(8))
    return made


def prefers_json(request: Request) -> bool:
    """Return whether a script sent the request: it has ``X-Requested-With``, or its ``Accept`` prefers JSON to HTML."""
    if "X-Requested-With" in request.headers:
        return True
    offers = request.accept.acceptable_offers(["text/html", "application/json"])
    return bool(offers) and offers[0][0] == "application/json"


def guard_tween_factory(handler: Callable[[Request], Any], _registry: Any) -> Callable[[Request], Any]:
    """Return the tween that adds the request's id to the response, and turns errors from below into a page.

    Pyramid's own exception tween lies under that of the transaction. An error above it, such as a failed commit or a
    body over the limit, would reach the server as a bare traceback.
    """

    def guard(request: Request) -> Any:
        try:
            response = handler(request)
        except Exception:  # noqa: BLE001 - The exception view logs it.
            # The retrying execution policy finds the error on the request, and tries again if that may help.
            response = request.invoke_exception_view()
        response.headers[HEADER] = request.request_id
        if not is_error_retryable(request, request.exception):
            _close_body(request)
        return response

    return guard


def _close_body(request: Request) -> None:
    # WebOb copies a long body into a temporary file, once for all attempts, and never closes it explicitly.
    body = request.environ.get("wsgi.input")
    if isinstance(body, io.BufferedRandom):
        body.close()


def includeme(config: Any) -> None:
    """Add ``request.zone``, ``request.conventions``, ``request.request_id`` and the tween."""
    config.add_request_method(zone_of, "zone", reify=True)
    config.add_request_method(conventions_of, "conventions", reify=True)
    config.add_request_method(request_id, reify=True)
    config.add_tween(
        "batchbook.web.request.guard_tween_factory",
        under="batchbook.security.view_rules.headers_tween_factory",
        over=(
            "batchbook.web.limits.limits_tween_factory",
            "pyramid_tm.tm_tween_factory",
            "pyramid.tweens.excview_tween_factory",
        ),
    )
