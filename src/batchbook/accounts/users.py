"""Users: their pages, and the rules for changing and deleting them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import sqlalchemy
from sqlalchemy import MetaData, func, select
from sqlalchemy.orm import Session

from batchbook.accounts import admin_rules
from batchbook.accounts.admin_rules import UserContext, permissions_of
from batchbook.accounts.owned_batches import HandOverBatches, OwnedBatches, owned_batches
from batchbook.accounts.user_pages import Activate, Deactivate, SetPassword, SignOut
from batchbook.db import Base
from batchbook.forms import Field, Form, form_of
from batchbook.grid import Choice, Column, Kind, Sort
from batchbook.master import PAGES, Invalid, MasterView, RecordHooks
from batchbook.security.audit_log import record_change
from batchbook.security.models import Role, User, user_role
from batchbook.security.passwords import (
    ADVICE,
    hash_password,
    number_format_field,
    password_field,
    why_weak,
    zone_field,
)
from batchbook.security.sessions import open_sessions, revoke_sessions

_ROLES = (
    select(func.aggregate_strings(Role.label, ", "))
    .join(user_role, user_role.c.role_id == Role.id)
    .where(user_role.c.user_id == User.id)
    .correlate(User)
    .scalar_subquery()
)
_PASSWORD = password_field(
    "password",
    "Password",
    help=f"{ADVICE} The user must change it at the first sign-in. Without one, nobody can sign in yet.",
    required=False,
)


class UserHooks(RecordHooks):
    """Rules for users: who may give which roles, and which users can be deleted."""

    def before_save(self, record: User, values: dict[str, Any]) -> None:
        """Load the roles, check that the user may give them, and hash the password of a new user."""
        admin_rules.one_at_a_time(self.request.db)
        chosen = select(Role).where(Role.name.in_(values["roles"])).order_by(Role.name)
        values["roles"] = list(self.request.db.scalars(chosen))
        self._check_given(role for role in values["roles"] if role not in record.roles)
        password = values.pop("password", None)
        if password is not None:
            weak = why_weak(password, values["name"], values["full_name"], values["email"] or "")
            if weak:
                raise Invalid({"password": weak})
            values["password_hash"] = hash_password(password)
            values["must_change_password"] = True

    def after_save(self, record: User) -> None:
        """Check that an administrator is left, and log the change."""
        admin_rules.check(self.request.db, self.request.identity)
        event = "user created" if record.version == 1 else "user changed"
        record_change(
            self.request, event, record.name, "roles: " + ", ".join(role.name for role in record.roles)
        )

    def after_delete(self, record: User) -> None:
        """Check that an administrator is left, and revoke the sessions: SQLite may reuse the id."""
        admin_rules.check(self.request.db, self.request.identity)
        revoke_sessions(self.request.db, record.id)
        record_change(self.request, "user deleted", record.name)

    def why_not_delete(self, record: User) -> str | None:
        """Return why the user cannot be deleted: records name them, it is yourself, or the last administrator."""
        if record.id == self.request.identity.id:
            return "You cannot delete yourself. Another administrator can do it for you."
        if is_referenced(self.request.db, record.name):
            return (
                f"The {self.view.label_of(record)} cannot be deleted, because records name them as the author of"
                " changes. Deactivate them instead: they can no longer sign in, and the records keep their meaning."
            )
        if not admin_rules.admins(self.request.db) - {record.id}:
            return f"The {self.view.label_of(record)} cannot be deleted, because nobody else may edit users and roles."
        return super().why_not_delete(record)

    def _check_given(self, roles: Iterable[Role]) -> None:
        reason = admin_rules.refusal_to_give(
            self.request.identity, {name for role in roles for name in permissions_of(role)}
        )
        if reason:
            raise Invalid({"roles": reason})


class UserView(MasterView):
    """The pages of users. A user whom records name is deactivated instead of deleted."""

    model = User
    prefix = "users"
    path = "/users"
    title = "Users"
    title_one = "user"
    description = "Users can sign in; their roles define what they may do."
    grid_columns = ("name", "full_name", "email", Column("roles", "Roles", _ROLES, Kind.TEXT), "active")
    default_sort = (Sort("name"),)
    facts_fields = ("name", "full_name", "email", "timezone", "number_format", "active")
    record_context_factory = UserContext
    hooks_factory = UserHooks
    pages = (*PAGES[:-1], SetPassword, SignOut, HandOverBatches, Activate, Deactivate, PAGES[-1])
    templates: ClassVar = {"view": "batchbook.templates:accounts/user.jinja2"}

    def form(self, record: User | None) -> Form:
        """Return the fields of a user. The user name is fixed once it exists, because records refer to it."""
        roles = self.request.db.scalars(select(Role).order_by(Role.label))
        choices = tuple(Choice(role.name, role.label) for role in roles)
        role_field = Field.of("roles", Kind.CHOICE, widget="checkboxes", choices=choices)
        names = ("full_name", "email", zone_field(), number_format_field(), role_field)
        fields = names if record else ("name", *names, _PASSWORD)
        return form_of(User, fields, validators=[_check_email])

    def values_of(self, record: User) -> dict[str, Any]:
        """Return the values of the form, with the names of the roles."""
        roles = [role.name for role in record.roles]
        return {
            "full_name": record.full_name,
            "email": record.email,
            "timezone": record.timezone,
            "number_format": record.number_format,
            "roles": roles,
        }

    def label_of(self, record: User) -> str:
        """Return the user's name for sentences, such as “user “ann””."""
        return f"user “{record.name}”"

    def batches(self, record: User) -> OwnedBatches | None:
        """Return the unfinished batches of the user; ``None`` in an application without batches."""
        return owned_batches(self.request, record)

    def sessions(self, record: User) -> int:
        """Return the number of browsers in which the user is signed in now."""
        return len(open_sessions(self.request.db, record.id))


def _check_email(values: dict[str, Any]) -> dict[str, str]:
    email = values["email"]
    # Only a message to an address shows whether it works; this catches texts that are no addresses at all.
    if email is None or (email.count("@") == 1 and not email.startswith("@") and not email.endswith("@")):
        return {}
    return {"email": "This isn't an email address. Write it like name@example.org."}


def is_referenced(db: Session, user_name: str) -> bool:
    """Return whether any record names ``user_name`` as the author of a change."""
    found = (select(column).where(column == user_name).limit(1) for column in name_columns(Base.metadata))
    return any(db.scalar(statement) is not None for statement in found)


def name_columns(metadata: MetaData) -> Iterator[sqlalchemy.Column[str]]:
    """Yield the columns with names of users, those whose ``info`` has :data:`~batchbook.db.USER_NAME`."""
    for table in metadata.tables.values():
        yield from (column for column in table.columns if column.info.get("user_name"))
