"""Inventory counts by the kit that every batch type must pass."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from batchbook.catalog.models import Department, Product
from batchbook.testing import BatchTypeConformance, Sample


class TestInventoryCount(BatchTypeConformance):
    key = "inventory_count"

    def sample(self, session: Session, rows: int) -> Sample:
        grocery = Department(name="GROCERY")
        session.add_all(
            Product(
                item_code=f"{n:06d}", description=f"Item {n}", price=Decimal(2), cost=Decimal("1.25"), on_hand=n, department=grocery
            )
            for n in range(1, rows + 1)
        )  # fmt: skip
        lines = "".join(f"{n:06d},{n + n % 3}\n" for n in range(1, rows + 1))
        return Sample(
            texts={"reason": "Yearly count"},
            file=f"item_code,counted\n{lines}".encode(),
            edit=("counted", "7"),
            edits=(("counted_again", "3"), ("agreed", "9"), ("reason", "Damaged"), ("item_code", "000002")),
            row={"item_code": "000003", "counted": "1"},
            scan="3*000001",
            options={"moved": "count", "zero": "true"},
        )
