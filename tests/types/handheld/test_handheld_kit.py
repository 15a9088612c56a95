"""Handhelds' files by the kit that every batch type must pass."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from batchbook.catalog.models import Product
from batchbook.testing import BatchTypeConformance, Sample


class TestHandheld(BatchTypeConformance):
    key = "handheld"

    def sample(self, session: Session, rows: int) -> Sample:
        session.add_all(
            Product(item_code=f"{n:06d}", description=f"Item {n}", price=Decimal(2))
            for n in range(1, rows + 1)
        )
        lines = "".join(f"{n:06d},{n % 7 + 1},A-{n % 3}\n" for n in range(1, rows + 1))
        return Sample(
            texts={"becomes": "inventory_count", "device": "MC-3"},
            file=f"code,quantity,location\n{lines}".encode(),
            edit=("quantity", "7"),
            edits=(("location", "B-1"), ("item_code", "000002")),
            row={"item_code": "000003", "quantity": "1"},
            scan="3*000001",
            options={"take": ["ready", "repeated", "not_found"]},
        )
