"""The batch type labels, checked by the kit that third parties get."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from batchbook.catalog.models import Department, Product
from batchbook.testing import BatchTypeConformance, Sample


def add_products(session: Session, rows: int) -> list[str]:
    """Add products with item codes and retail codes, some of them without; return the item codes."""
    codes = [f"{number:06d}" for number in range(1, rows + 1)]
    grocery = Department(name="GROCERY")
    session.add_all(
        Product(
            item_code=code,
            description=f"Item {code}",
            size="12 OZ",
            price=Decimal("2.49"),
            upc=f"{number:012d}" if number % 3 else None,
            department=grocery,
        )
        for number, code in enumerate(codes)
    )
    return codes


class TestLabelsOfAList(BatchTypeConformance):
    key = "labels"

    def sample(self, session: Session, rows: int) -> Sample:
        codes = add_products(session, rows)
        return Sample(
            file="\n".join(["item_code,copies,label_size", *(f"{code},2,small" for code in codes)]).encode(),
            edit=("copies", "17"),
            row={"item_code": codes[0], "copies": "3"},
            scan=codes[0],
            options={
                "print": ["ready", "no_barcode"],
                "files": ["pdf", "zpl"],
                "start_at": 1,
                "resolution": "203",
            },
        )


class TestLabelsOfADepartment(BatchTypeConformance):
    key = "labels"

    def sample(self, session: Session, rows: int) -> Sample:
        codes = add_products(session, rows)
        return Sample(
            texts={"department": "GROCERY", "paper": "roll"},
            edit=("label_size", "large"),
            row={"item_code": codes[0], "copies": "2", "label_size": "small"},
            scan=codes[0],
            options={"print": ["ready", "no_barcode"], "files": ["pdf"], "start_at": 1, "resolution": "203"},
        )
