"""The pages for signing in and out."""

from __future__ import annotations

import re
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import Engine

from batchbook.forms import Field, Form
from batchbook.grid import Kind
from batchbook.security.audit_log import record_change, record_event
from batchbook.security.authentication import authenticate, refresh_hash, sign_in
from batchbook.security.passwords import password_field
from batchbook.security.sessions import end_session
from batchbook.security.throttle import WINDOW_MINUTES, throttle_of

# One slash, but not two; browsers treat a backslash as a slash, and drop tabs and line breaks. Headers are ASCII, and
# paths encode all other characters.
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*")


def local_path(text: str, default: str = "/") -> str:
    """Return ``text`` if it is a path (with query) of this site, or else ``default``."""
    return text if _LOCAL.fullmatch(text) else default


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
            record_event(self.request, "sign-in throttled", name)
            return self._refuse(429, TOO_OFTEN, name)
        verified = authenticate(engine, name, password)
        if verified is None or not sign_in(self.request, refresh_hash(engine, verified, password)):
            record_event(self.request, "sign-in failed", name)
            return self._refuse(400, FAILED, name)
        throttle.forgive(name, self._address)
        record_change(self.request, "signed in", verified.name)
        return HTTPSeeOther(self.next)

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
        return {"next": self.next, "bound": _FORM.bind({"name": name}), "problem": problem}


def logout(request: Any) -> HTTPSeeOther:
    """Sign this browser out and show the sign-in page."""
    if request.identity:
        record_change(request, "signed out", request.identity.name)
    end_session(request.db, request)
    request.flash("You are signed out.", "info")
    # Not "cookies": the new, anonymous one comes with this very answer.
    return HTTPSeeOther(request.route_path("login"), headers=[("Clear-Site-Data", '"cache", "storage"')])
