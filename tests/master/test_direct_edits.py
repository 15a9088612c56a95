"""Prices and quantities change by batches; whoever may edit them directly says why, and that is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from tests.functional.harness import CatalogueDatabase, form_with, post, text_of
from webtest import TestApp

from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.transactions import transaction_scope
from batchbook.master.models import DirectEdit
from batchbook.security.default_roles import DEFAULT_ROLES
from batchbook.security.identity import grants
from batchbook.security.models import Role, RolePermission, User

DIRECTLY = "products:edit-directly"
CODE = "000000011"


@pytest.fixture
def product(catalogue: CatalogueDatabase) -> int:
    with transaction_scope(catalogue.engine, read_only=True) as session:
        return session.scalars(select(Product.id).where(Product.item_code == CODE)).one()


@pytest.fixture
def person(catalogue: CatalogueDatabase, app: Any, login: Callable[..., TestApp]) -> Callable[..., TestApp]:
    """Signs in somebody whose only role has the permissions named."""

    def make(*permissions: str) -> TestApp:
        with transaction_scope(catalogue.engine) as session:
            role = Role(
                name="own", label="Own", permissions=[RolePermission(permission=p) for p in permissions]
            )
            password = session.scalars(select(User.password_hash).where(User.name == "staff")).one()
            session.add(User(name="staff2", full_name="", password_hash=password, roles=[role]))
            session.execute(User.__table__.update().where(User.name == "staff").values(name="was-staff"))
            session.execute(User.__table__.update().where(User.name == "staff2").values(name="staff"))
        return login(TestApp(app), "staff")

    return make


def stored(catalogue: CatalogueDatabase, code: str = CODE) -> tuple[Any, ...]:
    with transaction_scope(catalogue.engine, read_only=True) as session:
        p = session.scalars(select(Product).where(Product.item_code == code)).one()
        return p.description, p.price, p.on_hand, p.version


def kept(catalogue: CatalogueDatabase) -> list[tuple[Any, ...]]:
    d, h = DirectEdit, PriceHistory
    with transaction_scope(catalogue.engine, read_only=True) as session:
        others = session.execute(
            select(d.record_label, d.field, d.old_value, d.new_value, d.changed_by, d.reason)
        )
        prices = session.execute(
            select(h.item_code, h.old_price, h.new_price, h.changed_by, h.batch_id, h.reason)
        )
        return [*map(tuple, prices), *map(tuple, others)]


def edit_form(client: TestApp, product: int) -> Any:
    return form_with(client.get(f"/products/{product}/edit"), "description")


# --- Without the permission ------------------------------------------------------------------------------------------


def test_staff_see_price_and_quantity_and_are_led_to_batches(
    catalogue: CatalogueDatabase, staff: TestApp, product: int
) -> None:
    page = staff.get(f"/products/{product}/edit")
    form = form_with(page, "description")
    assert not {"price", "on_hand", "direct_edit_reason"} & set(form.fields)
    locked = text_of(page, ".locked")
    assert "Price 2.00 On hand 5" in locked
    assert "Price and On hand can only be changed by a batch" in locked
    assert "New price change" in text_of(page.click("Make a price change"))
    assert page.click("Import products")
    assert page.click("Import quantities on hand")
    form["description"] = "DARK BREAD"
    form.submit(status=303)
    assert stored(catalogue) == ("DARK BREAD", Decimal("2.00"), 5, 2)
    assert kept(catalogue) == []


@pytest.mark.parametrize("field", ["price", "on_hand"])
@pytest.mark.parametrize("value", ["0.01", "2.00", "", "7"])
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_forged_field_is_refused_and_nothing_is_saved(
    catalogue: CatalogueDatabase, staff: TestApp, product: int, field: str, value: str
) -> None:
    seen = edit_form(staff, product)["seen"].value
    fields = {
        "item_code": CODE,
        "description": "FORGED",
        "seen": seen,
        field: value,
        "direct_edit_reason": "x",
    }
    before = catalogue.dump()
    page = post(staff, f"/products/{product}/edit", 403, **fields)
    assert "can only be changed by a batch, so nothing was saved" in text_of(page)
    assert catalogue.dump() == before


@pytest.mark.parametrize("stale", [False, True])
def test_neither_what_a_form_says_it_showed_nor_a_conflict_is_a_way_round(
    catalogue: CatalogueDatabase, staff: TestApp, product: int, stale: bool
) -> None:
    seen = json.loads(edit_form(staff, product)["seen"].value)
    seen["texts"] |= {"price": "0.01"}
    seen["version"] -= stale
    fields = {"item_code": CODE, "description": "FORGED", "choose.price": "theirs", "seen": json.dumps(seen)}
    before = catalogue.dump()
    post(staff, f"/products/{product}/edit", 403, **fields)
    assert catalogue.dump() == before


def test_two_who_edit_at_once_keep_the_price_that_a_batch_set(
    catalogue: CatalogueDatabase, staff: TestApp, product: int
) -> None:
    form = edit_form(staff, product)
    with transaction_scope(catalogue.engine) as session:
        changed = session.get_one(Product, product)
        changed.price, changed.version = Decimal("2.50"), 2
    form["description"] = "DARK BREAD"
    form.submit(status=303)
    assert stored(catalogue) == ("DARK BREAD", Decimal("2.50"), 5, 3)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_who_may_create_but_not_edit_directly_creates_by_import(
    catalogue: CatalogueDatabase, person: Callable[..., TestApp]
) -> None:
    client = person("products:view", "products:edit", "products:create", "products:delete")
    assert "New product" not in client.get("/products")
    assert "needs a value for Price" in text_of(client.get("/products/new", status=403))
    before = catalogue.dump()
    fields = {"item_code": "1", "description": "NEW", "price": "1", "on_hand": "1", "direct_edit_reason": "x"}
    assert "Import the product instead" in text_of(post(client, "/products/new", 403, **fields))
    assert catalogue.dump() == before


@pytest.mark.parametrize("backend", ["sqlite"])
def test_links_are_for_those_who_may_use_them(
    catalogue: CatalogueDatabase, person: Callable[..., TestApp], product: int
) -> None:
    page = person("products:view", "products:edit").get(f"/products/{product}/edit")
    assert "can only be changed by a batch" in text_of(page, ".locked")
    assert not page.html.select(".locked a")


# --- With the permission ---------------------------------------------------------------------------------------------


def test_an_admin_says_why_and_the_history_tells_it(
    catalogue: CatalogueDatabase, admin: TestApp, auditor: TestApp, product: int
) -> None:
    form = edit_form(admin, product)
    form["price"], form["on_hand"] = "2.75", "4"
    for nothing in ("", "   "):
        form["direct_edit_reason"] = nothing
        page = form.submit(status=422)
        assert "Enter why you set Price and On hand here" in text_of(page)
        assert form_with(page, "price")["price"].value == "2.75"
    assert (stored(catalogue)[1:], kept(catalogue)) == ((Decimal("2.00"), 5, 1), [])
    form["direct_edit_reason"] = "Typing error <b> at the till"
    form.submit(status=303)
    assert stored(catalogue) == ("RYE BREAD", Decimal("2.75"), 4, 2)
    why = "Typing error <b> at the till"
    assert kept(catalogue) == [
        (CODE, Decimal("2.00"), Decimal("2.75"), "admin", None, why),
        (f"product {CODE}", "on_hand", "5", "4", "admin", why),
    ]
    page = auditor.get(f"/products/{product}")
    assert "2.00 2.75 0.75 admin" in text_of(page, "#panel-price-history")
    assert why in text_of(page, "#panel-price-history")
    assert f"On hand 5 4 admin {why}" in text_of(page, "#panel-direct-edits")


def test_no_reason_is_needed_for_what_is_not_changed_by_batches(
    catalogue: CatalogueDatabase, admin: TestApp, product: int
) -> None:
    form = edit_form(admin, product)
    form["description"] = "DARK BREAD"
    form.submit(status=303)
    assert (stored(catalogue)[0], kept(catalogue)) == ("DARK BREAD", [])


def test_what_a_new_product_begins_with_is_kept_with_its_reason(
    catalogue: CatalogueDatabase, admin: TestApp
) -> None:
    form = form_with(admin.get("/products/new"), "price")
    form["item_code"], form["description"], form["price"] = "77", "CAKE", "9.90"
    assert "Enter why you set Price here" in text_of(form.submit(status=422))
    form["direct_edit_reason"] = "Opening day"
    page = form.submit(status=303).follow()
    assert "new 9.90 admin Opening day" in text_of(page, "#panel-direct-edits")
    assert kept(catalogue) == [("product 77", "price", None, "9.90", "admin", "Opening day")]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_permission_is_enough_by_itself(
    catalogue: CatalogueDatabase, person: Callable[..., TestApp], product: int
) -> None:
    client = person("products:view", "products:edit", DIRECTLY)
    form = edit_form(client, product)
    form["price"], form["direct_edit_reason"] = "3", "Asked by the shop"
    form.submit(status=303)
    assert stored(catalogue)[1] == Decimal("3.00")


def test_a_price_that_was_set_directly_stays_in_its_history(
    catalogue: CatalogueDatabase, admin: TestApp, product: int
) -> None:
    form = edit_form(admin, product)
    form["price"], form["direct_edit_reason"] = "2.75", "Counted again"
    form.submit(status=303)
    before = kept(catalogue)
    for statement in ("UPDATE price_history SET reason = 'none'", "DELETE FROM price_history"):
        with pytest.raises(DBAPIError), catalogue.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    assert kept(catalogue) == before


# --- Who has it ------------------------------------------------------------------------------------------------------


def test_of_the_shipped_roles_only_the_administrators_has_it() -> None:
    holders = {name for name, role in DEFAULT_ROLES.items() if grants(set(role.permissions), DIRECTLY)}
    assert holders == {"admin"}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_it_is_offered_with_words_and_nobody_gives_it_to_themselves(
    catalogue: CatalogueDatabase, admin: TestApp, person: Callable[..., TestApp]
) -> None:
    assert "Edit fields that otherwise change by batch only" in text_of(admin.get("/roles/new"))
    client = person("roles:view", "roles:edit", "products:edit", "products:view")
    with transaction_scope(catalogue.engine, read_only=True) as session:
        own = session.scalars(select(Role.id).where(Role.name == "own")).one()
    form = form_with(client.get(f"/roles/{own}/edit"), "permissions")
    box = next(box for box in form.fields["permissions"] if box._value == DIRECTLY)
    box.checked = True
    assert "You cannot give rights that you do not have yourself" in text_of(form.submit(status=422))
