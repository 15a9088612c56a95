"""Roles: named sets of permissions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from sqlalchemy import func, select

from batchbook.accounts import admin_rules
from batchbook.accounts.admin_rules import RoleContext, permissions_of
from batchbook.accounts.known_permissions import KnownPermission, known_permissions
from batchbook.forms import BoundForm, Field, Form, form_of
from batchbook.grid import Choice, Column, Kind, Sort
from batchbook.master import PAGES, Invalid, MasterView, RecordHooks
from batchbook.security.audit_log import ROLE, record_change
from batchbook.security.models import Role, RolePermission, user_role
from batchbook.words import counted

T = TypeVar("T")

_USERS = select(func.count()).where(user_role.c.role_id == Role.id).correlate(Role).scalar_subquery()


class RoleHooks(RecordHooks):
    """Rules for roles: who may give which permissions, and which roles can be deleted."""

    _before: frozenset[str] = frozenset()

    def before_save(self, record: Role, values: dict[str, Any]) -> None:
        """Check that the user may give the new permissions, and keep the entries of those that stay."""
        admin_rules.one_at_a_time(self.request.db)
        present = {entry.permission: entry for entry in record.permissions}
        self._before = frozenset(present)
        wanted = values["permissions"]
        reason = admin_rules.refusal_to_give(self.request.identity, set(wanted) - set(present))
        if reason:
            raise Invalid({"permissions": reason})
        values["permissions"] = [present.get(name) or RolePermission(permission=name) for name in wanted]

    def after_save(self, record: Role) -> None:
        """Check that an administrator is left, and log the change."""
        admin_rules.check(self.request.db, self.request.identity)
        event = "role created" if record.version == 1 else "role changed"
        now = permissions_of(record)
        facts = {"given": sorted({*now} - self._before), "taken": sorted(self._before - {*now})}
        record_change(self.request, event, record.name, "permissions: " + ", ".join(now), ROLE, **facts)

    def after_delete(self, record: Role) -> None:
        """Log the deletion."""
        record_change(self.request, "role deleted", record.name, kind=ROLE)

    def why_not_delete(self, record: Role) -> str | None:
        """Return why the role cannot be deleted: users have it, and their pages are the place to take it away."""
        count = len(record.users)
        if not count:
            return super().why_not_delete(record)
        who = counted(count, "user has it", "users have it")
        return f"The {self.view.label_of(record)} cannot be deleted, because {who}. Give them another role first."


class RoleView(MasterView):
    """The pages of roles, with their permissions as checkboxes."""

    model = Role
    prefix = "roles"
    path = "/roles"
    title = "Roles"
    title_one = "role"
    description = "Roles define what people may do."
    grid_columns = ("label", "name", "description", Column("users", "Users", _USERS, Kind.INTEGER))
    default_sort = (Sort("label"),)
    facts_fields = ("name", "label", "description")
    record_context_factory = RoleContext
    hooks_factory = RoleHooks
    pages = PAGES
    templates: ClassVar = {
        "view": "batchbook.templates:accounts/role.jinja2",
        "create": "batchbook.templates:accounts/role_form.jinja2",
        "edit": "batchbook.templates:accounts/role_form.jinja2",
    }

    def form(self, record: Role | None) -> Form:
        """Return the fields of a role. Its name is fixed once it exists, because commands refer to it."""
        choices = tuple(Choice(known.permission, known.full_label) for known in self.known(record))
        permissions = Field.of("permissions", Kind.CHOICE, widget="checkboxes", choices=choices)
        names = ("label", "description") if record else ("name", "label", "description")
        return form_of(Role, (*names, permissions), widgets={"description": "textarea"})

    def values_of(self, record: Role) -> dict[str, Any]:
        """The role's words, and its permissions by name."""
        return {
            "label": record.label,
            "description": record.description,
            "permissions": permissions_of(record),
        }

    def label_of(self, record: Role) -> str:
        """Role “Staff”."""
        return f"role “{record.label}”"

    def known(self, record: Role | None) -> list[KnownPermission]:
        """Return the permissions that roles can have, including those that ``record`` holds."""
        return known_permissions(self.request.registry, permissions_of(record) if record else ())

    def permission_groups(self, record: Role) -> list[tuple[str, list[str]]]:
        """Return the labels of the role's permissions by group, for its page."""
        permissions = set(permissions_of(record))
        return _grouped(
            (known.group, known.label) for known in self.known(record) if known.permission in permissions
        )

    def box_groups(
        self, record: Role | None, bound: BoundForm
    ) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """Return the checkboxes of the form by group: name, label, and whether checked."""
        chosen = set(bound["permissions"].chosen)
        boxes = ((known.permission, known.label, known.permission in chosen) for known in self.known(record))
        groups = (known.group for known in self.known(record))
        return _grouped(zip(groups, boxes, strict=True))


def _grouped(pairs: Iterable[tuple[str, T]]) -> list[tuple[str, list[T]]]:
    groups: dict[str, list[T]] = {}
    for group, item in pairs:
        groups.setdefault(group, []).append(item)
    return list(groups.items())
