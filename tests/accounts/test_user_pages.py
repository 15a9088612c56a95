from __future__ import annotations

import logging

import pytest
from sqlalchemy import select

from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role, User
from batchbook.security.passwords import verify_password

from .conftest import OF_ADMINS, AccountsHarness
from .pages import GOOD, form_with, post, press, tick, words


def test_who_edits_users_only_does_all_of_it_to_who_may_no_more(harness: AccountsHarness) -> None:
    own, browser = harness.id_of("helpdesk"), harness.visitor("helpdesk")
    with transaction_scope(harness.engine) as db:
        (role,) = db.scalars(select(Role).where(Role.name == "helpdesk"))
        db.add(User(name="zoe", full_name="Zoe", roles=[role]))
    page = browser.get(f"/users/{harness.id_of('zoe')}")
    page = press(page, "/deactivate").follow()
    page = press(page, "/activate").follow()
    press(page, "/sign-out")
    form_with(page.click("Set password"), "again")
    form = form_with(browser.get(f"/users/{own}/edit"), "full_name")
    form["full_name"] = "Help Desk"
    form.submit(status=303)


def test_who_is_switched_off_is_signed_out_at_once_and_may_come_back(harness: AccountsHarness) -> None:
    sam, browser = harness.id_of("sam"), harness.visitor("ann")
    theirs = harness.visitor("sam")
    theirs.get("/account", status=200)
    page = press(browser.get(f"/users/{sam}"), "/deactivate").follow()
    assert "1 open session was ended." in words(page)
    assert "switched off" in words(page)
    theirs.get("/account", status=303)
    assert "can sign in again" in words(press(page, "/activate").follow())
    theirs.get("/account", status=303)
    assert harness.all(select(User.active, User.version).where(User.id == sam)) == [(True, 3)]


def test_sets_a_password_and_signs_out(harness: AccountsHarness) -> None:
    sam, browser = harness.id_of("sam"), harness.visitor("ann")
    theirs = harness.visitor("sam")
    page = browser.get(f"/users/{sam}")
    assert "no password yet" in words(page)
    form = form_with(page.click("Set password"), "again")
    form["password"], form["again"] = GOOD, GOOD + "!"
    page = form.submit(status=422)
    assert "don't match" in words(page)
    assert GOOD not in page.text
    form = form_with(page, "again")
    form["password"] = form["again"] = GOOD
    form.submit(status=303)
    [(password_hash,)] = harness.all(select(User.password_hash).where(User.id == sam))
    assert verify_password(password_hash, GOOD)
    assert harness.all(select(User.must_change_password).where(User.id == sam)) == [(True,)]
    theirs.get("/account", status=303)


def test_signs_somebody_out_everywhere(harness: AccountsHarness) -> None:
    theirs = [harness.visitor("sam"), harness.visitor("sam")]
    browser = harness.visitor("ann")
    page = browser.get(f"/users/{harness.id_of('sam')}")
    assert "Active in 2 browsers." in words(page)
    assert "2 open sessions were ended." in words(press(page, "/sign-out").follow())
    for other in theirs:
        other.get("/account", status=303)
    browser.get("/account", status=200)


def test_ones_own_password_needs_the_present_one(harness: AccountsHarness) -> None:
    ann, browser = harness.id_of("ann"), harness.visitor("ann")
    assert "Set password" not in browser.get(f"/users/{ann}")
    post(browser, f"/users/{ann}/password", 403, password=GOOD, again=GOOD)
    assert harness.all(select(User.password_hash).where(User.id == ann)) == [(OF_ADMINS,)]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_is_done_to_a_user_is_logged_once_it_is_done(
    harness: AccountsHarness, caplog: pytest.LogCaptureFixture
) -> None:
    sam, browser = harness.id_of("sam"), harness.visitor("ann")
    with caplog.at_level(logging.INFO, "batchbook.security"):
        press(browser.get(f"/users/{sam}"), "/deactivate")
        post(browser, f"/users/{harness.id_of('ann')}/deactivate", 409)
        form = form_with(browser.get(f"/users/{sam}/edit"), "full_name")
        tick(form, "roles", "auditor")
        form.submit(status=303)
    lines = [record.getMessage() for record in caplog.records if record.name == "batchbook.security"]
    assert [line.partition(" from")[0] for line in lines] == [
        "user switched off: 'sam' by 'ann'",
        f"refused: 'POST /users/{harness.id_of('ann')}/deactivate' by 'ann'",
        "user changed: 'sam' by 'ann'",
    ]
    assert lines[2].endswith("(roles: auditor)")
