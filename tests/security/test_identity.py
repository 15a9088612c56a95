from __future__ import annotations

from datetime import timedelta

import pytest

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.security.identity import Identity, grants, grants_any, identity_of_user, load_identity
from batchbook.security.models import Role, RolePermission, User, WebSession

from .harness import WebHarness


def _open(harness: WebHarness, user_id: int, *, hours: float = 1) -> str:
    with transaction_scope(harness.engine) as db:
        db.add(WebSession(id="f" * 64, user_id=user_id, expires_at=utc_now() + timedelta(hours=hours)))
    return "f" * 64


def test_an_identity_has_the_permissions_of_all_roles(harness: WebHarness) -> None:
    user_id = harness.add_user("anna", "products:view", "products:edit", full_name="Anna Ash")
    with transaction_scope(harness.engine) as db:
        second = Role(name="second", label="Second", permissions=[RolePermission(permission="products:view")])
        second.permissions.append(RolePermission(permission="users:view"))
        user = db.get_one(User, user_id)
        user.roles.append(second)
    identity = load_identity(harness.engine, _open(harness, user_id))
    held = frozenset({"products:view", "products:edit", "users:view"})
    assert identity == Identity(user_id, "anna", "Anna Ash", held)
    assert identity is not None
    assert identity.may("users:view")
    assert not identity.may("users:edit")


def test_somebody_without_roles_is_somebody(harness: WebHarness) -> None:
    user_id = harness.add_user("anna", roles=[])
    assert load_identity(harness.engine, _open(harness, user_id)) == Identity(
        user_id, "anna", "", frozenset()
    )


def test_an_unknown_session_is_nobodys(harness: WebHarness) -> None:
    _open(harness, harness.add_user("anna"))
    assert load_identity(harness.engine, "e" * 64) is None


def test_a_session_that_is_over_is_nobodys(harness: WebHarness) -> None:
    session = _open(harness, harness.add_user("anna"), hours=-0.001)
    assert load_identity(harness.engine, session) is None


def test_a_revoked_session_is_nobodys(harness: WebHarness) -> None:
    session = _open(harness, harness.add_user("anna"))
    with transaction_scope(harness.engine) as db:
        db.get_one(WebSession, session).revoked_at = utc_now()
    assert load_identity(harness.engine, session) is None


def test_a_user_who_is_switched_off_is_nobody(harness: WebHarness) -> None:
    session = _open(harness, harness.add_user("anna"))
    assert load_identity(harness.engine, session) is not None
    harness.change_user("anna", active=False)
    assert load_identity(harness.engine, session) is None


def test_the_command_line_acts_with_the_same_identity(harness: WebHarness) -> None:
    user_id = harness.add_user("anna", "products:view")
    session = _open(harness, user_id)
    with transaction_scope(harness.engine, read_only=True) as db:
        assert identity_of_user(db.get_one(User, user_id)) == load_identity(harness.engine, session)


def test_the_name_to_show(harness: WebHarness) -> None:
    assert Identity(1, "anna", "Anna Ash", frozenset()).display_name == "Anna Ash"
    assert Identity(1, "anna", "", frozenset()).display_name == "anna"


@pytest.mark.parametrize(
    ("held", "wanted", "granted"),
    [
        ("products:edit", "products:edit", True),
        ("products:edit", "products:view", False),
        ("batch:*:execute", "batch:price_change:execute", True),
        ("batch:*:execute", "batch:price_change:edit", False),
        ("batch:*:execute", "batch:execute", False),
        ("batch:*:execute", "batch:a:b:execute", False),
        ("batch:*:execute", "batch::execute", False),
        ("batch:price_change:*", "batch:price_change:execute", True),
        ("batch:pri*:execute", "batch:price_change:execute", False),
        ("*:*", "users:delete", True),
        ("*:*", "batch:price_change:execute", False),
        ("*", "users:delete", False),
        ("batch:price_change:execute", "batch:*:execute", False),
        ("batch:*:execute", "batch:*:execute", True),
    ],
)
def test_a_star_stands_for_one_whole_segment(held: str, wanted: str, granted: bool) -> None:
    assert grants(frozenset({"other:thing", held}), wanted) is granted


def test_nothing_is_granted_to_who_holds_nothing() -> None:
    assert not grants(frozenset(), "products:view")
    assert not grants(frozenset({"*:*"}), "")


def test_any_of_several() -> None:
    assert grants_any(frozenset({"batch:*:audit"}), ("batch:x:view", "batch:x:audit"))
    assert not grants_any(frozenset({"batch:*:audit"}), ("batch:x:view", "batch:x:edit"))
    assert not grants_any(frozenset({"batch:*:audit"}), ())
