"""Actions on a user besides editing: set a password, sign out everywhere, deactivate and activate."""

from __future__ import annotations

from typing import Any

from batchbook.accounts import admin_rules
from batchbook.errors import Refused
from batchbook.forms import BoundForm, Form
from batchbook.master import Page, records
from batchbook.master.view import MasterView
from batchbook.security.audit_log import record_change
from batchbook.security.authentication import change_password
from batchbook.security.models import User
from batchbook.security.passwords import ADVICE, DIFFERENT, hash_password, password_field, why_weak
from batchbook.security.sessions import revoke_sessions, session_hash
from batchbook.words import counted

_UNPROCESSABLE = 422
_PASSWORDS = Form(
    [password_field("password", "New password", help=ADVICE), password_field("again", "New password again")]
)


class SetPassword(Page):
    """The form for a user's new password, which signs the user out everywhere and must be changed at the next sign-in."""

    name = "password"
    pattern = "/password"
    permission = "edit"
    on_record = True
    button = "Set password"
    template = "batchbook.templates:accounts/password.jinja2"

    @classmethod
    def offered(cls, view: MasterView, record: User) -> bool:
        """Return whether the user is another one; your own password is changed on the account page."""
        return bool(record.id != view.request.identity.id)

    def get(self) -> dict[str, Any]:
        """Show the form."""
        return self._form(_PASSWORDS.bind())

    def post(self) -> Any:
        """Set the password, or show the form with its errors."""
        if not self.offered(self.view, self.record):
            raise Refused("Change your own password on your account page, which asks for the current one.")
        bound = _PASSWORDS.validate(self.request.POST)
        if bound.valid:
            self._check(bound)
        if not bound.valid:
            self.request.response.status_int = _UNPROCESSABLE
            return self._form(bound)
        keep = session_hash(self.request.session_cookie.id)
        new_hash = hash_password(bound.values["password"])
        ended = change_password(self.request.db, self.record, new_hash, keep=keep, must_change=True)
        record_change(self.request, "password set", self.record.name)
        message = f"The {self.view.label_of(self.record)} has a new password, and must change it at the next sign-in. {_ended(ended)}"
        return self.done(message, self.view.url("view", self.record))

    def _check(self, bound: BoundForm) -> None:
        password = bound.values["password"]
        weak = why_weak(password, self.record.name, self.record.full_name, self.record.email or "")
        if weak:
            bound.add_error("password", weak)
        elif password != bound.values["again"]:
            bound.add_error("again", DIFFERENT)

    def _form(self, bound: BoundForm) -> dict[str, Any]:
        return self.template_values(bound=bound, cancel_url=self.view.url("view", self.record))


class SignOut(Page):
    """The button that ends all sessions of a user."""

    name = "sign_out"
    pattern = "/sign-out"
    permission = "edit"
    on_record = True
    button = "Sign out everywhere"

    def post(self) -> Any:
        """End the sessions, except the one that this request is part of."""
        keep = session_hash(self.request.session_cookie.id)
        ended = revoke_sessions(self.request.db, self.record.id, keep=keep)
        record_change(self.request, "sessions ended", self.record.name)
        return self.done(_ended(ended), self.view.url("view", self.record))


class Deactivate(Page):
    """The button that deactivates a user, who is signed out at once and can no longer sign in."""

    name = "deactivate"
    pattern = "/deactivate"
    permission = "edit"
    on_record = True
    button = "Deactivate"
    kind = "danger"

    @classmethod
    def offered(cls, view: MasterView, record: User) -> bool:
        """Return whether the user is active and another one."""
        return bool(record.active and record.id != view.request.identity.id)

    def post(self) -> Any:
        """Deactivate the user, unless that would leave no administrator."""
        _set_active(self, active=False)
        ended = revoke_sessions(self.request.db, self.record.id)
        message = f"The {self.view.label_of(self.record)} can no longer sign in. {_ended(ended)}"
        return self.done(message, self.view.url("view", self.record))


class Activate(Page):
    """The button that activates a user again."""

    name = "activate"
    pattern = "/activate"
    permission = "edit"
    on_record = True
    button = "Activate"

    @classmethod
    def offered(cls, view: MasterView, record: User) -> bool:  # noqa: ARG003 - The same for everybody.
        """Return whether the user is switched off."""
        return not record.active

    def post(self) -> Any:
        """Activate the user."""
        _set_active(self, active=True)
        message = f"The {self.view.label_of(self.record)} can sign in again."
        return self.done(message, self.view.url("view", self.record))


def _set_active(page: Page, *, active: bool) -> None:
    db = page.request.db
    records.save(
        db,
        page.record,
        lambda user: setattr(user, "active", active),
        lambda _user: admin_rules.check(db, page.request.identity),
    )
    record_change(page.request, f"user switched {'on' if active else 'off'}", page.record.name)


def _ended(count: int) -> str:
    if not count:
        return "No session was open."
    return f"{counted(count, 'open session was', 'open sessions were')} ended."
