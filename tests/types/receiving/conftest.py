from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.batches.harness import BatchHarness

from batchbook.batches import Action, BatchType
from batchbook.batches.rows.storage import SharedTable
from batchbook.catalog.models import Product, Vendor, VendorItem
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.purchasing.models import PurchaseOrder, PurchaseOrderLine
from batchbook.testing.databases import Fill
from batchbook.types.receiving.handler import ReceivingHandler
from batchbook.types.receiving.models import Receiving, ReceivingRow

RECEIVING = BatchType(
    "receiving", Receiving, SharedTable(ReceivingRow), ReceivingHandler, object, "Delivery", "Deliveries"
)

#: Item code, on hand and cost of the products of V1.
PRODUCTS = (("A1", 3, "2.00"), ("A2", 0, "1.00"), ("A3", 7, None), ("A4", 1, "4.00"), ("A5", 0, "5.00"))
#: Item code, units, units that came already, and cost of the lines of PO-1; A2 has two, and A4 has come.
LINES = (
    ("A1", 12, 0, "2.10"),
    ("A2", 5, 2, "1.00"),
    ("A3", 10, 0, None),
    ("A4", 6, 6, "4.00"),
    ("A2", 5, 0, "1.00"),
)


def add_order(engine: Engine) -> None:
    """Add the products, and the order PO-1 with V1; V2 has no order."""
    with transaction_scope(engine) as session:
        vendors = {code: Vendor(code=code, name=f"Vendor {code}") for code in ("V1", "V2")}
        session.add_all(vendors.values())
        products = {
            code: Product(
                item_code=code,
                upc=f"0000{number:08d}",
                description=f"Item {code}",
                price=Decimal(9),
                cost=cost and Decimal(cost),
                vendor=vendors["V1"],
                on_hand=on_hand,
            )
            for number, (code, on_hand, cost) in enumerate(PRODUCTS)
        }
        session.add_all(products.values())
        session.flush()
        later = utc_now().date() + timedelta(days=2)
        for code, own, cost, since in (
            ("A1", "one", "9.99", None),
            ("A5", "five", "4.50", None),
            ("A4", None, "1.11", later),
        ):
            session.add(
                VendorItem(
                    vendor_id=vendors["V1"].id,
                    product_id=products[code].id,
                    vendor_item_code=own,
                    cost=Decimal(cost),
                    effective_on=since,
                )
            )
        orders = [
            PurchaseOrder(number=number, vendor=vendors["V1"], ordered_by="x", state=state)
            for number, state in (("PO-1", "open"), ("PO-0", "closed"))
        ]
        session.add_all(orders)
        session.flush()
        session.add_all(
            PurchaseOrderLine(
                order_id=orders[0].id,
                line=line,
                product_id=products[code].id,
                item_code=code,
                quantity=units,
                received=came,
                cost=cost and Decimal(cost),
            )
            for line, (code, units, came, cost) in enumerate(LINES, start=1)
        )


@pytest.fixture
def fill(fill: tuple[Fill, ...], request: pytest.FixtureRequest) -> tuple[Fill, ...]:
    """The database has the order where the test takes ``ordered_goods``."""
    return (*fill, add_order) if "ordered_goods" in request.fixturenames else fill


@pytest.fixture
def ordered_goods() -> None:
    """The database has the products and the order when the test begins."""


@pytest.fixture
def harness(ordered_goods: None, engine: Engine) -> BatchHarness:
    """Deliveries, five products and an order."""
    return BatchHarness(engine, RECEIVING)


@pytest.fixture
def delivery(harness: BatchHarness) -> Callable[..., int]:
    """Makes a delivery against PO-1, or with other texts in its header: ``delivery(vendor_code="V2", order_number="")``."""

    def make(**texts: str) -> int:
        given = {"order_number": "PO-1", **texts}
        batch_id = harness.create(None, **{name: text for name, text in given.items() if text})
        assert not harness.run(batch_id, Action.POPULATE).failed
        return batch_id

    return make


@pytest.fixture
def lines_of_order(harness: BatchHarness) -> Callable[[], Any]:
    """Returns the units that came of each line of PO-1, and the state of the order."""

    def read() -> Any:
        with transaction_scope(harness.database, read_only=True) as session:
            order = session.scalars(select(PurchaseOrder).where(PurchaseOrder.number == "PO-1")).one()
            return [line.received for line in order.lines], order.state

    return read
