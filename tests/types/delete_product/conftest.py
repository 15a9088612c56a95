"""Removals of products from a small shop: products on sale and inactive ones, with orders, receipts and history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness

from batchbook.batches import BatchType, BatchTypes
from batchbook.batches.rows.storage import SharedTable
from batchbook.catalog.models import Department, PriceHistory, Product, ProductMatch, Vendor, VendorItem
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.purchasing.models import PurchaseOrder, PurchaseOrderLine, Receipt, ReceiptLine
from batchbook.testing.databases import Fill
from batchbook.types.delete_product.handler import DeleteProductHandler
from batchbook.types.delete_product.models import DeleteProduct, DeleteProductRow

REMOVALS = BatchType(
    "delete_product",
    DeleteProduct,
    SharedTable(DeleteProductRow),
    DeleteProductHandler,
    object,
    "Product removal",
    "Product removals",
)


class RemovalHarness(BatchHarness):
    """Product removals, beside price changes."""

    @property
    def types(self) -> BatchTypes:
        return BatchTypes([self.batch_type, PRICE_CHANGE])

    def of(self, *codes: str, **texts: str) -> int:
        """Make a removal of the products with these item codes."""
        return self.open("item_code\n" + "".join(f"{code}\n" for code in codes), **texts)

    def found(self, *codes: str, **texts: str) -> list[tuple[str, str | None, str | None]]:
        """Return status, next step and note of each row of a new removal, which is deleted again."""
        batch_id = self.of(*codes, **texts)
        rows = [(row.status, row.step, row.status_text) for row in self.rows(batch_id)]
        self.delete(batch_id)
        return rows

    def products(self) -> dict[str, bool]:
        """Return whether each product is on sale, by item code."""
        with transaction_scope(self.database, read_only=True) as session:
            found = session.execute(select(Product.item_code, Product.active).order_by(Product.item_code))
            return {row.item_code: row.active for row in found}


def put(engine: Engine, *records: Any) -> None:
    with transaction_scope(engine) as session:
        session.add_all(records)


def product_id(engine: Engine, code: str) -> int:
    with transaction_scope(engine, read_only=True) as session:
        return session.scalars(select(Product.id).where(Product.item_code == code)).one()


def vendor_id(engine: Engine) -> int:
    with transaction_scope(engine, read_only=True) as session:
        return session.scalars(select(Vendor.id)).one()


def order(engine: Engine, code: str, quantity: int = 5, received: int = 0, state: str = "open") -> None:
    """Order ``quantity`` units of a product, of which ``received`` came."""
    line = PurchaseOrderLine(
        line=1, product_id=product_id(engine, code), item_code=code, quantity=quantity, received=received
    )
    number = f"PO-{code}-{state}-{received}"
    order = {"number": number, "vendor_id": vendor_id(engine), "state": state, "ordered_by": "ann"}
    put(engine, PurchaseOrder(**order, lines=[line]))


def receive(engine: Engine, code: str) -> None:
    line = ReceiptLine(line=1, product_id=product_id(engine, code), item_code=code, quantity=5)
    put(engine, Receipt(number=f"R-{code}", vendor_id=vendor_id(engine), received_by="ann", lines=[line]))


def add_history(engine: Engine, code: str, count: int = 1) -> None:
    """Add changes of the price to a product's history."""
    change = {"item_code": code, "old_price": Decimal(1), "new_price": Decimal(2), "changed_by": "ann"}
    put(engine, *(PriceHistory(product_id=product_id(engine, code), **change) for _ in range(count)))


def add_shop(engine: Engine) -> None:
    """Add products on sale (A…) and inactive ones (N…), of which N3 was changed just now; those with S are in stock."""
    long_ago = utc_now() - timedelta(days=200)
    with transaction_scope(engine) as session:
        vendor, department = Vendor(code="V1"), Department(name="GROCERY")
        session.add_all([vendor, department])
        session.add_all(_products(vendor, department, long_ago))
        session.flush()
        gone = session.scalars(select(Product.id).where(Product.item_code == "N1")).one()
        session.add(VendorItem(vendor=vendor, product_id=gone, cost=Decimal("0.50")))
        match = {"vendor_id": vendor.id, "key": "X-1", "key_form": "x-1", "matched_by": "ann"}
        session.add(ProductMatch(**match, product_id=gone))


def _products(vendor: Vendor, department: Department, then: Any) -> Iterable[Product]:
    for code, active, on_hand, upc in (
        ("A1", True, 0, "036000291452"),
        ("A2", True, 0, None),
        ("AS", True, 7, None),
        ("N1", False, 0, None),
        ("N2", False, 0, None),
        ("N3", False, 0, None),
        ("NS", False, 4, None),
    ):
        yield Product(
            item_code=code,
            upc=upc,
            description=f"Item {code}",
            size="1 KG",
            price=Decimal("2.50"),
            active=active,
            on_hand=on_hand,
            vendor=vendor,
            department=department,
            modified_at=utc_now() if code == "N3" else then,
        )


@pytest.fixture
def fill(fill: tuple[Fill, ...]) -> tuple[Fill, ...]:
    """The database has the shop."""
    return (*fill, add_shop)


@pytest.fixture
def harness(engine: Engine) -> RemovalHarness:
    """Product removals of staff."""
    return RemovalHarness(engine, REMOVALS)
