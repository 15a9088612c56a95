from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role, RolePermission, User, user_role

from .harness import WebHarness


def test_login_names_are_stored_in_one_form_and_once(harness: WebHarness) -> None:
    harness.add_user("  Anna ")
    assert harness.stored(select(User.name)) == ["anna"]
    with pytest.raises(IntegrityError):
        harness.add_user("ANNA", roles=[])


def test_a_role_takes_its_permissions_along_and_leaves_its_users(harness: WebHarness) -> None:
    harness.add_user("anna", "products:view", "products:edit")
    with transaction_scope(harness.engine) as db:
        db.delete(db.scalars(select(Role)).one())
    assert harness.stored(select(User.name)) == ["anna"]
    for table in (RolePermission, user_role):
        assert harness.stored(select(func.count()).select_from(table)) == [0]


def test_a_permission_that_is_taken_from_a_role_is_deleted(harness: WebHarness) -> None:
    harness.add_user("anna", "products:view", "products:edit")
    with transaction_scope(harness.engine) as db:
        role = db.scalars(select(Role)).one()
        role.permissions = [one for one in role.permissions if one.permission == "products:edit"]
    assert harness.stored(select(RolePermission.permission)) == ["products:edit"]
