from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from sqlalchemy import select
from webtest import TestApp

from batchbook.db.transactions import transaction_scope
from batchbook.security.authentication import authenticate, change_password
from batchbook.security.models import User
from batchbook.security.passwords import hash_password, needs_rehash
from batchbook.security.views import FAILED

from .harness import PASSWORD, WebHarness, sign_in, token_of


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Has something done in the moment after the next password was found right."""

    def arrange(done: Callable[[], object]) -> None:
        waiting = [done]
        verify = PasswordHasher.verify

        def verify_and_let_others(hasher: PasswordHasher, against: str, password: str) -> bool:
            matches = verify(hasher, against, password)
            if waiting:
                waiting.pop()()
            return matches

        monkeypatch.setattr(PasswordHasher, "verify", verify_and_let_others)

    return arrange


def change_own_password(browser: TestApp, new: str) -> Any:
    fields = {"present": PASSWORD, "new": new, "again": new, "csrf_token": token_of(browser)}
    return browser.post("/account/password", fields, status="*")


def test_an_unknown_name_costs_as_much_work_as_a_wrong_password(
    harness: WebHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.add_user("anna")
    harness.add_user("new", password_hash=None)

    hashed: list[Parameters] = []
    verify = PasswordHasher.verify

    def noting(hasher: PasswordHasher, against: str, password: str) -> bool:
        hashed.append(extract_parameters(against))
        return verify(hasher, against, password)

    monkeypatch.setattr(PasswordHasher, "verify", noting)
    for name in ("anna", "nobody", "new"):
        assert authenticate(harness.engine, name, "wrong") is None
    assert hashed == [hashed[0]] * 3


def test_an_old_hash_is_made_anew(harness: WebHarness) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    harness.add_user("anna", password_hash=old)
    browser = harness.visitor()
    sign_in(browser, "anna", "wrong", status=400)
    assert harness.stored(select(User.password_hash)) == [old]
    sign_in(browser, "anna")
    (made,) = harness.stored(select(User.password_hash))
    assert not needs_rehash(made)
    sign_in(harness.visitor(), "anna")


def test_a_password_changed_meanwhile_lets_nobody_in_by_the_old_one(
    harness: WebHarness, meanwhile: Any
) -> None:
    """Nor does the old one come back, which signing in by an old hash would make anew."""
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    harness.add_user("anna")
    owner, thief = harness.visitor(), harness.visitor()
    sign_in(owner, "anna")
    harness.change_user("anna", password_hash=old)
    meanwhile(lambda: change_own_password(owner, "another long phrase"))
    assert FAILED in sign_in(thief, "anna", status=400).text
    assert thief.get("/").status_int == 303
    sign_in(harness.visitor(), "anna", "another long phrase")


def test_who_is_switched_off_meanwhile_is_not_let_in(harness: WebHarness, meanwhile: Any) -> None:
    harness.add_user("anna")
    browser = harness.visitor()
    meanwhile(lambda: harness.change_user("anna", active=False))
    assert FAILED in sign_in(browser, "anna", status=400).text
    harness.change_user("anna", active=True)
    assert browser.get("/").status_int == 303


def test_who_signs_in_before_a_new_password_is_committed_is_out_afterwards(harness: WebHarness) -> None:
    harness.add_user("anna")
    thief = harness.visitor()
    with transaction_scope(harness.engine) as db:
        user = db.scalars(select(User)).one()
        assert change_password(db, user, hash_password("another long phrase")) == 0
        sign_in(thief, "anna")
        assert thief.get("/").text == "home"
    assert thief.get("/").status_int == 303


def test_an_undone_change_of_a_password_signs_nobody_out_later(harness: WebHarness) -> None:
    harness.add_user("anna")
    browser = harness.visitor()
    with transaction_scope(harness.engine) as db:
        change_password(db, db.scalars(select(User)).one(), hash_password("another long phrase"))
        db.rollback()
    sign_in(browser, "anna")
    assert browser.get("/").text == "home"


def test_a_password_is_not_changed_by_one_that_was_replaced_meanwhile(
    harness: WebHarness, meanwhile: Any
) -> None:
    owner, thief = harness.signed_in("anna"), harness.visitor()
    sign_in(thief, "anna")
    meanwhile(lambda: change_own_password(owner, "another long phrase"))
    assert change_own_password(thief, "the phrase of a thief").status_int != 303
    sign_in(harness.visitor(), "anna", "another long phrase")


def test_a_password_set_by_somebody_else_ends_all_sessions(harness: WebHarness) -> None:
    browser = harness.signed_in("anna")
    with transaction_scope(harness.engine) as db:
        assert change_password(db, db.scalars(select(User)).one(), hash_password("another long phrase")) == 1
    assert browser.get("/").status_int == 303
    sign_in(browser, "anna", "another long phrase")
