from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select

from batchbook.db.transactions import transaction_scope
from batchbook.security.models import User
from batchbook.security.passwords import verify_password

Run = Callable[..., Any]
PASSWORD = "correct horse battery"


@pytest.fixture
def add(batchbook: Run) -> Run:
    assert batchbook("init").exit_code == 0

    def add_user(*arguments: str, password: str = PASSWORD) -> Any:
        return batchbook("user", "add", *arguments, "--password-stdin", stdin=f"{password}\n")

    return add_user


def test_adds_a_user_who_can_sign_in(add: Run, engine: Engine) -> None:
    result = add("Ann", "--role", "staff", "--role", "auditor", "--full-name", "Ann Other", "--json")
    assert json.loads(result.stdout) == {"name": "ann", "roles": ["auditor", "staff"]}
    with transaction_scope(engine, read_only=True) as session:
        ann = session.scalars(select(User)).one()
        assert (ann.name, ann.full_name, ann.active) == ("ann", "Ann Other", True)
        assert [role.name for role in ann.roles] == ["auditor", "staff"]
        assert verify_password(ann.password_hash, PASSWORD)


def test_a_taken_name_is_refused(add: Run, engine: Engine) -> None:
    assert add("ann", "--role", "staff").stdout == "Added the user ann, with the role staff.\n"
    again = add(" ANN ", "--role", "admin")
    assert again.exit_code == 1
    assert "There is a user called ann already" in again.stderr
    with transaction_scope(engine, read_only=True) as session:
        assert [role.name for role in session.scalars(select(User)).one().roles] == ["staff"]


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("arguments", "password", "sentence"),
    [
        (("ann", "--role", "king"), PASSWORD, "There is no role king"),
        (("ann", "--role", "staff"), "short", "The user was not added. The password must have"),
        (("ann", "--role", "staff"), "", "The user was not added. The password must have"),
        (
            ("annabel", "--role", "staff"),
            "annabel is my name",
            "The user was not added. The password must not",
        ),
        (("", "--role", "staff"), PASSWORD, "The user was not added. User name needs a value."),
        (("n" * 65, "--role", "staff"), PASSWORD, "The user was not added. “nnn"),
        (("ann", "--role", "staff", "--full-name", "A" * 201), PASSWORD, "The user was not added. “AAA"),
        (("ann", "--role", "s" * 65), PASSWORD, "The user was not added. “sss"),
        (("ann", "--role", " "), PASSWORD, "The user was not added. Name needs a value."),
    ],
)
def test_what_is_refused(
    add: Run, engine: Engine, arguments: tuple[str, ...], password: str, sentence: str
) -> None:
    result = add(*arguments, password=password)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(sentence)
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(User)).all() == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_role_must_be_given(add: Run) -> None:
    assert add("ann").exit_code == 2


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_password_that_is_no_text(add: Run, batchbook: Run, engine: Engine) -> None:
    arguments = ("user", "add", "ann", "--role", "staff", "--password-stdin")
    result = batchbook(*arguments, stdin="Größe über alles\n".encode("latin-1"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "The user was not added. The password must be text in UTF-8.\n"
    assert count_of_users(engine) == 0


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("ann", "--role", "staff", "--full-name", "M\udcfcller"),
        ("m\udcfcller", "--role", "staff"),
        ("ann", "--role", "k\udcf6nig"),
    ],
)
def test_arguments_that_are_no_text_are_wrong_usage(
    add: Run, engine: Engine, arguments: tuple[str, ...]
) -> None:
    result = add(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "It is not text in UTF-8." in result.stderr
    assert count_of_users(engine) == 0


def test_the_longest_full_name(add: Run, engine: Engine) -> None:
    assert add("ann", "--role", "staff", "--full-name", f" {'A' * 200} ").exit_code == 0
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(User.full_name)).one() == "A" * 200


def count_of_users(engine: Engine) -> int:
    with transaction_scope(engine, read_only=True) as session:
        return len(session.scalars(select(User)).all())
