"""Commands about users: a list, signing out, deleting."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.jobs import JobGroup
from batchbook.security.models import User, WebSession
from batchbook.security.passwords import verify_password
from batchbook.security.sessions import open_sessions

Run = Callable[..., Any]

DAY = timedelta(days=1)


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


@pytest.mark.usefixtures("people")
def test_a_new_password_is_set_which_the_user_must_change(
    batchbook: Run, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "batchbook.security")
    with transaction_scope(engine) as session:
        user = session.scalars(select(User).where(User.name == "ann")).one()
        user.must_change_password = False
        user_id = user.id
        session.add(WebSession(id="x", user_id=user_id, expires_at=utc_now() + DAY))
    words = "four words of nonsense\n"
    result = batchbook("user", "password", " Ann ", "--password-stdin", stdin=words)
    assert result.stdout == (
        "The user ann has a new password, and must change it at the next sign-in. 1 open session was ended.\n"
    )
    with transaction_scope(engine, read_only=True) as session:
        user = session.get_one(User, user_id)
        assert verify_password(user.password_hash, words.strip())
        assert user.must_change_password
        assert not open_sessions(session, user_id)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "batchbook.security"]
    assert line.startswith("password set: 'ann' by the system's user ")
    assert "nonsense" not in caplog.text
    result = batchbook("user", "password", "ann", stdin="another set of words\nanother set of words\n")
    assert result.exit_code == 0
    assert "another" not in result.output


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("ann", b"short\n", "The password was not set. The password must have at least 10 characters."),
        ("ann", b"\xff\xfe\n", "The password was not set. The password must be text in UTF-8."),
        ("nobody", b"four words of nonsense\n", "There is no user called nobody. Nothing was changed."),
    ],
)
def test_a_password_that_cannot_be_set_leaves_the_old_one(
    batchbook: Run, engine: Engine, name: str, password: bytes, words: str
) -> None:
    result = batchbook("user", "password", name, "--password-stdin", stdin=password)
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr
    with transaction_scope(engine, read_only=True) as session:
        ann = session.scalars(select(User).where(User.name == "ann")).one()
        assert verify_password(ann.password_hash, "correct horse battery")
