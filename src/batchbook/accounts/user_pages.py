"""Actions on a user beside editing: set a password, sign out everywhere, deactivate and activate."""

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
    """A new password for somebody who has none or forgot it; it signs them out everywhere."""

    name = "password"
    pattern = "/password"
    permission = "edit"
    on_record = True
    button = "Set password"
    template = "batchbook.templates:accounts/password.jinja2"

    @classmethod
    def offered(cls, view: MasterView, record: User) -> bool:
        """Whether the user is somebody else; one's own password is changed on one's account page."""
        return bool(record.id != view.request.identity.id)

    def get(self) -> dict[str, Any]:
        """Ask for the password."""
        return self._form(_PASSWORDS.bind())

    def post(self) -> Any:
        """Set it, or say what is wrong with it."""
        self._check_whose()
        bound = _PASSWORDS.validate(self.request.POST)
        if bound.valid:
            self._check(bound)
        if not bound.valid:
            self.request.response.status_int = _UNPROCESSABLE
            return self._form(bound)
        keep = session_hash(self.request.session_cookie.id)
        ended = change_password(
            self.request.db, self.record, hash_password(bound.values["password"]), keep=keep
        )
        record_change(self.request, "password set", self.record.name)
        message = f"The {self.view.label_of(self.record)} has a new password. {_ended(ended)}"
        return self.done(message, self.view.url("view", self.record))

    def _check_whose(self) -> None:
        if not self.offered(self.view, self.record):
            raise Refused(
                "Your own password is changed on your account page, which asks for the present one."
            )

    def _check(self, bound: BoundForm) -> None:
        password = bound.values["password"]
        weak = why_weak(password, self.record.name, self.record.full_name)
        if weak:
            bound.add_error("password", weak)
        elif password != bound.values["again"]:
            bound.add_error("again", DIFFERENT)

    def _form(self, bound: BoundForm) -> dict[str, Any]:
        return self.template_values(bound=bound, cancel_url=self.view.url("view", self.record))


class SignOut(Page):
    """Ends all sessions of a user, wherever they are signed in."""

    name = "sign_out"
    pattern = "/sign-out"
    permission = "edit"
    on_record = True
    button = "Sign out everywhere"

    def post(self) -> Any:
        """End the sessions; one's own present one stays."""
        keep = session_hash(self.request.session_cookie.id)
        ended = revoke_sessions(self.request.db, self.record.id, keep=keep)
        record_change(self.request, "sessions ended", self.record.name)
        return self.done(_ended(ended), self.view.url("view", self.record))


class Deactivate(Page):
    """Switches a user off: signed out at once, and no longer able to sign in."""

    name = "deactivate"
    pattern = "/deactivate"
    permission = "edit"
    on_record = True
    button = "Deactivate"
    kind = "danger"

    @classmethod
    def offered(cls, view: MasterView, record: User) -> bool:
        """Whether the user is active and somebody else."""
        return bool(record.active and record.id != view.request.identity.id)

    def post(self) -> Any:
        """Switch the user off, unless that would leave no administrator."""
        _set_active(self, active=False)
        ended = revoke_sessions(self.request.db, self.record.id)
        message = f"The {self.view.label_of(self.record)} can no longer sign in. {_ended(ended)}"
        return self.done(message, self.view.url("view", self.record))


class Activate(Page):
    """Switches a user on again."""

    name = "activate"
    pattern = "/activate"
    permission = "edit"
    on_record = True
    button = "Activate"

    @classmethod
    def offered(cls, view: MasterView, record: User) -> bool:  # noqa: ARG003 - The same for everybody.
        """Whether the user is switched off."""
        return not record.active

    def post(self) -> Any:
        """Switch the user on."""
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
