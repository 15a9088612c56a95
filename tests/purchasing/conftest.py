"""An order of a vendor, its receipt, and the invoice for it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select
from tests.functional.harness import CatalogueDatabase

from batchbook.catalog.models import Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.purchasing.models import (
    Payable,
    PayableLine,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    ReceiptLine,
)

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def documents(catalogue: CatalogueDatabase) -> CatalogueDatabase:
    """Order PO-1 of 24 rye breads, of which 20 came by receipt R-1, and invoice 4711 for them; a second order is empty."""
    with transaction_scope(catalogue.engine) as session:
        vendor = session.scalars(select(Vendor).where(Vendor.code == "V1")).one()
        bread = session.scalars(select(Product).where(Product.item_code == "000000011")).one()
        item = {"item_code": "000000011", "description": "RYE BREAD", "cost": Decimal("1.20")}
        order = PurchaseOrder(
            number="PO-1", vendor=vendor, ordered_at=NOON, ordered_by="staff", expected_on=date(2026, 11, 9)
        )
        order.lines = [
            PurchaseOrderLine(
                line=1,
                product=bread,
                quantity=24,
                case_pack=12,
                received=20,
                vendor_item_code="RYE-1",
                **item,
            ),
            PurchaseOrderLine(line=2, item_code="X", description="UNKNOWN", quantity=5, cost=None),
        ]
        receipt = Receipt(number="R-1", vendor=vendor, order=order, received_at=NOON, received_by="staff")
        receipt.lines = [
            ReceiptLine(
                line=1,
                product=bread,
                quantity=20,
                damaged=1,
                missing=3,
                credit=Decimal("3.60"),
                invoiced=20,
                **item,
            )
        ]
        payable = Payable(
            vendor=vendor,
            invoice_number="4711",
            invoice_date=date(2026, 11, 10),
            due_on=date(2026, 12, 10),
            total=Decimal("24.00"),
        )
        payable.lines = [
            PayableLine(line=1, receipt_line=receipt.lines[0], quantity=20, amount=Decimal("24.00"), **item)
        ]
        other = PurchaseOrder(
            number="PO-2", vendor=vendor, state="closed", ordered_at=NOON, ordered_by="admin"
        )
        session.add_all([order, receipt, payable, other])
    return catalogue
