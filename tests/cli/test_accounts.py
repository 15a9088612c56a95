"""Commands about users: a list, signing out, deleting."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import JobGroup
from batchbook.security.models import User

Run = Callable[..., Any]


@pytest.fixture
def people(batchbook: Run) -> None:
    """An administrator and a member of staff."""
    assert batchbook("init").exit_code == 0
    for name, role in (("ada", "admin"), ("ann", "staff")):
        result = batchbook(
            "user", "add", name, "--role", role, "--password-stdin", stdin="correct horse battery\n"
        )
        assert result.exit_code == 0, result.stderr


@pytest.mark.usefixtures("people")
def test_users_are_listed(batchbook: Run, engine: Engine) -> None:
    batchbook("user", "deactivate", "ann")
    with transaction_scope(engine) as session:
        session.add(User(name="zed"))
    assert batchbook("user", "list").stdout.splitlines() == [
        "ada  admin",
        "ann  staff (deactivated)",
        "zed  no role (without a password)",
    ]
    users = json.loads(batchbook("user", "list", "--json").stdout)
    assert [(user["name"], user["roles"], user["active"], user["has_password"]) for user in users] == [
        ("ada", ["admin"], True, True),
        ("ann", ["staff"], False, True),
        ("zed", [], True, False),
    ]


@pytest.mark.usefixtures("people")
def test_a_user_is_signed_out_and_deleted_unless_something_speaks_against_it(
    batchbook: Run, engine: Engine
) -> None:
    assert batchbook("user", "sign-out", "ann").stdout == "No session was ended.\n"
    with transaction_scope(engine) as session:
        group = JobGroup(title="Refresh: 1 batch", asked_by="ann", asked_at=utc_now(), skipped=[])
        session.add(group)
    refused = batchbook("user", "delete", "ann")
    assert refused.exit_code == 1
    assert "cannot be deleted, because records name them" in refused.stderr
    with transaction_scope(engine) as session:
        session.delete(session.scalars(select(JobGroup)).one())
    assert batchbook("user", "delete", "ann").stdout == "Deleted the user ann.\n"
    for arguments, words in (
        (("delete", "ada"), "would leave nobody who can sign in and edit users and roles"),
        (("delete", "ann"), "There is no user called ann."),
        (("sign-out", "ann"), "There is no user called ann."),
    ):
        refused = batchbook("user", *arguments)
        assert refused.exit_code == 1
        assert words in refused.stderr
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(User.name)).all() == ["ada"]
