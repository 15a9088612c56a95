"""The pages of a user's own account: password, time zone, number format, sessions to sign out of, and confirmation of the password."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from sqlalchemy import Engine

from batchbook.forms import BoundForm, Form
from batchbook.grid import NumberFormat
from batchbook.security.audit_log import record_change, record_event, record_session
from batchbook.security.authentication import Verified, authenticate, change_password, still_valid
from batchbook.security.kept_forms import KEPT_FIELD, KeptForm, local_path
from batchbook.security.models import User
from batchbook.security.passwords import (
    ADVICE,
    DIFFERENT,
    hash_password,
    number_format_field,
    password_field,
    why_weak,
    zone_field,
)
from batchbook.security.sessions import (
    note_password_typed,
    open_sessions,
    revoke_session,
    revoke_sessions,
    session_hash,
)
from batchbook.security.settings import SecuritySettings
from batchbook.security.throttle import throttle_of
from batchbook.security.views import TOO_OFTEN, refusal_page, send_again_page
from batchbook.words import counted

_UNPROCESSABLE = 422
_PASSWORDS = Form(
    [
        password_field("present", "Current password"),
        password_field("new", "New password", help=ADVICE),
        password_field("again", "New password again"),
    ]
)
_ZONE = Form([zone_field()])
_NUMBERS = Form([number_format_field()])


class AccountViews:
    """The page ``/account`` and its forms."""

    def __init__(self, request: Any) -> None:
        self.request = request

    def page(self) -> dict[str, Any]:
        """Show the account."""
        return self._page(_PASSWORDS.bind())

    def change_password(self) -> Any:
        """Set a new password after checking the current one, and sign out everywhere else."""
        bound = _PASSWORDS.validate(self.request.POST)
        user, new_hash = self._checked(bound) if bound.valid else (None, "")
        if user is None:
            self.request.response.status_int = _UNPROCESSABLE
            return self._page(bound)
        revoked = change_password(self.request.db, user, new_hash, keep=self._current)
        note_password_typed(self.request.db, self.request)
        record_change(self.request, "password changed", self.request.identity.name)
        self.request.flash(f"Your password was changed.{_signed_out(revoked)}")
        if self.request.identity.must_change_password:  # Nothing else was open to them until now.
            return HTTPSeeOther(f"{self.request.script_name}/")
        return self._done()

    def change_zone(self) -> Any:
        """Set the time zone in which times are shown; without one, that of the site applies."""
        bound = _ZONE.validate(self.request.POST)
        if not bound.valid:
            self.request.response.status_int = _UNPROCESSABLE
            return self._page(_PASSWORDS.bind(), bound)
        self._user().timezone = bound.values["timezone"]
        self.request.flash(
            f"Times are now shown in {bound.values['timezone'] or 'the time zone of the site'}."
        )
        return self._done()

    def change_number_format(self) -> Any:
        """Set the format in which numbers are shown and entered; without one, that of the site applies."""
        bound = _NUMBERS.validate(self.request.POST)
        if not bound.valid:
            self.request.response.status_int = _UNPROCESSABLE
            return self._page(_PASSWORDS.bind(), numbers=bound)
        self._user().number_format = chosen = bound.values["number_format"]
        example = NumberFormat(chosen).label if chosen else "in the format of the site"
        self.request.flash(f"Numbers are now written {'as ' if chosen else ''}{example}.")
        return self._done()

    def revoke(self) -> HTTPSeeOther:
        """Sign out one other browser, or all others."""
        chosen = self.request.POST.get("session", "")
        if chosen:
            revoked = int(revoke_session(self.request.db, self.request.identity.id, chosen))
        else:
            revoked = revoke_sessions(self.request.db, self.request.identity.id, keep=self._current)
        self.request.flash(_signed_out(revoked).strip() or "That session was already over.", "info")
        return self._done()

    def _checked(self, bound: BoundForm) -> tuple[User | None, str]:
        """Return the user, locked, and the hash of the new password; ``None`` for the user if the form has errors."""
        me = self.request.identity
        if weak := why_weak(bound.values["new"], me.name, me.full_name, me.email):
            bound.add_error("new", weak)
        elif bound.values["new"] == bound.values["present"]:
            bound.add_error("new", "That is your current password. Choose a new one.")
        elif bound.values["new"] != bound.values["again"]:
            bound.add_error("again", DIFFERENT)
        else:
            return self._verified(bound)
        return None, ""

    def _verified(self, bound: BoundForm) -> tuple[User | None, str]:
        # The slow hashing is done before the request's transaction begins.
        verified = verify_present(self.request, bound)
        new_hash = hash_password(bound.values["new"]) if verified else ""
        user = still_valid(self.request.db, verified)
        if verified is not None and user is None:
            bound.add_error("present", WRONG)
        return user, new_hash

    def _page(
        self, bound: BoundForm, zone: BoundForm | None = None, numbers: BoundForm | None = None
    ) -> dict[str, Any]:
        user = self._user()
        return {
            "user": user,
            "roles": [role.label for role in user.roles],
            "sessions": open_sessions(self.request.db, user.id),
            "current": self._current,
            "browser_name": browser_name,
            "bound": bound,
            "zone": zone or _ZONE.bind({"timezone": user.timezone}),
            "numbers": numbers or _NUMBERS.bind({"number_format": user.number_format}),
        }

    def _user(self) -> User:
        user: User = self.request.db.get_one(User, self.request.identity.id)
        return user

    @property
    def _current(self) -> str:
        return session_hash(self.request.session_cookie.id)

    def _done(self) -> HTTPSeeOther:
        return HTTPSeeOther(self.request.route_path("account"))


WRONG = "That is not your current password."


def verify_present(request: Any, bound: BoundForm) -> Verified | None:
    """Return the signed-in user if the form's field ``present`` is their password; else add the error to the field.

    An attempt counts like one to sign in. The request's transaction must not have begun.
    """
    name, address = request.identity.name, request.remote_addr or ""
    throttle = throttle_of(request)
    if not throttle.admit(name, address):
        bound.add_error("present", TOO_OFTEN)
        return None
    verified = authenticate(request.services.get(Engine), name, bound.values["present"])
    if verified is None:
        record_event(request, "current password wrong", name)
        bound.add_error("present", WRONG)
    else:
        throttle.forgive(name, address)
    return verified


ASK_TEMPLATE = "batchbook.templates:security/confirm.jinja2"
_PASSWORD_FORM = Form([password_field("present", "Password")])


class AskPasswordViews:
    """The page ``/account/confirm``, which asks for the password again; ``next`` is where to go on."""

    def __init__(self, request: Any) -> None:
        self.request = request
        self.next = local_path(request.params.get("next", ""), request.script_name + "/")
        self.kept = KeptForm.read(request.POST.get(KEPT_FIELD, "")) if request.method == "POST" else None

    def form(self) -> dict[str, Any]:
        """Show the form."""
        return self._page(_PASSWORD_FORM.bind())

    def submit(self) -> Any:
        """Note that the password was confirmed and go on, or show the form with its error."""
        bound = _PASSWORD_FORM.validate(self.request.POST)
        if bound.valid and verify_present(self.request, bound) is not None:
            note_password_typed(self.request.db, self.request)
            record_session(self.request, "password confirmed", self.request.identity.name)
            if self.kept is not None:
                return send_again_page(self.request, self.kept, self.next, 200, "Your password is confirmed.")
            return HTTPSeeOther(self.next)
        self.request.response.status_int = _UNPROCESSABLE
        return self._page(bound)

    def _page(self, bound: BoundForm) -> dict[str, Any]:
        return _ask_password_values(self.request, bound, self.next, self.kept)


def ask_password_page(request: Any, kept: KeptForm, next_url: str) -> Response:
    """Return the answer to a form for which the password must be confirmed: the page that asks, which keeps the form."""
    values = _ask_password_values(request, _PASSWORD_FORM.bind(), next_url, kept)
    return refusal_page(request, ASK_TEMPLATE, values, 403)


def _ask_password_values(
    request: Any, bound: BoundForm, next_url: str, kept: KeptForm | None
) -> dict[str, Any]:
    minutes = request.services.get(SecuritySettings).recent_length.total_seconds() / 60
    return {
        "bound": bound,
        "next": next_url,
        "minutes": round(minutes),
        "user": request.identity,
        "kept": kept,
    }


def _signed_out(count: int) -> str:
    return f" {counted(count, 'other session was', 'other sessions were')} signed out." if count else ""


# The first match wins: Edge and Opera also call themselves Chrome, and every browser calls itself Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """Return the name of the browser and its system, such as ``Firefox on Linux``, or ``Unknown browser``."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "Unknown browser")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser
