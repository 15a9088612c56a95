from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches import BatchType
from batchbook.batches.rows.storage import SharedTable
from batchbook.catalog.models import Department, Product, Vendor, VendorItem
from batchbook.db.transactions import transaction_scope
from batchbook.purchasing.models import PurchaseOrder, PurchaseOrderLine
from batchbook.testing.databases import Fill
from batchbook.types.ordering.handler import OrderingHandler
from batchbook.types.ordering.models import Ordering, OrderingRow

ORDERING = BatchType(
    "ordering", Ordering, SharedTable(OrderingRow), OrderingHandler, object, "Order", "Orders"
)

#: Item code, its vendor, on hand, reorder point, case pack, cost, active, department.
PRODUCTS: tuple[tuple[Any, ...], ...] = (
    ("A1", "V1", 3, 10, 12, "2.00", True, "GROCERY"),  # 8 are needed: a case.
    ("A2", "V1", 11, 10, 12, "2.00", True, "GROCERY"),  # Above its reorder point.
    ("A3", "V1", 10, 10, None, "0.55", True, "PRODUCE"),  # One by one.
    ("A4", "V1", 0, None, 6, "1.00", True, "GROCERY"),  # Not ordered by itself.
    ("A5", "V1", 0, 10, 6, "1.00", False, "GROCERY"),  # Not active.
    ("A6", "V1", 0, 10, 6, "1.00", True, "GROCERY"),  # 11 of 11 are on order.
    ("B1", "V2", 0, 30, 5, "3.00", True, "GROCERY"),  # Of another vendor, and among the items of V1.
    ("B2", "V2", 0, 30, 5, "3.00", True, "GROCERY"),  # Of another vendor.
)


def add_products(engine: Engine) -> None:
    """Add the products, what V1 supplies, and an order that has not come."""
    today = date.today()  # noqa: DTZ011 - As the database counts days.
    with transaction_scope(engine) as session:
        vendors = {code: Vendor(code=code, name=f"Vendor {code}") for code in ("V1", "V2")}
        departments = {name: Department(name=name) for name in ("GROCERY", "PRODUCE")}
        session.add_all([*vendors.values(), *departments.values()])
        products = {
            code: Product(
                item_code=code,
                upc=f"0000{number:08d}",
                description=f"Item {code}",
                price=Decimal(9),
                cost=Decimal(cost),
                vendor=vendors[vendor],
                on_hand=on_hand,
                reorder_point=point,
                case_pack=pack,
                active=active,
                department=departments[department],
            )
            for number, (code, vendor, on_hand, point, pack, cost, active, department) in enumerate(PRODUCTS)
        }
        session.add_all(products.values())
        session.flush()
        items = (
            ("A1", "one", "2.10", 24, today),
            ("A3", None, "0.60", None, today + timedelta(days=3)),  # Announced.
            ("A6", "six", None, None, None),
            ("B1", "bee", "2.95", None, today - timedelta(days=30)),
        )
        session.add_all(
            VendorItem(
                vendor_id=vendors["V1"].id,
                product_id=products[code].id,
                vendor_item_code=own,
                cost=cost and Decimal(cost),
                case_pack=pack,
                effective_on=since,
            )
            for code, own, cost, pack, since in items
        )
        open_order = PurchaseOrder(number="old", vendor=vendors["V1"], ordered_by="x")
        done = PurchaseOrder(number="done", vendor=vendors["V1"], ordered_by="x", state="received")
        session.add_all([open_order, done])
        session.flush()
        session.add_all(
            PurchaseOrderLine(
                order_id=order.id,
                line=line,
                product_id=products[code].id,
                item_code=code,
                quantity=units,
                received=received,
            )
            for order, line, code, units, received in (
                (open_order, 1, "A6", 20, 9),
                (open_order, 2, "A1", 4, 7),  # More came than was ordered.
                (done, 1, "A1", 100, 0),
            )
        )


@pytest.fixture
def fill(fill: tuple[Fill, ...], request: pytest.FixtureRequest) -> tuple[Fill, ...]:
    """The database has the products where the test takes ``supplied``."""
    return (*fill, add_products) if "supplied" in request.fixturenames else fill


@pytest.fixture
def supplied() -> None:
    """The database has the products and vendor items when the test begins."""


@pytest.fixture
def harness(supplied: None, engine: Engine) -> BatchHarness:
    """Orders, and a catalogue of eight products."""
    return BatchHarness(engine, ORDERING)
