from __future__ import annotations

import pytest
from sqlalchemy import select

from batchbook.db.transactions import transaction_scope
from batchbook.security.default_roles import DEFAULT_ROLES, install_default_roles
from batchbook.security.identity import grants
from batchbook.security.models import Role

from .harness import WebHarness


@pytest.mark.parametrize(
    ("role", "permission", "granted"),
    [
        ("staff", "products:edit", True),
        ("staff", "departments:export", True),
        ("staff", "products:delete", False),
        ("staff", "batch:price_change:create", True),
        ("staff", "batch:price_change:execute", False),
        ("staff", "batch:price_change:delete", False),
        ("staff", "users:view", False),
        ("admin", "users:delete", True),
        ("admin", "roles:edit", True),
        ("admin", "batch:price_change:execute", True),
        ("admin", "batch:price_change:delete", True),
        ("auditor", "batch:price_change:audit", True),
        ("auditor", "vendors:view", True),
        ("auditor", "products:export", True),
        ("auditor", "batch:price_change:view", False),
        ("auditor", "batch:price_change:edit", False),
        ("auditor", "products:edit", False),
    ],
)
def test_what_the_shipped_roles_may(role: str, permission: str, granted: bool) -> None:
    assert grants(frozenset(DEFAULT_ROLES[role].permissions), permission) is granted


def test_installing_adds_what_is_missing_and_keeps_what_was_edited(harness: WebHarness) -> None:
    with transaction_scope(harness.engine) as db:
        install_default_roles(db)
    with transaction_scope(harness.engine) as db:
        staff = db.scalars(select(Role).where(Role.name == "staff")).one()
        staff.label = "Our people"
        staff.permissions.clear()
        db.delete(db.scalars(select(Role).where(Role.name == "auditor")).one())
    with transaction_scope(harness.engine) as db:
        install_default_roles(db)
    with transaction_scope(harness.engine, read_only=True) as db:
        roles = {role.name: (role.label, len(role.permissions)) for role in db.scalars(select(Role))}
    assert roles.keys() == {"staff", "admin", "auditor"}
    assert roles["staff"] == ("Our people", 0)
    assert roles["auditor"] == ("Auditor", len(DEFAULT_ROLES["auditor"].permissions))
