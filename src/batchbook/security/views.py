"""The pages for signing in and out."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render
from pyramid.response import Response
from sqlalchemy import Engine

from batchbook.forms import Field, Form
from batchbook.grid import Kind
from batchbook.security.audit_log import log_event, record_event, record_session
from batchbook.security.authentication import authenticate, refresh_hash, sign_in
from batchbook.security.kept_forms import KEPT_FIELD, KeptForm, NotKept, local_path
from batchbook.security.passwords import password_field
from batchbook.security.sessions import end_session
from batchbook.security.throttle import WINDOW_MINUTES, throttle_of

# One sentence for every reason, so that it does not reveal which user names exist.
FAILED = "The user name or the password is wrong, or the account is switched off. Please try again."
TOO_OFTEN = f"There were too many attempts to sign in. Wait {WINDOW_MINUTES} minutes, then try again."

_FORM = Form(
    [Field.of("name", Kind.TEXT, label="User name", required=True), password_field("password", "Password")]
)

_Page = dict[str, Any]


class LoginViews:
    """The sign-in page at ``/login``."""

    def __init__(self, request: Any) -> None:
        self.request = request
        # By default the start page of this application.
        self.next = local_path(request.params.get("next", ""), request.script_name + "/")
        self.kept = KeptForm.read(request.POST.get(KEPT_FIELD, "")) if request.method == "POST" else None

    def form(self) -> Any:
        """Show the form; redirect users who are signed in already."""
        return HTTPSeeOther(self.next) if self.request.identity else self._page()

    def submit(self) -> Any:
        """Sign in and redirect, or show the form again with the reason."""
        name, password = self.request.POST.get("name", ""), self.request.POST.get("password", "")
        # Nothing here uses the request's transaction: on SQLite it would wait for a job that is writing.
        engine = self.request.services.get(Engine)
        throttle = throttle_of(self.request)
        if not throttle.admit(name, self._address):
            self._note_throttled(name, throttle.refused(name, self._address))
            return self._refuse(429, TOO_OFTEN, name)
        verified = authenticate(engine, name, password)
        if verified is None or not sign_in(self.request, refresh_hash(engine, verified, password)):
            record_event(self.request, "sign-in failed", name)
            return self._refuse(400, FAILED, name)
        throttle.forgive(name, self._address)
        record_session(self.request, "signed in", verified.name)
        if self.kept is not None and self.kept.is_of(verified.name):
            return send_again_page(self.request, self.kept, self.next, 200)
        if self.kept is not None:
            self.request.flash(
                "The form on the sign-in page was somebody else's, so it was discarded.", "warning"
            )
        return HTTPSeeOther(self.next)

    def _note_throttled(self, name: str, number: int) -> None:
        """Log the throttled attempt; the audit log keeps the first, second, fourth and so on, so that nobody fills it."""
        is_kept = number & (number - 1) == 0
        note = record_event if is_kept else log_event
        note(self.request, "sign-in throttled", name, f"{number} too many in {WINDOW_MINUTES} minutes")

    @property
    def _address(self) -> str:
        # Not client_addr, which trusts the header X-Forwarded-For that anybody can send. The server sets REMOTE_ADDR if
        # it trusts its proxy.
        return self.request.remote_addr or ""

    def _refuse(self, status: int, problem: str, name: str) -> _Page:
        self.request.response.status_int = status
        if status == 429:
            self.request.response.headers["Retry-After"] = str(WINDOW_MINUTES * 60)
        return self._page(name, problem)

    def _page(self, name: str = "", problem: str = "") -> _Page:
        return _sign_in_values(self.next, self.kept, name, problem)


_LOGIN = "batchbook.templates:security/login.jinja2"


def _sign_in_values(next_url: str, kept: KeptForm | None, name: str = "", problem: str = "") -> _Page:
    return {"next": next_url, "kept": kept, "bound": _FORM.bind({"name": name}), "problem": problem}


def signed_out_page(request: Any, form: KeptForm | NotKept, next_url: str) -> Response:
    """Return the answer to a form whose sender is signed out: the sign-in page, which keeps it or says why not."""
    kept, lost = (None, form.reason) if isinstance(form, NotKept) else (form, "")
    return refusal_page(request, _LOGIN, _sign_in_values(next_url, kept) | {"lost": lost}, 403)


_SIGNED_IN_SINCE = "You have signed in since you opened it."


def send_again_page(
    request: Any, kept: KeptForm, next_url: str, status: int, reason: str = _SIGNED_IN_SINCE
) -> Response:
    """Return the page with the form ``kept``, to be sent again with the token of the session as it is now."""
    values = {"kept": kept, "next": next_url, "reason": reason}
    return refusal_page(request, "batchbook.templates:security/send_again.jinja2", values, status)


def refusal_page(request: Any, template: str, values: _Page, status: int) -> Response:
    """Return the page of ``template`` as the answer to a form that was not accepted."""
    response = Response(status=status)
    response.text = render(template, values, request=request)
    return response


def logout(request: Any) -> HTTPSeeOther:
    """Sign this browser out and show the sign-in page."""
    if request.identity:
        record_session(request, "signed out", request.identity.name)
    end_session(request.db, request)
    request.flash("You are signed out.", "info")
    # Not "cookies": the new, anonymous one comes with this very answer.
    return HTTPSeeOther(request.route_path("login"), headers=[("Clear-Site-Data", '"cache", "storage"')])
