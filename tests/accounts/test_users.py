from __future__ import annotations

import logging
import re
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest
from sqlalchemy import String, event, inspect, select
from sqlalchemy.orm import configure_mappers
from webtest import TestApp

from batchbook.accounts.users import name_columns
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.transactions import transaction_scope
from batchbook.models import metadata
from batchbook.security.models import Role, User, WebSession
from batchbook.security.passwords import verify_password

from .conftest import OF_ADMINS, AccountsHarness

GOOD = "a quiet blue harbour"


def words(page: Any) -> str:
    return re.sub(r"\s+", " ", page.html.get_text(" ", strip=True))


def form_with(page: Any, field: str) -> Any:
    return next(form for form in page.forms.values() if field in form.fields)


def press(page: Any, action: str, status: int = 303) -> Any:
    """Press the button of the page's form that is sent to ``action``."""
    return next(form for form in page.forms.values() if form.action.endswith(action)).submit(status=status)


def post(browser: TestApp, path: str, status: int, **fields: str) -> Any:
    """Post what no button offers, with a good token."""
    token = browser.get("/users").html.find("input", {"name": "csrf_token"})["value"]
    return browser.post(path, {"csrf_token": token, **fields}, status=status)


def tick(form: Any, name: str, *values: str) -> None:
    """Check exactly these boxes."""
    for box in form.fields[name]:
        box.checked = box._value in values


def test_lists_users_with_their_roles(harness: AccountsHarness) -> None:
    page = harness.visitor("ann").get("/users?f.roles.contains=admin&sort=name")
    assert [cell.get_text(strip=True) for cell in page.html.select("tbody th")] == ["abe", "ann"]
    assert "Administrator" in words(page)
    assert [item.get_text(strip=True) for item in page.html.select("nav.nav-wide a")] == ["Users", "Roles"]


@pytest.mark.parametrize(
    "path", ["/users", "/users/new", "/users/1", "/roles", "/roles/1/edit", "/users/1/password"]
)
def test_staff_see_none_of_it(harness: AccountsHarness, path: str) -> None:
    harness.visitor("sam").get(path, status=403)


