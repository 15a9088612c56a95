"""The page of a user's own account: password, time zone, and the sessions to sign out of."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import Engine

from batchbook.forms import BoundForm, Form
from batchbook.security.audit_log import record_change, record_event
from batchbook.security.authentication import authenticate, change_password, still_valid
from batchbook.security.models import User
from batchbook.security.passwords import (
    ADVICE,
    DIFFERENT,
    hash_password,
    password_field,
    why_weak,
    zone_field,
)
from batchbook.security.sessions import open_sessions, revoke_session, revoke_sessions, session_hash
from batchbook.security.throttle import throttle_of
from batchbook.security.views import TOO_OFTEN
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
        record_change(self.request, "password changed", self.request.identity.name)
        self.request.flash(f"Your password was changed.{_signed_out(revoked)}")
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
        if weak := why_weak(bound.values["new"], self.request.identity.name):
            bound.add_error("new", weak)
        elif bound.values["new"] != bound.values["again"]:
            bound.add_error("again", DIFFERENT)
        else:
            return self._verified(bound)
        return None, ""

    def _verified(self, bound: BoundForm) -> tuple[User | None, str]:
        # Counted like an attempt to sign in. The slow hashing is done before the request's transaction begins.
        name, address = self.request.identity.name, self.request.remote_addr or ""
        throttle = throttle_of(self.request)
        if not throttle.admit(name, address):
            bound.add_error("present", TOO_OFTEN)
            return None, ""
        verified = authenticate(self.request.services.get(Engine), name, bound.values["present"])
        new_hash = hash_password(bound.values["new"]) if verified else ""
        user = still_valid(self.request.db, verified)
        if user is None:
            record_event(self.request, "current password wrong", name)
            bound.add_error("present", "That is not your current password.")
        else:
            throttle.forgive(name, address)
        return user, new_hash

    def _page(self, bound: BoundForm, zone: BoundForm | None = None) -> dict[str, Any]:
        user = self._user()
        return {
            "user": user,
            "roles": [role.label for role in user.roles],
            "sessions": open_sessions(self.request.db, user.id),
            "current": self._current,
            "browser_name": browser_name,
            "bound": bound,
            "zone": zone or _ZONE.bind({"timezone": user.timezone}),
        }

    def _user(self) -> User:
        user: User = self.request.db.get_one(User, self.request.identity.id)
        return user

    @property
    def _current(self) -> str:
        return session_hash(self.request.session_cookie.id)

    def _done(self) -> HTTPSeeOther:
        return HTTPSeeOther(self.request.route_path("account"))


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
