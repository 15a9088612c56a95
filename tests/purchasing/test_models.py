"""What the database keeps of documents: numbers that are used once, and lines that outlive their products."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from tests.functional.harness import CatalogueDatabase

from batchbook.catalog.models import Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.purchasing.models import (
    OrderState,
    Payable,
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    ReceiptLine,
    units_on_order,
)


def test_new_documents_are_open_and_have_nothing_received_or_invoiced(documents: CatalogueDatabase) -> None:
    with transaction_scope(documents.engine, read_only=True) as session:
        order = session.scalars(select(PurchaseOrder).where(PurchaseOrder.number == "PO-1")).one()
        assert order.state == OrderState.OPEN.value
        assert [(line.line, line.received) for line in order.lines] == [(1, 20), (2, 0)]
        (line,) = session.scalars(select(ReceiptLine)).all()
        assert (line.damaged, line.expired, line.missing, line.receipt.order) == (1, 0, 3, order)


def again(session: Any, document: str) -> Any:
    vendor = session.scalar(select(Vendor.id).where(Vendor.code == "V1"))
    return {
        "order": lambda: PurchaseOrder(number="PO-1", vendor_id=vendor, ordered_by="x"),
        "receipt": lambda: Receipt(number="R-1", vendor_id=vendor, received_by="x"),
        "payable": lambda: Payable(vendor_id=vendor, invoice_number="4711", invoice_date=date(2026, 1, 1), total=Decimal(1)),
    }[document]()  # fmt: skip


@pytest.mark.parametrize("document", ["order", "receipt", "payable"])
def test_a_number_is_used_once(documents: CatalogueDatabase, document: str) -> None:
    with pytest.raises(IntegrityError), transaction_scope(documents.engine) as session:
        session.add(again(session, document))


def test_what_is_on_order_is_what_open_orders_have_not_brought(documents: CatalogueDatabase) -> None:
    def on_order() -> dict[str, int]:
        with transaction_scope(documents.engine, read_only=True) as session:
            found = session.execute(select(Product.item_code, units_on_order()))
            return {code: units for code, units in found if units}

    assert on_order() == {"000000011": 4}
    with transaction_scope(documents.engine) as session:
        line = session.scalars(select(PurchaseOrderLine).where(PurchaseOrderLine.quantity == 24)).one()
        order, more = line.order, {"product_id": line.product_id, "item_code": line.item_code}
        order.lines += [PurchaseOrderLine(line=3, quantity=10, **more)]
        line.received = 30  # More than was ordered takes nothing from the other line.
    assert on_order() == {"000000011": 10}
    with transaction_scope(documents.engine) as session:
        order = session.scalars(select(PurchaseOrder).where(PurchaseOrder.number == "PO-1")).one()
        order.state = OrderState.CLOSED.value
    assert on_order() == {}


def test_another_vendor_may_use_the_same_invoice_number(documents: CatalogueDatabase) -> None:
    with transaction_scope(documents.engine) as session:
        payable = again(session, "payable")
        payable.vendor_id = session.scalar(select(Vendor.id).where(Vendor.code == "V2"))
        session.add(payable)
    with transaction_scope(documents.engine, read_only=True) as session:
        assert len(session.scalars(select(Payable)).all()) == 2


def test_lines_outlive_their_product_and_go_with_their_document(documents: CatalogueDatabase) -> None:
    with transaction_scope(documents.engine) as session:
        session.execute(delete(Product).where(Product.item_code == "000000011"))
    with transaction_scope(documents.engine) as session:
        line = session.scalars(select(PurchaseOrderLine).where(PurchaseOrderLine.line == 1)).one()
        assert (line.product_id, line.item_code, line.description) == (None, "000000011", "RYE BREAD")
        session.execute(delete(PurchaseOrder).where(PurchaseOrder.number == "PO-2"))
    with pytest.raises(IntegrityError), transaction_scope(documents.engine) as session:
        session.execute(delete(Vendor).where(Vendor.code == "V1"))
