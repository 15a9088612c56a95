"""Error pages: one page for every error, and the same as JSON for scripts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import HTTPError, HTTPForbidden, HTTPSeeOther
from pyramid.renderers import render
from pyramid.response import Response
from pyramid_retry import IRetryableError, is_error_retryable
from sqlalchemy.exc import TimeoutError as PoolTimeout

from batchbook.db.outages import outage_of
from batchbook.db.transactions import SAFE_METHODS, is_timeout
from batchbook.errors import BadInput, BatchbookError, Busy, Conflict, Missing, Misuse, Refused, TooLarge
from batchbook.security.account import ask_password_page
from batchbook.security.audit_log import PAGE, REFUSED, record_event
from batchbook.security.kept_forms import KeptForm, local_path
from batchbook.security.policy import PasswordChangeNeeded, PasswordNeeded, identity_or_nobody
from batchbook.security.views import send_again_page, signed_out_page
from batchbook.web.form_parsing import PARSED
from batchbook.web.refused_forms import back_url, kept_form, page_url
from batchbook.web.request import Request, prefers_json

_LOG = logging.getLogger(__name__)

TEMPLATE = "batchbook.templates:errors/error.jinja2"


@dataclass(frozen=True)
class Problem:
    """An error to show: its HTTP ``status``, a short ``title``, and a ``message`` in whole sentences."""

    status: int
    title: str
    message: str

    @property
    def label(self) -> str:
        """The words above the title: what was refused is no error."""
        return "Not done" if self.status in _REFUSALS else f"Error {self.status}"

    @property
    def may_pass(self) -> bool:
        """Whether the same may succeed soon, for whoever is signed in or not."""
        return self.status == _BUSY


_BUSY = 503
#: The statuses of requests that were understood, and refused.
_REFUSALS = frozenset({403, 409})

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
            "There is nothing at this address; it may have been deleted. Check the address, or go to the start page.",
        ),
        Problem(
            409,
            "This is not possible now",
            "The current state no longer permits this. Nothing was changed. Go back, reload the page, and check it.",
        ),
        Problem(
            411,
            "The length is missing",
            "The request does not state its length, so it was not read. Send it with a Content-Length header.",
        ),
        Problem(
            413,
            "This is too large",
            "What you sent is over the limit. Nothing was saved. Send less at a time.",
        ),
        Problem(
            500,
            "Something went wrong",
            "An error on our side stopped this request, and nothing was saved. Try again. If it happens again, "
            "give your administrator the request number below.",
        ),
        Problem(
            503,
            "Busy just now",
            "Another change, such as a running job, is being written to the database. Nothing was changed, and "
            "what you typed stays where you typed it. Try again in a moment.",
        ),
    )
}

_OTHER = (
    "The request could not be answered. Nothing was changed. Go back and try again, or go to the start page."
)


def problem_for(status: int, message: str | None = None) -> Problem:
    """Return the problem for an HTTP status, with ``message`` instead of the usual one."""
    known = _KNOWN.get(status, Problem(status, "This did not work", _OTHER))
    return Problem(status, known.title, message or known.message)


def respond(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response that shows ``problem``. The request's transaction is not used; it may have failed."""
    request.flash_queue.discard_new()
    if problem.status in _LOGGED and not is_error_retryable(request, request.exception):
        _log_refusal(request, problem)
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


#: The statuses of refusals that are logged. Unknown addresses are not: anybody may ask for any number of them.
_LOGGED = frozenset({400, 403, 409, 411, 413, 503})


def _log_refusal(request: Request, problem: Problem) -> None:
    identity = identity_or_nobody(request)
    # ascii(), because what comes from outside must not break the lines of the log.
    who = (ascii(identity.name) if identity else "nobody", ascii(request.remote_addr or ""))
    what = (request.method, ascii(request.environ.get("PATH_INFO", "")), ascii(problem.message))
    _LOG.info(
        "Request %s was refused (%d), by %s from %s: %s %s: %s",
        request.request_id,
        problem.status,
        *who,
        *what,
    )
    if identity is not None and problem.status in _REFUSALS:
        address = f"{request.method} {request.environ.get('PATH_INFO', '')}"
        record_event(request, REFUSED, address, problem.message, PAGE)


def _page(request: Request, problem: Problem) -> str:
    # Loaded before the page is rendered: without a database this is a visitor's page rather than another error.
    identity_or_nobody(request)
    values = {
        "problem": problem,
        "request_id": request.request_id,
        "back_url": back_url(request),
        "again_url": page_url(request) if problem.may_pass and request.method == "GET" else "",
        "login_url": request.route_path("login", _query={"next": page_url(request)}),
    }
    try:
        # A form that was refused unread stays so.
        kept = kept_form(request) if PARSED in request.environ else None
        values["kept"] = kept if isinstance(kept, KeptForm) else None
        return str(render(TEMPLATE, values, request=request))
    except Exception:  # noqa: BLE001 - The cause of the error may break its page too; it is logged.
        _LOG.exception("Request %s: the error page could not be rendered.", request.request_id)
        return Markup(
            '<!DOCTYPE html><html lang="en"><title>{title}</title><h1>{title}</h1><p>{message}</p>'
            "<p>Request {request_id}</p></html>"
        ).format(title=problem.title, message=problem.message, request_id=request.request_id)


