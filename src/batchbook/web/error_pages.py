"""Error pages: one page for every error, and the same as JSON for scripts."""

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
from sqlalchemy.exc import TimeoutError as PoolTimeout

from batchbook.db.outages import outage_of
from batchbook.db.transactions import SAFE_METHODS, is_timeout
from batchbook.errors import BadInput, BatchbookError, Busy, Conflict, Missing, Misuse, Refused, TooLarge
from batchbook.security.account import confirmation_page
from batchbook.security.kept_forms import SIGN_IN_BYTES, KeptForm, local_path
from batchbook.security.policy import ConfirmationNeeded, PasswordChangeNeeded, identity_or_nobody
from batchbook.security.views import send_again_page, signed_out_page
from batchbook.web import WebSettings
from batchbook.web.form_parsing import PARSED, read_form
from batchbook.web.formatting import bytesize
from batchbook.web.limits import STRANGERS_BYTES
from batchbook.web.request import Request

_LOG = logging.getLogger(__name__)

TEMPLATE = "batchbook.templates:errors/error.jinja2"


@dataclass(frozen=True)
class Problem:
    """An error to show: its HTTP ``status``, a short ``title``, and a ``message`` in whole sentences."""

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


def prefers_json(request: Request) -> bool:
    """Return whether a script sent the request: it has ``X-Requested-With``, or its ``Accept`` prefers JSON to HTML."""
    if "X-Requested-With" in request.headers:
        return True
    offers = request.accept.acceptable_offers(["text/html", "application/json"])
    return bool(offers) and offers[0][0] == "application/json"


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


def _page(request: Request, problem: Problem) -> str:
    # Loaded before the page is rendered: without a database this is a visitor's page rather than another error.
    identity_or_nobody(request)
    values = {
        "status": problem.status,
        "title": problem.title,
        "message": problem.message,
        "request_id": request.request_id,
        "back_url": back_url(request),
        "again_url": _page_url(request) if problem.status == _BUSY and request.method == "GET" else "",
        "login_url": request.route_path("login", _query={"next": _page_url(request)}),
        "send_again": problem.status == _BUSY,
    }
    try:
        # A form that was refused unread stays so.
        values["kept"] = _kept_form(request)[0] if PARSED in request.environ else None
        return str(render(TEMPLATE, values, request=request))
    except Exception:  # noqa: BLE001 - The cause of the error may break its page too; it is logged.
        _LOG.exception("Request %s: the error page could not be rendered.", request.request_id)
        return Markup(
            '<!DOCTYPE html><html lang="en"><title>{title}</title><h1>{title}</h1><p>{message}</p>'
            "<p>Request {request_id}</p></html>"
        ).format(**values)


def back_url(request: Request) -> str:
    """Return the path of the referring page if it is another page of this site, or else that of the start page."""
    home = f"{request.script_name}/"
    referrer = urlsplit(request.referrer or "")
    this_page = (
        request.script_name + request.environ.get("PATH_INFO", "") if request.method == "GET" else None
    )
    if f"{referrer.scheme}://{referrer.netloc}" != request.host_url or referrer.path == this_page:
        return home
    return local_path(referrer._replace(scheme="", netloc="", fragment="").geturl(), home)


def _page_url(request: Request) -> str:
    """Return the path of the page that the user wanted, or of the one from which the user sent a form."""
    if request.method != "GET":
        return back_url(request)
    try:
        return str(request.path_qs)
    except UnicodeDecodeError:  # The address itself may be the error.
        return f"{request.script_name}/"


_BUSY = 503
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
    """Answer a form whose CSRF token is not that of the visitor's session; from a page of this site, it can be sent again."""
    kept, lost = _kept_form(request)
    if kept is not None:
        _log_refusal(request, problem_for(400, "The form's token is not that of the session."))
        # The sign-in form itself names the page to return to.
        next_url = local_path(request.POST.get("next", ""), back_url(request))
        if identity_or_nobody(request) is None:
            return signed_out_page(request, kept, next_url, lost)
        return send_again_page(request, kept, next_url, 400)
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


def confirmation_needed(error: ConfirmationNeeded, request: Request) -> Any:
    """Lead a person to the page that asks for the password, and from there back; tell a script."""
    if prefers_json(request):
        return domain_error(error, request)
    back = request.path_qs if request.method in SAFE_METHODS else back_url(request)
    kept, _ = _kept_form(request)
    if kept is not None:
        _log_refusal(request, problem_for(403, error.message))
        return confirmation_page(request, kept, back)
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
    kept, lost = _kept_form(request)
    return signed_out_page(request, kept, back_url(request), lost)


_LOST = "It can't be kept here: a password was typed into it, or it does not come from a page of this site. Sign in, then fill it in again."


def _kept_form(request: Request) -> tuple[KeptForm | None, str]:
    """Return the posted form, to be kept over a sign-in; if that is impossible, the sentence that says why."""
    try:
        read_form(request)
        kept = KeptForm.of(request) if request.method == "POST" and not prefers_json(request) else None
    except BatchbookError as error:
        return None, error.message
    size, most = kept.size if kept else 0, _most_kept(request)
    if size > most:
        return None, (
            f"It can't be kept here: it has {bytesize(size)}, and the limit is {bytesize(most)}."
            " Sign in in another tab, then go back in this one and send it again."
        )
    return kept, _LOST


def _most_kept(request: Request) -> int:
    """Return the limit in bytes for a form that the page can send along with the sign-in, and after it."""
    settings: WebSettings = request.services.get(WebSettings)
    most = settings.max_form_bytes
    return (most if request.session_cookie.is_known else min(most, STRANGERS_BYTES)) - SIGN_IN_BYTES


def includeme(config: Any) -> None:
    """Register the exception views."""
    config.add_exception_view(domain_error, context=BatchbookError)
    config.add_exception_view(confirmation_needed, context=ConfirmationNeeded)
    config.add_exception_view(http_error, context=HTTPError)
    config.add_exception_view(bad_csrf, context=BadCSRFToken)
    config.add_exception_view(bad_csrf, context=BadCSRFOrigin)
    config.add_exception_view(forbidden, context=HTTPForbidden)
    config.add_exception_view(unexpected, context=Exception)
