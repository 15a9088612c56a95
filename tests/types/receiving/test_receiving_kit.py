"""Deliveries against an order, checked by the kit that third parties get."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from batchbook.catalog.models import Product, Vendor
from batchbook.purchasing.models import PurchaseOrder, PurchaseOrderLine
from batchbook.testing import BatchTypeConformance, Sample


def add_products(session: Session, rows: int) -> tuple[Vendor, list[Product]]:
    """Add as many products of the vendor V1."""
    vendor = Vendor(code="V1", name="Vendor One")
    session.add(vendor)
    session.flush()
    made = [
        Product(
            item_code=f"{number:09d}",
            upc=f"{number:012d}",
            description=f"Item {number}",
            price=Decimal("4.99"),
            cost=Decimal("2.00"),
            vendor=vendor,
        )
        for number in range(rows)
    ]
    session.add_all(made)
    session.flush()
    return vendor, made


class TestReceiving(BatchTypeConformance):
    key = "receiving"

    def sample(self, session: Session, rows: int) -> Sample:
        vendor, products = add_products(session, rows)
        order = PurchaseOrder(number="PO-1", vendor_id=vendor.id, ordered_by="staff")
        session.add(order)
        session.flush()
        session.add_all(
            PurchaseOrderLine(
                order_id=order.id,
                line=line,
                product_id=one.id,
                item_code=one.item_code,
                quantity=12,
                cost=Decimal("2.10"),
            )
            for line, one in enumerate(products, start=1)
        )
        return Sample(
            texts={"order_number": "PO-1", "as_ordered": "yes"},
            edit=("received", "10"),
            edits=(("damaged", "2"), ("cost", "2.20")),
            row={"item_code": "000000001", "received": "1", "cost": "2.05"},
            scan="000000001",
            options={"apply": ["as_ordered", "short", "over", "cost_differs"], "update_costs": "true"},
        )
