"""Product removals by the kit that every batch type must pass."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from batchbook.catalog.models import Product, Vendor
from batchbook.db import utc_now
from batchbook.testing import BatchTypeConformance, Sample


class TestDeleteProduct(BatchTypeConformance):
    key = "delete_product"

    def sample(self, session: Session, rows: int) -> Sample:
        session.add(Vendor(code="V1", name="One"))
        before = utc_now() - timedelta(days=100)
        for number in range(1, rows + 2):
            session.add(
                Product(
                    item_code=f"{number:06d}",
                    upc="036000291452" if number == rows + 1 else None,
                    description=f"Item {number}",
                    price=Decimal("1.00"),
                    active=number % 2 == 1,
                    modified_at=before,
                )
            )
        return Sample(
            texts={"inactive_days": "30"},
            file=b"item_code\n" + "".join(f"{n:06d}\n" for n in range(1, rows + 1)).encode(),
            edit=("item_code", f"{rows + 1:06d}"),
            row={"item_code": "900001"},
            scan="036000291452",
            # The kit makes several batches of the same products.
            options={"steps": ["deactivate", "delete"], "also": ["in_batches"]},
        )


def test_the_kit_is_collected() -> None:
    found: Any = [name for name in dir(TestDeleteProduct) if name.startswith("test_")]
    assert len(found) > 20
