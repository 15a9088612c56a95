"""Imports by the kit that every batch type must pass, though each of their batches has a table of its own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from batchbook.catalog.models import Product, Vendor
from batchbook.testing import BatchTypeConformance, Sample


class TestImport(BatchTypeConformance):
    key = "import"

    def sample(self, session: Session, rows: int) -> Sample:
        session.add(Vendor(code="V1", name="One"))
        for number in range(1, rows + 1, 2):
            session.add(
                Product(
                    item_code=f"{number:06d}", description=f"Item {number}", price=Decimal("1.00"), on_hand=1
                )
            )
        lines = "".join(f"{n:06d},Item {n},{n}.50,V1\n" for n in range(1, rows + 1))
        return Sample(
            texts={"target": "product"},
            file=b"item_code,description,price,vendor\n" + lines.encode(),
            edit=("new_price", "3.33"),
            row={
                "new_item_code": "900001",
                "new_description": "By hand",
                "new_price": "1.00",
                "new_vendor": "V1",
            },
            options={"apply": "all"},
        )


def test_the_kit_is_collected() -> None:
    found: Any = [name for name in dir(TestImport) if name.startswith("test_")]
    assert len(found) > 20
