"""A shop of six products of two vendors, and vendor items of the first one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.batches.harness import BatchHarness

from batchbook.batches import BatchType
from batchbook.batches.rows.storage import SharedTable
from batchbook.catalog.models import CostHistory, Product, Vendor, VendorItem
from batchbook.db.transactions import transaction_scope
from batchbook.testing.databases import Fill
from batchbook.types.vendor_catalog.handler import VendorCatalogHandler
from batchbook.types.vendor_catalog.models import VendorCatalog, VendorCatalogRow

VENDOR_CATALOG = BatchType(
    "vendor_catalog",
    VendorCatalog,
    SharedTable(VendorCatalogRow),
    VendorCatalogHandler,
    object,
    "Vendor catalogue",
    "Vendor catalogues",
)

#: Item code, price, cost, vendor, whether it is active, and the cost, case pack and code of the item of vendor V1.
PRODUCTS = (
    ("000000001", "2.00", "1.00", "V1", True, ("1.00", 6, "A-1")),
    ("000000002", "2.00", "1.00", "V1", True, ("1.00", 6, "A-2")),
    ("000000003", "2.00", "1.00", "V1", True, ("1.00", 6, "A-3")),
    ("000000004", "2.00", "0.90", "V1", True, None),
    ("000000005", "2.00", "0.80", "V2", True, ("0.85", 12, "A-5")),
    ("000000006", "2.00", "1.00", "V1", False, ("1.00", 6, "A-6")),
)


def add_shop(engine: Engine) -> None:
    """Add products, vendors and vendor items. The products' bar codes are their item codes behind a 4, with check digits."""
    upcs = {"1": "400000000015", "2": "400000000022", "3": "400000000039"}
    with transaction_scope(engine) as session:
        vendors = {code: Vendor(code=code) for code in ("V1", "V2")}
        session.add_all(vendors.values())
        for code, price, cost, vendor, active, item in PRODUCTS:
            product = Product(
                item_code=code,
                description=f"ITEM {code[-1]}",
                price=Decimal(price),
                cost=Decimal(cost),
                vendor=vendors[vendor],
                active=active,
                on_hand=10,
                upc=upcs.get(code[-1]),
            )
            session.add(product)
            if item is not None:
                own_cost, pack, own = item
                session.add(
                    VendorItem(
                        vendor=vendors["V1"],
                        product=product,
                        cost=Decimal(own_cost),
                        case_pack=pack,
                        vendor_item_code=own,
                    )
                )


@pytest.fixture
def fill(fill: tuple[Fill, ...]) -> tuple[Fill, ...]:
    """The database has the shop when a test begins."""
    return (*fill, add_shop)


@pytest.fixture
def harness(engine: Engine) -> BatchHarness:
    """Vendor catalogues over the shop."""
    return BatchHarness(engine, VENDOR_CATALOG)


def costs(engine: Engine) -> dict[str, str]:
    """Return the products' costs by the last digit of their item codes."""
    with transaction_scope(engine, read_only=True) as session:
        found = session.execute(select(Product.item_code, Product.cost).order_by(Product.item_code))
        return {code[-1]: str(cost) for code, cost in found}


def items(engine: Engine, vendor: str = "V1") -> dict[str, tuple[Any, ...]]:
    """Return the vendor's items by the last digit of their item codes: cost, case pack, own code, effective date."""
    i = VendorItem
    wanted = select(Product.item_code, i.cost, i.case_pack, i.vendor_item_code, i.effective_on)
    wanted = wanted.join(i.product).join(i.vendor).where(Vendor.code == vendor).order_by(Product.item_code)
    with transaction_scope(engine, read_only=True) as session:
        return {
            code[-1]: (str(cost), pack, own, on and on.isoformat())
            for code, cost, pack, own, on in session.execute(wanted)
        }


def history(engine: Engine, batch: int) -> list[tuple[Any, ...]]:
    """Return what a batch recorded: the last digit of the item code, the vendor, old and new cost, the row."""
    h = CostHistory
    wanted = select(h.item_code, Vendor.code, h.old_cost, h.new_cost, h.sequence).outerjoin(h.vendor)
    with transaction_scope(engine, read_only=True) as session:
        found = session.execute(wanted.where(h.batch_id == batch).order_by(h.sequence, h.id))
        return [
            (code[-1], vendor, old and str(old), new and str(new), row)
            for code, vendor, old, new, row in found
        ]
