"""Two deliveries of a vendor that are not invoiced yet, an order of it, and a delivery of another vendor."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.batches.harness import BatchHarness

from batchbook.batches import BatchType
from batchbook.batches.rows.storage import SharedTable
from batchbook.catalog.models import Product, Vendor, VendorItem
from batchbook.db.transactions import transaction_scope
from batchbook.purchasing.models import (
    Payable,
    PayableLine,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    ReceiptLine,
)
from batchbook.testing.databases import Fill
from batchbook.types.vendor_invoice.handler import VendorInvoiceHandler
from batchbook.types.vendor_invoice.models import VendorInvoice, VendorInvoiceRow

VENDOR_INVOICE = BatchType(
    "vendor_invoice",
    VendorInvoice,
    SharedTable(VendorInvoiceRow),
    VendorInvoiceHandler,
    object,
    "Vendor invoice",
    "Vendor invoices",
)
#: Number, day of November, vendor, and lines: the last digit of the item code, units, cost, units that are invoiced already.
RECEIPTS = (
    ("R-1", 2, "V1", ((1, 12, "1.00", 0), (2, 6, "2.00", 6), (3, 5, "3.00", 2))),
    ("R-2", 9, "V1", ((1, 24, "1.10", 0), (2, 6, "2.00", 0), (6, 4, None, 0))),
    ("R-3", 3, "V2", ((4, 8, "1.00", 0), (1, 50, "1.00", 0))),
)


def add_deliveries(engine: Engine) -> None:
    """Add six products, and the deliveries. Product 5 is on an order of V1, and not received."""
    with transaction_scope(engine) as session:
        vendors = {code: Vendor(code=code) for code in ("V1", "V2")}
        products = {
            digit: Product(item_code=f"00000000{digit}", description=f"ITEM {digit}", price=Decimal("9.99"))
            for digit in range(1, 7)
        }
        products[1].upc = "400000000015"
        session.add_all([*vendors.values(), *products.values()])
        session.add(VendorItem(vendor=vendors["V1"], product=products[1], vendor_item_code="A-1"))
        for number, day, vendor, lines in RECEIPTS:
            receipt = Receipt(
                number=number,
                vendor=vendors[vendor],
                received_at=datetime(2026, 11, day, tzinfo=UTC),
                received_by="staff",
            )
            receipt.lines = [
                ReceiptLine(
                    line=at,
                    product=products[digit],
                    item_code=f"00000000{digit}",
                    quantity=units,
                    cost=None if cost is None else Decimal(cost),
                    invoiced=invoiced,
                )
                for at, (digit, units, cost, invoiced) in enumerate(lines, start=1)
            ]
            session.add(receipt)
        order = PurchaseOrder(number="PO-1", vendor=vendors["V1"], ordered_by="staff")
        order.lines = [PurchaseOrderLine(line=1, product=products[5], item_code="000000005", quantity=10)]
        session.add(order)


@pytest.fixture
def fill(fill: tuple[Fill, ...]) -> tuple[Fill, ...]:
    """The database has the deliveries when a test begins."""
    return (*fill, add_deliveries)


@pytest.fixture
def harness(engine: Engine) -> BatchHarness:
    """Vendor invoices over the deliveries."""
    return BatchHarness(engine, VENDOR_INVOICE)


def open_invoice(harness: BatchHarness, lines: str, total: str = "0", **texts: str) -> int:
    """Create an invoice of V1 from lines of item code, quantity, unit cost and amount, without heading; return its number."""
    header = {
        "vendor_code": "V1",
        "invoice_number": "4711",
        "invoice_date": "2026-11-10",
        "invoice_total": total,
    }
    return harness.open(f"item_code,quantity,unit cost,amount\n{lines}\n", **(header | texts))


def payables(engine: Engine) -> list[tuple[Any, ...]]:
    """Return number, vendor, total and batch of all payables."""
    wanted = select(Payable.invoice_number, Vendor.code, Payable.total, Payable.due_on, Payable.batch_id)
    with transaction_scope(engine, read_only=True) as session:
        return [tuple(row) for row in session.execute(wanted.join(Payable.vendor).order_by(Payable.id))]


def payable_lines(engine: Engine) -> list[tuple[Any, ...]]:
    """Return line, item, quantity, cost, amount and receipt of all lines of payables."""
    p = PayableLine
    wanted = select(p.line, p.item_code, p.quantity, p.cost, p.amount, Receipt.number)
    wanted = wanted.outerjoin(p.receipt_line).outerjoin(ReceiptLine.receipt).order_by(p.line)
    with transaction_scope(engine, read_only=True) as session:
        return [
            (line, code[-1:], quantity, cost and str(cost), str(amount), receipt)
            for line, code, quantity, cost, amount, receipt in session.execute(wanted)
        ]


def invoiced(engine: Engine) -> dict[tuple[str, str], int]:
    """Return the units that are invoiced, by receipt and the last digit of the item code."""
    wanted = select(Receipt.number, ReceiptLine.item_code, ReceiptLine.invoiced).join(ReceiptLine.receipt)
    with transaction_scope(engine, read_only=True) as session:
        return {(number, code[-1]): units for number, code, units in session.execute(wanted)}
