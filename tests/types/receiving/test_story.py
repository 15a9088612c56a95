"""A delivery of products of the demo catalogue: staff count it, an administrator brings it into stock, an auditor reads it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, func, select
from tests.functional.harness import column_of, counts_of, form_to, form_with, json_post, post, text_of
from webtest import TestApp

from batchbook.catalog.models import Product, StockMovement, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.purchasing.models import PurchaseOrder, PurchaseOrderLine, Receipt

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])
PATH = "/batches/receiving"


@pytest.fixture
def items(real_catalogue: None, engine: Engine) -> list[str]:
    """Three products of vendor V0764, of each of which PO-1 orders 24 units."""
    with transaction_scope(engine) as session:
        vendor = session.scalars(select(Vendor).where(Vendor.code == "V0764")).one()
        found = session.scalars(
            select(Product).where(Product.vendor_id == vendor.id).order_by(Product.item_code).limit(3)
        ).all()
        order = PurchaseOrder(number="PO-1", vendor_id=vendor.id, ordered_by="admin")
        session.add(order)
        session.flush()
        session.add_all(
            PurchaseOrderLine(
                order_id=order.id, line=line, product_id=one.id, item_code=one.item_code, quantity=24, cost=1
            )
            for line, one in enumerate(found, start=1)
        )
        return [one.item_code for one in found]


@pytest.fixture
def delivery(items: list[str], staff: TestApp) -> int:
    """A delivery against PO-1, made by staff with the form; 23 of the first item came, and a damaged one."""
    form = form_with(staff.get(f"{PATH}/new"), "order_number")
    form["order_number"] = "PO-1"
    number = int(form.submit(status=303).location.rpartition("/")[2])
    for field, text, version in (("received", "23", 1), ("damaged", "1", 2)):
        change = {"field": field, "value": text, "version": version}
        json_post(staff, f"{PATH}/{number}/rows/1/cell", 200, change)
    return number


def test_staff_count_a_delivery_and_cannot_receive_it(
    delivery: int, items: list[str], staff: TestApp, engine: Engine
) -> None:
    page = staff.get(f"{PATH}/{delivery}")
    counts = counts_of(page)
    assert (counts["All"], counts["As ordered"], counts["Nothing came"]) == (3, 1, 2)
    assert column_of(page, "Item code") == items
    assert "Credit 1.00" in text_of(page)
    form = form_with(page, "text")  # The box for scans.
    form["text"] = f"24*{items[1]}"
    form.submit(status=303)
    assert counts_of(staff.get(f"{PATH}/{delivery}"))["As ordered"] == 2
    post(staff, f"{PATH}/{delivery}/complete")
    post(staff, f"{PATH}/{delivery}/execute", 403)
    with transaction_scope(engine) as session:
        assert session.scalar(select(func.count()).select_from(Receipt)) == 0


def test_an_administrator_brings_it_into_stock(
    delivery: int, items: list[str], staff: TestApp, admin: TestApp, engine: Engine
) -> None:
    with transaction_scope(engine) as session:
        before = session.scalar(select(Product.on_hand).where(Product.item_code == items[0]))
    post(staff, f"{PATH}/{delivery}/complete")
    page = admin.get(f"{PATH}/{delivery}")
    assert "23 units of 1 item from V0764 go into stock" in text_of(page)
    form_to(page, "/execute").submit(status=303)
    with transaction_scope(engine) as session:
        receipt = session.scalars(select(Receipt)).one()
        assert (receipt.received_by, receipt.batch_id) == ("admin", delivery)
        after = session.scalar(select(Product.on_hand).where(Product.item_code == items[0]))
        moved = session.scalars(select(StockMovement).where(StockMovement.batch_id == delivery)).one()
        assert (after, moved.kind, moved.change) == ((before or 0) + 23, "receipt", 23)
        address = f"/receipts/{receipt.id}"
    assert items[0] in text_of(admin.get(address))


def test_an_auditor_reads_the_receipt(
    delivery: int, staff: TestApp, admin: TestApp, auditor: TestApp
) -> None:
    auditor.get(f"{PATH}/{delivery}", status=403)
    post(staff, f"{PATH}/{delivery}/complete")
    form_to(admin.get(f"{PATH}/{delivery}"), "/execute").submit(status=303)
    assert "a credit of 1.00 is owed; order PO-1 is still open" in text_of(auditor.get(f"{PATH}/{delivery}"))
    post(auditor, f"{PATH}/{delivery}/reopen", 403)