def test_creates_a_user_who_can_sign_in(harness: AccountsHarness) -> None:
    form = form_with(harness.visitor("ann").get("/users/new"), "password")
    form["name"], form["full_name"], form["password"] = " Zoë ", "Zoë Ash", GOOD
    tick(form, "roles", "staff", "auditor")
    page = form.submit(status=303).follow()
    assert "User “zoë” was created." in words(page)
    [(password_hash, active)] = harness.all(select(User.password_hash, User.active).where(User.name == "zoë"))
    assert verify_password(password_hash, GOOD)
    assert active
    assert harness.roles_of("zoë") == {"staff", "auditor"}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("password", "short", "at least 10"),
        ("password", "harbour zoe harbour", "your name"),
        ("name", "", "needs a value"),
        ("name", "ANN", "already"),
        ("email", "nowhere", "e-mail"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_created(
    harness: AccountsHarness, field: str, value: str, says: str
) -> None:
    form = form_with(harness.visitor("ann").get("/users/new"), "password")
    form["name"], form["password"] = "zoe", GOOD
    form[field] = value
    page = form.submit(status=422)
    assert says in words(page)
    assert GOOD not in page.text
    assert len(harness.all(select(User.id))) == 4


def test_edits_names_and_roles_but_not_the_user_name(harness: AccountsHarness) -> None:
    sam = harness.id_of("sam")
    form = form_with(harness.visitor("ann").get(f"/users/{sam}/edit"), "full_name")
    assert "name" not in form.fields
    assert form.fields["roles"]
    form["full_name"], form["email"] = "Samuel", "sam@example.org"
    tick(form, "roles", "auditor")
    form.submit(status=303)
    assert harness.all(select(User.full_name, User.email, User.version).where(User.id == sam)) == [
        ("Samuel", "sam@example.org", 2)
    ]
    assert harness.roles_of("sam") == {"auditor"}


def test_two_people_giving_roles_lose_neither(harness: AccountsHarness) -> None:
    path = f"/users/{harness.id_of('sam')}/edit"
    one, two = (form_with(harness.visitor(name).get(path), "full_name") for name in ("ann", "abe"))
    tick(one, "roles", "auditor")
    one.submit(status=303)
    tick(two, "roles", "staff", "admin")
    page = two.submit(status=409)
    assert "admin, staff" in words(page)
    assert "auditor" in words(page)
    assert harness.roles_of("sam") == {"auditor"}
    form_with(page, "choose.roles").submit(status=303)
    assert harness.roles_of("sam") == {"staff", "admin"}


def test_nobody_takes_away_their_own_rights(harness: AccountsHarness) -> None:
    ann, browser = harness.id_of("ann"), harness.visitor("ann")
    form = form_with(browser.get(f"/users/{ann}/edit"), "full_name")
    tick(form, "roles", "staff")
    form["full_name"] = "Annie"
    page = form.submit(status=409)
    assert "your own right" in words(page)
    assert form_with(page, "full_name")["full_name"].value == "Annie"
    assert "Deactivate" not in browser.get(f"/users/{ann}")
    assert "your own right" in words(post(browser, f"/users/{ann}/deactivate", 409))
    assert "You cannot delete yourself" in words(browser.get(f"/users/{ann}/delete"))
    assert harness.roles_of("ann") == {"admin"}
    assert harness.all(select(User.active, User.full_name).where(User.id == ann)) == [(True, "Ann")]


def test_somebody_always_stays_administrator(harness: AccountsHarness) -> None:
    """Somebody who can sign in: abe is signed in still, but could not sign in again without a password."""
    harness.change_user("abe", password_hash=None)
    ann, browser = harness.id_of("ann"), harness.visitor("abe")
    page = browser.get(f"/users/{ann}")
    assert "leave nobody" in words(press(page, "/deactivate", 409))
    form = form_with(browser.get(f"/users/{ann}/edit"), "full_name")
    tick(form, "roles")
    assert "leave nobody" in words(form.submit(status=409))
    assert "nobody else may edit users" in words(browser.get(f"/users/{ann}/delete"))
    assert harness.all(select(User.active).where(User.id == ann)) == [(True,)]
    assert harness.roles_of("ann") == {"admin"}


@pytest.mark.parametrize("page", ["edit", "delete", "password", "sign-out", "deactivate", "activate"])
def test_who_edits_users_only_has_no_power_over_administrators(harness: AccountsHarness, page: str) -> None:
    ann, browser = harness.id_of("ann"), harness.visitor("helpdesk")
    theirs = harness.visitor("ann")
    harness.change_user("ann", active=page != "activate")
    refused = post(browser, f"/users/{ann}/{page}", 403, full_name="Nobody", password=GOOD, again=GOOD)
    assert "The user “ann” has rights that you do not have yourself: *:*, batch:*:*." in words(refused)
    if page in ("edit", "delete", "password"):
        browser.get(f"/users/{ann}/{page}", status=403)
    offered = browser.get(f"/users/{ann}")
    assert not any(form.action.startswith(f"/users/{ann}/") for form in offered.forms.values())
    stored = harness.all(select(User.active, User.full_name, User.password_hash).where(User.id == ann))
    assert stored == [(page != "activate", "Ann", OF_ADMINS)]
    assert harness.roles_of("ann") == {"admin"}
    harness.change_user("ann", active=True)
    theirs.get("/account", status=200)


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


def test_two_who_switch_each_other_off_at_one_moment(harness: AccountsHarness) -> None:
    pages = [
        harness.visitor(me).get(f"/users/{harness.id_of(other)}")
        for me, other in (("ann", "abe"), ("abe", "ann"))
    ]
    barrier = Barrier(2)

    def submit(page: Any) -> None:
        form = next(form for form in page.forms.values() if form.action.endswith("/deactivate"))
        barrier.wait()
        form.submit(status="*")

    threads = [Thread(target=submit, args=(page,)) for page in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    active = harness.all(select(User.name).where(User.active, User.name.in_(["ann", "abe"])))
    assert len(active) == 1


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
    assert "not the same" in words(page)
    assert GOOD not in page.text
    form = form_with(page, "again")
    form["password"] = form["again"] = GOOD
    form.submit(status=303)
    [(password_hash,)] = harness.all(select(User.password_hash).where(User.id == sam))
    assert verify_password(password_hash, GOOD)
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


def test_who_edits_users_only_gets_no_further(harness: AccountsHarness) -> None:
    browser, ann = harness.visitor("helpdesk"), harness.id_of("ann")
    own = harness.id_of("helpdesk")
    form = form_with(browser.get(f"/users/{own}/edit"), "full_name")
    tick(form, "roles", "helpdesk", "admin")
    assert "you do not have yourself" in words(form.submit(status=422))
    post(browser, f"/users/{ann}/password", 403, password=GOOD, again=GOOD)
    form = form_with(browser.get("/users/new"), "password")
    form["name"] = "zoe"
    tick(form, "roles", "admin")
    form.submit(status=422)
    assert harness.roles_of("helpdesk") == {"helpdesk"}
    assert len(harness.all(select(User.id))) == 4


def test_deletes_a_user_who_did_nothing(harness: AccountsHarness) -> None:
    sam, browser = harness.visitor("sam"), harness.visitor("ann")
    form_with(browser.get(f"/users/{harness.id_of('sam')}/delete"), "seen").submit(status=303)
    assert harness.all(select(User.name).where(User.name == "sam")) == []
    assert harness.all(select(Role.name).where(Role.name == "staff")) == [("staff",)]
    assert len(harness.all(select(WebSession.id).where(WebSession.revoked_at.is_(None)))) == 1
    form = form_with(browser.get("/users/new"), "password")
    form["name"], form["password"] = "eve", GOOD
    tick(form, "roles", "admin")
    form.submit(status=303)  # SQLite gives the number again.
    assert sam.get("/users").status_int == 303


def test_who_did_something_is_deactivated_instead(harness: AccountsHarness) -> None:
    sam, browser = harness.id_of("sam"), harness.visitor("ann")
    form = form_with(browser.get(f"/users/{sam}/delete"), "seen")
    with transaction_scope(harness.engine) as db:
        product = Product(item_code="1", description="Tea", price=1)
        db.add(product)
        db.flush()
        prices = {"old_price": 1, "new_price": 2}
        db.add(PriceHistory(product_id=product.id, item_code="1", changed_by="sam", **prices))
    assert "Deactivate them instead" in words(browser.get(f"/users/{sam}/delete"))
    assert "Deactivate them instead" in words(form.submit(status=409))
    assert harness.id_of("sam") == sam


def test_two_who_delete_each_other_at_one_moment(harness: AccountsHarness) -> None:
    """The second may look only when the first is done: not with a record gone, and nothing committed."""
    pages = [
        harness.visitor(me).get(f"/users/{harness.id_of(other)}/delete")
        for me, other in (("ann", "abe"), ("abe", "ann"))
    ]
    barrier, met = Barrier(2), []

    def meet(*_args: Any) -> None:
        with suppress(BrokenBarrierError):
            barrier.wait(2)
            met.append(1)

    def submit(page: Any) -> None:
        form_with(page, "seen").submit(status="*")

    event.listen(User, "before_delete", meet)
    threads = [Thread(target=submit, args=(page,)) for page in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    event.remove(User, "before_delete", meet)
    assert met == []
    assert len(harness.all(select(User.name).where(User.name.in_(["ann", "abe"])))) == 1


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
        "user changed: 'sam' by 'ann'",
    ]
    assert lines[1].endswith("(roles: auditor)")


def test_whoever_may_sign_in_fits_where_names_are_kept(harness: AccountsHarness) -> None:
    """In what the models say, and in what the migrations made."""
    configure_mappers()
    longest = User.__table__.c.name.type.length
    with transaction_scope(harness.engine, read_only=True) as db:
        made = {
            (table, column["name"]): column["type"]
            for table in metadata.tables
            for column in inspect(db.connection()).get_columns(table)
        }
    columns = list(name_columns(metadata))
    assert {column.name for column in columns} >= {
        "created_by",
        "executed_by",
        "added_by",
        "actor",
        "changed_by",
    }
    for column in columns:
        stored = made[column.table.name, column.name]
        assert isinstance(stored, String)
        assert stored.length == column.type.length  # type: ignore[attr-defined]
        assert stored.length is None or stored.length >= longest, column
