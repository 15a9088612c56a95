"""Orders, checked by the kit that third parties get: from reorder points, and by hand."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from batchbook.catalog.models import Product, Vendor, VendorItem
from batchbook.testing import BatchTypeConformance, Sample


def add_products(session: Session, rows: int) -> None:
    """Add as many products of the vendor V1, each of which is to be ordered."""
    vendor = Vendor(code="V1", name="Vendor One")
    session.add(vendor)
    session.flush()
    for number in range(rows):
        product = Product(
            item_code=f"{number:09d}",
            upc=f"{number:012d}",
            description=f"Item {number}",
            price=Decimal("4.99"),
            cost=Decimal("2.00"),
            vendor=vendor,
            case_pack=12,
            reorder_point=10,
        )
        session.add(product)
        session.flush()
        item = f"A{number}" if number % 3 else None
        session.add(VendorItem(vendor_id=vendor.id, product_id=product.id, vendor_item_code=item))


class TestOrdering(BatchTypeConformance):
    key = "ordering"

    def sample(self, session: Session, rows: int) -> Sample:
        add_products(session, rows)
        return Sample(
            texts={"vendor_code": "V1"},
            edit=("wanted", "30"),
            edits=(("item_code", "000000001"),),
            row={"item_code": "000000000", "wanted": "1"},
            scan="000000001",
        )
