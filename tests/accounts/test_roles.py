from __future__ import annotations

from sqlalchemy import select

from batchbook.security.models import Role

from .conftest import AccountsHarness
from .pages import boxes, form_with, words


def test_shows_what_a_role_permits_and_who_has_it(harness: AccountsHarness) -> None:
    browser = harness.visitor("ann")
    page = browser.get("/roles").click("Help desk")
    assert "Users View, Create, Edit, Delete" in words(page)
    assert "Helpdesk" in words(page)
    counted = browser.get("/roles?f.users.equal=2")
    assert [cell.get_text(strip=True) for cell in counted.html.select("tbody th")] == ["Administrator"]


def test_creates_and_edits_a_role(harness: AccountsHarness) -> None:
    browser = harness.visitor("ann")
    form = form_with(browser.get("/roles/new"), "permissions")
    form["name"], form["label"] = "clerk", "Clerk"
    boxes(form)["users:view"].checked = True
    boxes(form)["products:view"].checked = True
    page = form.submit(status=303).follow()
    assert harness.permissions_of("clerk") == {"users:view", "products:view"}
    form = form_with(page.click("Edit"), "permissions")
    assert "name" not in form.fields
    assert boxes(form)["users:view"].checked
    boxes(form)["users:view"].checked = False
    boxes(form)["roles:view"].checked = True
    form.submit(status=303)
    assert harness.permissions_of("clerk") == {"products:view", "roles:view"}


def test_a_permission_that_nobody_offers_is_refused(harness: AccountsHarness) -> None:
    browser = harness.visitor("ann")
    form = form_with(browser.get("/roles/new"), "permissions")
    fields = [*form.submit_fields(), ("permissions", "made:up")]
    fields = [(name, {"name": "x", "label": "X"}.get(name, value)) for name, value in fields]
    browser.post("/roles/new", fields, status=422)
    assert harness.all(select(Role.id).where(Role.name == "x")) == []


def test_a_role_in_use_is_not_deleted(harness: AccountsHarness) -> None:
    browser = harness.visitor("ann")
    page = browser.get(f"/roles/{harness.id_of('admin', Role)}/delete")
    assert "2 users have it" in words(page)
    form = form_with(browser.get(f"/roles/{harness.id_of('auditor', Role)}/delete"), "seen")
    form.submit(status=303)
    assert harness.all(select(Role.id).where(Role.name == "auditor")) == []


def test_two_people_choosing_permissions_lose_neither(harness: AccountsHarness) -> None:
    path = f"/roles/{harness.id_of('staff', Role)}/edit"
    one, two = (form_with(harness.visitor(name).get(path), "permissions") for name in ("ann", "abe"))
    boxes(one)["users:view"].checked = True
    one.submit(status=303)
    two["label"] = "Shop staff"
    assert "Also changed in the meantime, and kept: Permissions." in words(two.submit(status=303).follow())
    assert "users:view" in harness.permissions_of("staff")
    assert harness.all(select(Role.label).where(Role.name == "staff")) == [("Shop staff",)]
