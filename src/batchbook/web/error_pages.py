"""Error pages: one page for everything that goes wrong, and the same as JSON for programs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup
from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import HTTPError, HTTPForbidden, HTTPSeeOther
from pyramid.renderers import render
from pyramid.response import Response
from pyramid_retry import IRetryableError, is_error_retryable

from batchbook.db.transactions import is_timeout
from batchbook.errors import BadInput, BatchbookError, Busy, Conflict, Missing, Misuse, Refused, TooLarge
from batchbook.security.policy import identity_or_nobody
from batchbook.security.views import local_path
from batchbook.web.request import Request

_LOG = logging.getLogger(__name__)

TEMPLATE = "batchbook.templates:errors/error.jinja2"


@dataclass(frozen=True)
class Problem:
    """An HTTP ``status``, a short ``title``, and a ``message`` in whole sentences: what happened and what to do."""

    status: int
    title: str
    message: str


_KNOWN = {
    problem.status: problem
    for problem in (
        Problem(
            400,
            "This can't be used",
            "What your browser sent can't be understood. Nothing was changed. Go back, reload the page, and try again.",
        ),
        Problem(
            403,
            "You may not do this",
            Refused().message,
        ),
        Problem(
            404,
            "Not found",
            "There is nothing at this address; it may have been deleted. Check the address, or start from the start page.",
        ),
        Problem(
            409,
            "This has changed meanwhile",
            "The state of things no longer permits this. Nothing was changed. Go back, reload the page, and look again.",
        ),
        Problem(
            411,
            "The length is missing",
            "The request does not state its length, so it was not read. Send it with a Content-Length header.",
        ),
        Problem(
            413, "This is too large", "What you sent is over the limit. Nothing was saved. Send less at once."
        ),
        Problem(
            500,
            "Something went wrong",
            "An error on our side stopped this request, and nothing of it was saved. Try again; if it happens again, "
            "tell your administrator the request number below.",
        ),
        Problem(
            503,
            "Busy just now",
            "Another change, such as a running job, is being written to the database. Nothing of what you sent was changed; "
            "what you typed is kept where you typed it. Please try again in a moment.",
        ),
    )
}

_OTHER = "The request could not be answered. Nothing was changed. Go back and try again, or start from the start page."


def problem_for(status: int, message: str | None = None) -> Problem:
    """Return the problem of an HTTP status, with ``message`` in place of the usual one."""
    known = _KNOWN.get(status, Problem(status, "This did not work", _OTHER))
    return Problem(status, known.title, message or known.message)


def prefers_json(request: Request) -> bool:
    """Return whether a script asks: by ``X-Requested-With``, or an ``Accept`` that prefers JSON to HTML."""
    if "X-Requested-With" in request.headers:
        return True
    offers = request.accept.acceptable_offers(["text/html", "application/json"])
    return bool(offers) and offers[0][0] == "application/json"


def respond(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response that tells ``problem``. Does not use the request's transaction, which may have failed."""
    request.flash_queue.discard_new()
    response = Response(status=problem.status)
    response.headers.update(headers or {})
    if prefers_json(request):
        response.content_type = "application/json"
        response.json_body = {
            "error": problem.message,
            "status": problem.status,
            "request_id": request.request_id,
        }
    else:
        response.text = _page(request, problem)
    return response


def _page(request: Request, problem: Problem) -> str:
    # Asked before the page is rendered: without a database the page is nobody's, rather than another error.
    identity_or_nobody(request)
    values = {
        "status": problem.status,
        "title": problem.title,
        "message": problem.message,
        "request_id": request.request_id,
        "back_url": back_url(request),
    }
    try:
        return str(render(TEMPLATE, values, request=request))
    except Exception:  # noqa: BLE001 - What broke the page may break its error page too; it is logged.
        _LOG.exception("Request %s: the error page could not be rendered.", request.request_id)
        return Markup(
            '<!DOCTYPE html><html lang="en"><title>{title}</title><h1>{title}</h1><p>{message}</p>'
            "<p>Request {request_id}</p></html>"
        ).format(**values)


def back_url(request: Request) -> str:
    """Return the path of the page this visitor came from, if it is one of ours and another one; else the start page."""
    home = f"{request.script_name}/"
    referrer = urlsplit(request.referrer or "")
    if f"{referrer.scheme}://{referrer.netloc}" != request.host_url or _is_this_page(referrer.path, request):
        return home
    return local_path(referrer._replace(scheme="", netloc="", fragment="").geturl(), home)


def _is_this_page(path: str, request: Request) -> bool:
    return bool(
        request.method == "GET" and path == request.script_name + request.environ.get("PATH_INFO", "")
    )


_BUSY = 503
_RETRY = {"Retry-After": "5"}

_STATUS: dict[type[BatchbookError], int] = {
    BadInput: 400,
    Refused: 403,
    Missing: 404,
    Conflict: 409,
    TooLarge: 413,
    Busy: _BUSY,
    Misuse: 500,
}


def domain_error(error: BatchbookError, request: Request) -> Any:
    """Answer what the domain refused, in its own sentence."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)
    return respond(request, problem_for(status, error.message), _RETRY if status == _BUSY else None)


def http_error(error: Any, request: Request) -> Any:
    """Answer Pyramid's own errors. Their details are meant for developers, so the page has a sentence of its own."""
    return respond(request, problem_for(error.status_int))


def bad_csrf(_error: Any, request: Request) -> Any:
    """Answer a form whose token does not belong to this visitor's session."""
    message = (
        "This form is no longer valid: you have signed in or out since it was opened, or your browser sent no cookie. "
        "Nothing was changed. Go back, reload the page, and send it again."
    )
    return respond(request, problem_for(400, message))


def forbidden(error: Any, request: Request) -> Any:
    """Answer a page that this person may not use by the error that the policy gave, or by sign-in if nobody asked."""
    if identity_or_nobody(request) is None:
        return _sign_in(request)
    return domain_error(getattr(error.result, "error", None) or Refused(), request)


def unexpected(error: Exception, request: Request) -> Any:
    """Answer what nobody foresaw: log it with the request's id, and reveal nothing."""
    if is_error_retryable(request, error):
        # Only the retrying execution policy sees this answer, and it will try again.
        return respond(request, problem_for(503))
    if IRetryableError.providedBy(error) or is_timeout(error):
        _LOG.warning("Request %s gave up on a busy database.", request.request_id, exc_info=error)
        return respond(request, problem_for(503), _RETRY)
    # %r, because the path is a stranger's text and must not break the log's lines.
    where = (request.request_id, request.method, request.environ.get("PATH_INFO", ""))
    _LOG.error("Request %s failed: %s %r", *where, exc_info=error)
    return respond(request, problem_for(500))


def _sign_in(request: Request) -> Any:
    if request.method in ("GET", "HEAD") and not prefers_json(request):
        return HTTPSeeOther(request.route_path("login", _query={"next": request.path_qs}))
    message = "You are not signed in (any more), so nothing was changed. Sign in, go back, and try again."
    return respond(request, Problem(403, "Please sign in", message))


def includeme(config: Any) -> None:
    """Register the views of all errors."""
    config.add_exception_view(domain_error, context=BatchbookError)
    config.add_exception_view(http_error, context=HTTPError)
    config.add_exception_view(bad_csrf, context=BadCSRFToken)
    config.add_exception_view(bad_csrf, context=BadCSRFOrigin)
    config.add_exception_view(forbidden, context=HTTPForbidden)
    config.add_exception_view(unexpected, context=Exception)
