from __future__ import annotations

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest
from sqlalchemy import event, select

from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role, RolePermission, User

from .conftest import OF_ADMINS, AccountsHarness
from .pages import GOOD, boxes, form_with, post, press, tick, words


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


def test_the_rights_to_administer_cannot_be_taken_from_oneself_by_the_role(harness: AccountsHarness) -> None:
    browser = harness.visitor("ann")
    form = form_with(browser.get(f"/roles/{harness.id_of('admin', Role)}/edit"), "permissions")
    boxes(form)["*:*"].checked = False
    page = form.submit(status=409)
    assert "Nothing was changed" in words(page)
    assert harness.permissions_of("admin") == {"*:*", "batch:*:*"}


def test_who_edits_roles_only_has_no_power_over_administrators(harness: AccountsHarness) -> None:
    with transaction_scope(harness.engine) as db:
        rights = [RolePermission(permission=f"roles:{may}") for may in ("view", "edit", "delete")]
        db.add(User(name="rob", roles=[Role(name="registrar", label="Registrar", permissions=rights)]))
    browser = harness.visitor("rob")
    admin, auditor = harness.id_of("admin", Role), harness.id_of("auditor", Role)
    token = browser.get("/roles").html.find("input", {"name": "csrf_token"})["value"]
    for role, page in ((admin, "edit"), (admin, "delete"), (auditor, "edit"), (auditor, "delete")):
        browser.get(f"/roles/{role}/{page}", status=403)
        fields = {"csrf_token": token, "label": "X", "description": "", "permissions": "*:*"}
        refused = browser.post(f"/roles/{role}/{page}", fields, status=403)
        assert "has rights that you do not have yourself" in words(refused)
    assert harness.permissions_of("admin") == {"*:*", "batch:*:*"}
    assert "batch:*:audit" in harness.permissions_of("auditor")
    own = form_with(browser.get(f"/roles/{harness.id_of('registrar', Role)}/edit"), "permissions")
    own["description"] = "Keeps the roles"
    own.submit(status=303)
