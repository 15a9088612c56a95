"""Handhelds' files in a small shop, with the types that they can become."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Self

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches import BatchType, BatchTypes
from batchbook.batches.rows.storage import SharedTable
from batchbook.catalog.models import Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.testing.databases import Fill
from batchbook.types.handheld.handler import HandheldHandler
from batchbook.types.handheld.models import Handheld, HandheldRow
from batchbook.types.inventory_count.handler import InventoryCountHandler
from batchbook.types.inventory_count.models import InventoryCount, InventoryCountRow
from batchbook.types.ordering.handler import OrderingHandler
from batchbook.types.ordering.models import Ordering, OrderingRow
from batchbook.types.price_promotion.handler import PricePromotionHandler
from batchbook.types.price_promotion.models import PricePromotion, PricePromotionRow
from batchbook.types.receiving.handler import ReceivingHandler
from batchbook.types.receiving.models import Receiving, ReceivingRow


def _type(key: str, header: Any, row: Any, handler: Any, title: str) -> BatchType:
    return BatchType(key, header, SharedTable(row), handler, object, title, f"{title}s")


HANDHELD = _type("handheld", Handheld, HandheldRow, HandheldHandler, "Handheld file")
COUNT = _type("inventory_count", InventoryCount, InventoryCountRow, InventoryCountHandler, "Inventory count")
ORDER = _type("ordering", Ordering, OrderingRow, OrderingHandler, "Order")
DELIVERY = _type("receiving", Receiving, ReceivingRow, ReceivingHandler, "Delivery")
#: It is made of such rows by people alone, because its header needs a name and days.
PROMOTION = _type(
    "price_promotion", PricePromotion, PricePromotionRow, PricePromotionHandler, "Price promotion"
)

#: Item code, UPC, description, active.
SHOP = (
    ("000000011", "036000291452", "Rye bread", True),
    ("000000012", "4006381333931", "Wheat bread", True),
    ("000000013", None, "Pretzel", True),
    ("000000014", "042100005264", "Old cake", False),
    ("000000021", "96385074", "Milk", True),
    ("000000022", "96385074", "Milk, 2 %", True),
)


def add_shop(engine: Engine) -> None:
    """Add a vendor with six products, of which one is not active, one has no bar code, and two have the same."""
    with transaction_scope(engine) as session:
        vendor = Vendor(code="V1", name="Vendor 1")
        session.add_all(
            Product(
                item_code=code,
                upc=upc,
                description=text,
                price=Decimal(2),
                vendor=vendor,
                active=active,
                cost=Decimal(1),
            )
            for code, upc, text, active in SHOP
        )


@dataclass(frozen=True)
class ShopHarness(BatchHarness):
    """Batches of one type in a shop that has the others, too."""

    @property
    def types(self) -> BatchTypes:
        others = (HANDHELD, COUNT, ORDER, DELIVERY, PROMOTION)
        return BatchTypes([*(one for one in others if one.key != self.batch_type.key), self.batch_type])

    def of(self, batch_type: BatchType) -> Self:
        return replace(self, batch_type=batch_type)


@pytest.fixture
def fill(fill: tuple[Fill, ...]) -> tuple[Fill, ...]:
    """The database has the shop."""
    return (*fill, add_shop)


@pytest.fixture
def harness(users: dict[str, str], engine: Engine) -> ShopHarness:
    """Handhelds' files of staff, who exist."""
    return ShopHarness(engine, HANDHELD)
