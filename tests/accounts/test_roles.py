from __future__ import annotations

import re
from typing import Any

from pyramid.config import Configurator
from pyramid.response import Response
from sqlalchemy import MetaData, select

from batchbook.accounts.known_permissions import known_permissions
from batchbook.accounts.users import name_columns
from batchbook.batches.models import Batch
from batchbook.db import Base
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Refused
from batchbook.master import Index, MasterContext, MasterView
from batchbook.security.models import Role, RolePermission, User

from .conftest import AccountsHarness


def words(page: Any) -> str:
    return re.sub(r"\s+", " ", page.html.get_text(" ", strip=True))


def form_with(page: Any, field: str) -> Any:
    return next(form for form in page.forms.values() if field in form.fields)


def boxes(form: Any) -> dict[str, Any]:
    return {box._value: box for box in form.fields["permissions"]}


def test_shows_what_a_role_permits_and_who_has_it(harness: AccountsHarness) -> None:
    browser = harness.visitor("ann")
    page = browser.get("/roles").click("Help desk")
    assert "Users View, Create, Edit, Delete" in words(page)
    assert "Helpdesk" in words(page)
    counted = browser.get("/roles?f.users.equal=2")
    assert [cell.get_text(strip=True) for cell in counted.html.select("tbody th")] == ["Administrator"]


def test_offers_every_permission_that_a_view_asks_for(harness: AccountsHarness) -> None:
    page = harness.visitor("ann").get("/roles/new")
    offered = set(boxes(form_with(page, "permissions")))
    assert {
        "users:view",
        "users:delete",
        "roles:edit",
        "roles:export",
        "batch:*:execute",
        "*:*",
    } <= offered | {"batch:*:execute"}
    assert all(re.fullmatch(r"[a-z*]+(:[a-z*]+)+", permission) for permission in offered)
    legends = [legend.get_text(strip=True) for legend in page.html.select("legend")]
    assert {"Users", "Roles", "Everything but batches", "Batches of every type"} <= set(legends)


def test_batches_are_offered_by_what_roles_hold_not_by_what_their_views_ask() -> None:
    class OfBatch(MasterContext):
        def refusal(self, identity: Any, permission: str) -> Refused:
            return Refused()

    class Everything(MasterView):
        model, prefix, path, title, title_one = Role, "batches", "/batches", "All batches", "batch"
        grid_columns = ("name",)
        pages = (Index,)
        context_factory = OfBatch

    config = Configurator()
    config.include("batchbook.services")
    config.include("pyramid_jinja2")
    config.include("batchbook.master")
    config.add_master_view(Everything)
    config.add_route("clone", "/clone")
    config.add_view(lambda request: Response(), route_name="clone", permission="batch:price_change:clone")
    config.commit()
    known = {known.permission: known.full_label for known in known_permissions(config.registry)}
    assert known["batch:*:execute"] == "Batches of every type: execute"
    assert not {"batches:view", "batch:price_change:clone"} & set(known)


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


def test_an_unknown_permission_that_a_role_holds_is_kept(harness: AccountsHarness) -> None:
    helpdesk = harness.id_of("helpdesk", Role)
    with transaction_scope(harness.engine) as db:
        db.add(RolePermission(role_id=helpdesk, permission="gone:feature"))
    form = form_with(harness.visitor("ann").get(f"/roles/{helpdesk}/edit"), "permissions")
    form["label"] = "Desk"
    form.submit(status=303)
    assert "gone:feature" in harness.permissions_of("helpdesk")


def test_a_permission_that_nobody_offers_is_refused(harness: AccountsHarness) -> None:
    browser = harness.visitor("ann")
    form = form_with(browser.get("/roles/new"), "permissions")
    fields = [*form.submit_fields(), ("permissions", "made:up")]
    fields = [(name, {"name": "x", "label": "X"}.get(name, value)) for name, value in fields]
    browser.post("/roles/new", fields, status=422)
    assert harness.all(select(Role.id).where(Role.name == "x")) == []


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
    page = two.submit(status=409)
    assert "Permissions" in words(page)
    form_with(page, "permissions").submit(status=303)
    assert "users:view" in harness.permissions_of("staff")
    assert harness.all(select(Role.label).where(Role.name == "staff")) == [("Shop staff",)]


def test_the_columns_that_name_people_are_found() -> None:
    assert Batch.__table__ is not None
    found = {str(column) for column in name_columns(Base.metadata)}
    assert {"batch.created_by", "batch.executed_by", "operation.actor", "price_history.changed_by"} <= found
    assert list(name_columns(MetaData())) == []
