"""One error page for everything that goes wrong, and the same as JSON for scripts."""

from __future__ import annotations

import logging
from typing import Any

from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import HTTPError, HTTPForbidden, HTTPSeeOther
from pyramid_retry import IRetryableError, is_error_retryable

from batchbook.db.transient import is_timeout
from batchbook.errors import BadInput, BatchbookError, Busy, Conflict, Missing, Misuse, Refused, TooLarge
from batchbook.security.policy import identity_or_nobody
from batchbook.web.problems import Problem, prefers_json, problem_for, respond
from batchbook.web.request import Request

_LOG = logging.getLogger(__name__)

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
    """Answer a page that this person may not use: by the state if that forbids it, by sign-in if nobody asked."""
    identity = identity_or_nobody(request)
    if identity is None:
        return _sign_in(request)
    if sentence := _refusal(error, request, identity):
        return respond(request, problem_for(409, sentence))
    return respond(request, problem_for(403, getattr(error.result, "reason", None)))


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


def _refusal(error: Any, request: Request, identity: Any) -> str | None:
    permission = getattr(error.result, "permission", None)
    refusal = getattr(getattr(request, "context", None), "refusal", None)
    return refusal(identity, permission) if permission and refusal else None


def includeme(config: Any) -> None:
    """Register the views of all errors."""
    config.add_exception_view(domain_error, context=BatchbookError)
    config.add_exception_view(http_error, context=HTTPError)
    config.add_exception_view(bad_csrf, context=BadCSRFToken)
    config.add_exception_view(bad_csrf, context=BadCSRFOrigin)
    config.add_exception_view(forbidden, context=HTTPForbidden)
    config.add_exception_view(unexpected, context=Exception)
