"""Inventory counts in a small shop whose products have quantities, costs and codes of bar codes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches import BatchType
from batchbook.batches.rows.storage import SharedTable
from batchbook.catalog.models import Department, Product
from batchbook.db.transactions import transaction_scope
from batchbook.testing.databases import Fill
from batchbook.types.inventory_count.handler import InventoryCountHandler
from batchbook.types.inventory_count.models import InventoryCount, InventoryCountRow

COUNTS = BatchType(
    "inventory_count",
    InventoryCount,
    SharedTable(InventoryCountRow),
    InventoryCountHandler,
    object,
    "Inventory count",
    "Inventory counts",
)

#: Item code, UPC, description, department, on hand, cost.
SHOP = (
    ("000000011", "036000291452", "Rye bread", "BAKERY", 5, "1.50"),
    ("000000012", "4006381333931", "Wheat bread", "BAKERY", 8, "1.25"),
    ("000000013", None, "Pretzel", "BAKERY", 50, None),
    ("000000014", None, "Cake", "BAKERY", 2, "10.00"),
    ("000000021", None, "Milk", "DAIRY", 9, "0.90"),
)


def add_shop(engine: Engine) -> None:
    """Add two departments and five products, of which one has no cost; and one that is not active."""
    with transaction_scope(engine) as session:
        departments = {name: Department(name=name) for name in ("BAKERY", "DAIRY")}
        session.add_all(
            Product(
                item_code=code,
                upc=upc,
                description=text,
                department=departments[department],
                on_hand=count,
                cost=cost and Decimal(cost),
                price=Decimal("2.00"),
            )
            for code, upc, text, department, count, cost in SHOP
        )
        session.add(
            Product(
                item_code="000000015",
                description="Old cake",
                department=departments["BAKERY"],
                price=Decimal("1.00"),
                active=False,
            )
        )


@pytest.fixture
def fill(fill: tuple[Fill, ...]) -> tuple[Fill, ...]:
    """The database has the shop."""
    return (*fill, add_shop)


@pytest.fixture
def harness(engine: Engine) -> BatchHarness:
    """Inventory counts of staff."""
    return BatchHarness(engine, COUNTS)
