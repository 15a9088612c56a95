from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select
from webtest import TestApp

from batchbook.catalog.models import Department, PriceHistory, Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.master import record_pages


@pytest.fixture
def apples(engine: Engine) -> int:
    """A product of vendor V0001 and department PRODUCE; there are also a vendor V0002 and a department DELI."""
    with transaction_scope(engine) as session:
        vendor, department = Vendor(code="V0001", name="Orchard"), Department(name="PRODUCE")
        product = Product(
            item_code="000000017",
            description="APPLES",
            price=Decimal("2.49"),
            vendor=vendor,
            department=department,
        )
        session.add_all([product, Vendor(code="V0002"), Department(name="DELI")])
        session.flush()
        return product.id


def form_with(page: Any, field: str) -> Any:
    return next(form for form in page.forms.values() if field in form.fields)


def changes(engine: Engine) -> list[tuple[Any, ...]]:
    with transaction_scope(engine, read_only=True) as session:
        columns = (
            PriceHistory.item_code,
            PriceHistory.old_price,
            PriceHistory.new_price,
            PriceHistory.changed_by,
        )
        return [tuple(row) for row in session.execute(select(*columns))]


def test_everybody_finds_products_vendors_and_departments(auditor: TestApp, apples: int) -> None:
    page = auditor.get("/products?f.vendor.equal=V0001&sort=-price")
    assert "000000017" in page
    assert "PRODUCE" in page
    assert "000000017" not in auditor.get("/products?f.vendor.equal=V0002")
    assert "/products?f.vendor.equal=V0001" in auditor.get("/vendors?sort=-products")
    assert "/products?f.department.equal=PRODUCE" in auditor.get("/departments")


def test_an_edited_price_is_in_the_history(admin: TestApp, apples: int, engine: Engine) -> None:
    form = form_with(admin.get(f"/products/{apples}/edit"), "price")
    assert (form["price"].value, form["vendor_code"].value) == ("2.49", "V0001")
    form["price"], form["vendor_code"] = "2.99", "V0002"
    form["direct_edit_reason"] = "Typing error"
    form["department_id"].select(text="DELI")
    page = form.submit(status=303).follow()
    assert "2.99" in page
    assert "DELI" in page
    assert "V0002" in page
    assert changes(engine) == [("000000017", Decimal("2.49"), Decimal("2.99"), "admin")]
    assert "price-history" in page


def test_an_edit_that_keeps_the_price_writes_no_history(staff: TestApp, apples: int, engine: Engine) -> None:
    form = form_with(staff.get(f"/products/{apples}/edit"), "description")
    form["description"], form["vendor_code"] = "RED APPLES", ""
    page = form.submit(status=303).follow()
    assert "RED APPLES" in page
    assert "The price has not changed yet" in page
    assert changes(engine) == []


def test_an_unknown_vendor_is_named_at_its_field(staff: TestApp, apples: int, engine: Engine) -> None:
    form = form_with(staff.get(f"/products/{apples}/edit"), "description")
    form["vendor_code"], form["description"] = "V9999", "RED APPLES"
    page = form.submit(status=422)
    assert "There is no vendor V9999" in page
    assert form_with(page, "description")["description"].value == "RED APPLES"
    assert changes(engine) == []


@pytest.mark.parametrize(
    ("upc", "is_valid"),
    [("036000291452", True), ("4006381333931", True), ("96385074", True), ("036000291453", False), ("03600029145", False),
     ("03600029145X", False), ("96-38-50-74", False)],
)  # fmt: skip
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_bar_code_needs_its_check_digit(
    staff: TestApp, apples: int, engine: Engine, upc: str, is_valid: bool
) -> None:
    form = form_with(staff.get(f"/products/{apples}/edit"), "upc")
    form["upc"] = upc
    page = form.submit(status=303 if is_valid else 422)
    assert is_valid or f"“{upc}” is no UPC or EAN" in page
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(Product.upc)).all() == [upc if is_valid else None]


def test_an_admin_adds_a_product(admin: TestApp, apples: int, engine: Engine) -> None:
    form = form_with(admin.get("/products/new"), "price")
    form["item_code"], form["description"], form["price"] = "000000018", "PEARS", "0.99"
    form["on_hand"], form["direct_edit_reason"] = "3", "Opening day"
    form.submit(status=303)
    with transaction_scope(engine, read_only=True) as session:
        pears = session.scalars(select(Product).where(Product.item_code == "000000018")).one()
        assert (pears.price, pears.on_hand, pears.version, pears.vendor_id) == (Decimal("0.99"), 3, 1, None)
    assert changes(engine) == []


def test_what_is_in_use_cannot_be_deleted(admin: TestApp, apples: int, engine: Engine) -> None:
    with transaction_scope(engine) as session:
        vendor_id = session.scalars(select(Vendor.id).where(Vendor.code == "V0001")).one()
    assert "1 in products" in admin.get(f"/vendors/{vendor_id}/delete")


def test_a_product_is_kept_with_the_history_of_its_price(admin: TestApp, apples: int, engine: Engine) -> None:
    delete = form_with(admin.get(f"/products/{apples}/delete"), "seen")
    with transaction_scope(engine) as session:
        prices = {"old_price": Decimal("2.00"), "new_price": Decimal("2.49")}
        session.add(PriceHistory(product_id=apples, item_code="000000017", changed_by="admin", **prices))
    refusal = "product 000000017 cannot be deleted, because other records refer to it: 1 in price history."
    assert refusal in delete.submit(status=409)
    assert refusal in admin.get(f"/products/{apples}/delete")
    assert changes(engine) == [("000000017", Decimal("2.00"), Decimal("2.49"), "admin")]


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("path", ["/products/new", "/vendors/new", "/departments/new"])
def test_staff_and_auditors_add_nothing(staff: TestApp, auditor: TestApp, apples: int, path: str) -> None:
    assert staff.get(path, status=403)
    assert auditor.get(path, status=403)
    assert auditor.get(f"/products/{apples}/edit", status=403)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_older_direct_edits_are_on_further_pages(
    admin: TestApp, apples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_pages, "DIRECT_EDITS_SHOWN", 2)
    for number in ("1", "2", "3"):
        form = form_with(admin.get(f"/products/{apples}/edit"), "on_hand")
        form["on_hand"], form["direct_edit_reason"] = number, f"Counted {number}"
        page = form.submit(status=303).follow()
    assert "Counted 3" in page
    assert "Counted 1" not in page
    page = page.click("Older direct edits")
    assert "Counted 1" in page
    assert "Older direct edits" not in page
