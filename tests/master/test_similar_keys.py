"""Keys of records that are written like another record's: the user is told, and chooses."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.functional.harness import CatalogueDatabase, form_with, text_of
from webtest import TestApp

from batchbook.catalog.models import Department, Product, Vendor
from batchbook.db.transactions import transaction_scope

FORMS = [("/vendors", "code", "v1", "V1"), ("/departments", "name", "bakery ", "BAKERY")]


def values(engine: Engine, column: Any) -> list[str]:
    with transaction_scope(engine, read_only=True) as session:
        return [*session.scalars(select(column).order_by(column))]


@pytest.mark.parametrize(("path", "field", "typed", "there"), FORMS)
def test_who_types_a_key_like_another_one_is_told_and_chooses(
    catalogue: CatalogueDatabase, admin: TestApp, path: str, field: str, typed: str, there: str
) -> None:
    column = Vendor.code if field == "code" else Department.name
    before = values(catalogue.engine, column)
    form = form_with(admin.get(f"{path}/new"), field)
    form[field] = typed
    page = form.submit(status=422)
    assert f"“{typed.strip()}” is written like “{there}” but for case" in text_of(page)
    assert page.click(there).status_int == 200
    assert values(catalogue.engine, column) == before
    form = form_with(page, field)
    form["similar_key"].checked = True
    form.submit(status=303)
    assert sorted(values(catalogue.engine, column)) == sorted([*before, typed.strip()])


def test_the_choice_holds_for_the_key_that_was_shown_only(
    catalogue: CatalogueDatabase, admin: TestApp
) -> None:
    form = form_with(admin.get("/vendors/new"), "code")
    form["code"] = "v1"
    form = form_with(form.submit(status=422), "code")
    form["similar_key"].checked = True
    form["code"] = "\uff36 2"
    page = form.submit(status=422)
    assert "is written like “V2”" in text_of(page)
    form = form_with(page, "code")
    form["code"] = "V7"
    form.submit(status=303)
    assert values(catalogue.engine, Vendor.code) == ["V1", "V2", "V7"]


def test_an_edit_is_asked_only_where_the_key_changes(catalogue: CatalogueDatabase, admin: TestApp) -> None:
    with transaction_scope(catalogue.engine) as session:
        session.add(Vendor(code="v1", name="There before"))
    page = admin.get("/vendors").click("^v1$")
    form = form_with(page.click("Edit"), "code")
    form["name"] = "Renamed"
    form.submit(status=303)
    product = admin.get("/products").click("000000013").click("Edit")
    form = form_with(product, "item_code")
    form["item_code"], form["vendor_code"] = "0000 00011", "v2"
    assert "is written like “000000011”" in text_of(form.submit(status=422))
    form["item_code"] = "000000013"
    form.submit(status=303)
    with transaction_scope(catalogue.engine, read_only=True) as session:
        vendor = select(Vendor.code).join(Product).where(Product.item_code == "000000013")
        assert session.scalar(vendor) == "V2"
