"""Product proposals by the kit that every batch type must pass."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from batchbook.catalog.models import Department, Product, Vendor
from batchbook.testing import BatchTypeConformance, Sample


class TestNewProduct(BatchTypeConformance):
    key = "new_product"

    def sample(self, session: Session, rows: int) -> Sample:
        session.add_all([Vendor(code="V1", name="One"), Department(name="GROCERY")])
        session.add(Product(item_code="000001", description="Tea 20 bags", price=Decimal("1.00")))
        lines = "".join(f"{n:06d},Item {n} of {rows},GROCERY,V1,{n}.50,{n}.25\n" for n in range(1, rows + 1))
        return Sample(
            texts={"department": "GROCERY"},
            file=b"item_code,description,department,vendor_code,price,cost\n" + lines.encode(),
            edit=("price", "3.33"),
            row={"item_code": "900001", "description": "By hand", "price": "1.00"},
            scan="036000291452",
        )


def test_the_kit_is_collected() -> None:
    found: Any = [name for name in dir(TestNewProduct) if name.startswith("test_")]
    assert len(found) > 20