_NOT_NOW = "This is not possible just now"
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
    """Answer an error of Batchbook with its own sentence."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)
    return respond(request, problem_for(status, error.message), _RETRY if status == _BUSY else None)


def http_error(error: Any, request: Request) -> Any:
    """Answer an error of Pyramid. Its details are for developers, so the page has a sentence of its own."""
    return respond(request, problem_for(error.status_int))


def bad_csrf(_error: Any, request: Request) -> Any:
    """Answer a form whose CSRF token is not that of the visitor's session.

    One from a page of this site can be sent again.
    """
    form = kept_form(request)
    if isinstance(form, KeptForm):
        _log_refusal(request, problem_for(400, "The form's token is not that of the session."))
        # The sign-in form itself names the page to return to.
        next_url = local_path(request.POST.get("next", ""), back_url(request))
        if identity_or_nobody(request) is None:
            return signed_out_page(request, form, next_url)
        return send_again_page(request, form, next_url, 400)
    message = (
        "This form is no longer valid: you have signed in or out since it was opened, or your browser sent no cookie. "
        "Nothing was changed. Go back, reload the page, and send it again."
    )
    return respond(request, problem_for(400, message))


def forbidden(error: Any, request: Request) -> Any:
    """Answer a denied request with the error of the policy, or with the sign-in page if nobody is signed in."""
    if identity_or_nobody(request) is None:
        return _sign_in(request)
    refused = getattr(error.result, "error", None) or Refused()
    if isinstance(refused, PasswordChangeNeeded) and not prefers_json(request):
        return HTTPSeeOther(request.route_path("account"))
    return domain_error(refused, request)


def password_needed(error: PasswordNeeded, request: Request) -> Any:
    """Lead a person to the page that asks for the password, and from there back; tell a script."""
    if prefers_json(request):
        return domain_error(error, request)
    back = request.path_qs if request.method in SAFE_METHODS else back_url(request)
    form = kept_form(request)
    if isinstance(form, KeptForm):
        _log_refusal(request, problem_for(403, error.message))
        return ask_password_page(request, form, back)
    if request.method not in SAFE_METHODS:
        request.flash(error.message, "warning")
    return HTTPSeeOther(request.route_path("account.confirm", _query={"next": back}))


def unexpected(error: Exception, request: Request) -> Any:
    """Answer an unexpected error: log it with the request's id, and reveal nothing."""
    if is_error_retryable(request, error):
        # Only the retrying execution policy sees this response, and it will try again.
        return respond(request, problem_for(503))
    outage = outage_of(error)
    if outage is None and (IRetryableError.providedBy(error) or is_timeout(error)):
        _LOG.warning("Request %s gave up on a busy database.", request.request_id, exc_info=error)
        return respond(request, problem_for(503), _RETRY)
    if outage is not None:
        _LOG.error("Request %s failed, because of the database: %s", request.request_id, _cause(error))
        return respond(request, Problem(503, _NOT_NOW, outage.sentence), _RETRY)
    if isinstance(error, PoolTimeout):
        _LOG.warning("Request %s waited in vain for a connection: %s", request.request_id, error)
        return respond(request, problem_for(503), _RETRY)
    # %r, because the path is a text from outside that must not break the lines of the log.
    where = (request.request_id, request.method, request.environ.get("PATH_INFO", ""))
    _LOG.error("Request %s failed: %s %r", *where, exc_info=error)
    return respond(request, problem_for(500))


def _cause(error: BaseException) -> str:
    """Return the driver's own text in one line; the statement does not matter."""
    return str(getattr(error, "orig", None) or error).replace("\n", " ")


def _sign_in(request: Request) -> Any:
    if request.method in ("GET", "HEAD") and not prefers_json(request):
        return HTTPSeeOther(request.route_path("login", _query={"next": request.path_qs}))
    if prefers_json(request):
        message = "You are not signed in, so nothing was changed. Sign in, go back, and try again."
        return respond(request, Problem(403, "Please sign in", message))
    request.flash_queue.discard_new()
    _log_refusal(request, problem_for(403, "The sender of the form is signed out."))
    return signed_out_page(request, kept_form(request), back_url(request))


def includeme(config: Any) -> None:
    """Register the exception views."""
    config.add_exception_view(domain_error, context=BatchbookError)
    config.add_exception_view(password_needed, context=PasswordNeeded)
    config.add_exception_view(http_error, context=HTTPError)
    config.add_exception_view(bad_csrf, context=BadCSRFToken)
    config.add_exception_view(bad_csrf, context=BadCSRFOrigin)
    config.add_exception_view(forbidden, context=HTTPForbidden)
    config.add_exception_view(unexpected, context=Exception)
