"""Vendor items: products as vendors supply them, kept on pages of their own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from tests.functional.harness import CatalogueDatabase, column_of, form_with
from webtest import TestApp

from batchbook.catalog.models import CostHistory, Product, Vendor, VendorItem
from batchbook.db.transactions import transaction_scope

PATH = "/vendor-items"


def create(client: TestApp, status: int = 303, **texts: str) -> Any:
    form = form_with(client.get(f"{PATH}/new"), "vendor_item_code")
    for name, text in {"vendor": "V1", "item_code": "000000011", "cost": "1.20", **texts}.items():
        form[name] = text
    return form.submit(status=status)


def test_they_are_created_found_and_edited(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp
) -> None:
    page = create(admin, vendor_item_code="RYE-1", case_pack="12", effective_on="2027-01-01").follow()
    assert "vendor item V1 000000011" in page.text.replace("Vendor item", "vendor item")
    assert column_of(staff.get(f"{PATH}?f.vendor_item_code.equal=RYE-1"), "Description") == ["RYE BREAD"]
    form = form_with(staff.get(page.request.path + "/edit"), "vendor_item_code")
    assert (form["vendor"].value, form["item_code"].value, form["effective_on"].value) == (
        "V1",
        "000000011",
        "2027-01-01",
    )
    form["cost"] = "1.35"
    form.submit(status=303)
    form = form_with(staff.get(page.request.path + "/edit"), "vendor_item_code")
    form["case_pack"] = "6"
    form.submit(status=303)
    with transaction_scope(catalogue.engine, read_only=True) as session:
        (item,) = session.scalars(select(VendorItem)).all()
        assert (item.cost, item.case_pack) == (Decimal("1.35"), 6)
        # An announced cost is not that of the product.
        assert session.scalar(select(Product.cost).where(Product.item_code == "000000011")) is None
        history = session.execute(
            select(
                CostHistory.old_cost, CostHistory.new_cost, CostHistory.changed_by, CostHistory.effective_on
            ).order_by(CostHistory.id)
        ).all()
    assert [(old, new, by, on.isoformat()) for old, new, by, on in history] == [
        (None, Decimal("1.20"), "admin", "2027-01-01"),
        (Decimal("1.20"), Decimal("1.35"), "staff", "2027-01-01"),
    ]


@pytest.mark.parametrize("cost", ["1.20", "1.50"])
def test_an_item_that_becomes_another_products_does_not_bring_its_cost_as_that_ones_earlier_cost(
    catalogue: CatalogueDatabase, admin: TestApp, cost: str
) -> None:
    form = form_with(admin.get(create(admin).location + "/edit"), "vendor_item_code")
    form["item_code"], form["cost"] = "000000012", cost
    form.submit(status=303)
    with transaction_scope(catalogue.engine, read_only=True) as session:
        history = select(CostHistory.item_code, CostHistory.old_cost, CostHistory.new_cost)
        assert session.execute(history.order_by(CostHistory.id)).all() == [
            ("000000011", None, Decimal("1.20")),
            ("000000012", None, Decimal(cost)),
        ]


def test_a_vendor_has_a_product_once(catalogue: CatalogueDatabase, admin: TestApp) -> None:
    create(admin)
    assert "has a vendor item for this product already" in create(admin, status=422)
    create(admin, vendor="V2")
    with transaction_scope(catalogue.engine, read_only=True) as session:
        assert len(session.scalars(select(VendorItem.id)).all()) == 2
        ids = session.execute(select(VendorItem.vendor_id, VendorItem.product_id)).first()
    assert ids is not None
    with pytest.raises(IntegrityError), transaction_scope(catalogue.engine) as session:
        session.add(VendorItem(vendor_id=ids.vendor_id, product_id=ids.product_id))


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("vendor", "V9", "There is no vendor V9"),
        ("item_code", "12", "There is no product 12"),
        ("cost", "-1", "“-1” is too small: the least is 0."),
        ("case_pack", "0", "“0” is too small: the least is 1."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    catalogue: CatalogueDatabase, admin: TestApp, field: str, text: str, sentence: str
) -> None:
    page = create(admin, status=422, **{field: text})
    assert sentence in page.html.find(id=f"error-{field}").text
    with transaction_scope(catalogue.engine, read_only=True) as session:
        assert session.scalars(select(VendorItem)).all() == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_who_may_do_what(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp, auditor: TestApp
) -> None:
    path = create(admin).follow().request.path
    assert auditor.get(path)
    auditor.get(f"{PATH}/export.csv")
    for client in (staff, auditor):
        client.get(f"{PATH}/new", status=403)
        client.get(f"{path}/delete", status=403)
    auditor.get(f"{path}/edit", status=403)


def test_it_goes_with_its_product_and_keeps_its_vendor(catalogue: CatalogueDatabase, admin: TestApp) -> None:
    create(admin, cost="")
    with transaction_scope(catalogue.engine) as session:
        vendor = session.scalars(select(Vendor).where(Vendor.code == "V1")).one()
    page = admin.get(f"/vendors/{vendor.id}/delete")
    assert "in vendor items" in page
    with transaction_scope(catalogue.engine) as session:
        session.delete(session.scalars(select(Product).where(Product.item_code == "000000011")).one())
    with transaction_scope(catalogue.engine, read_only=True) as session:
        assert session.scalars(select(VendorItem)).all() == []
