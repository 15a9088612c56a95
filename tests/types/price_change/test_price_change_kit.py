"""The shipped batch type price_change, checked by the kit that third parties get."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from sqlalchemy.orm import Session

from batchbook.catalog.models import Product, Vendor
from batchbook.testing import BatchTypeConformance, Sample


class TestPriceChange(BatchTypeConformance):
    key = "price_change"

    def sample(self, session: Session, rows: int) -> Sample:
        codes = [f"{number:09d}" for number in range(rows)]
        vendor = Vendor(code="V0764")
        session.add_all(
            Product(item_code=code, description=f"Item {code}", price=Decimal("4.99"), vendor=vendor)
            for code in codes
        )
        out = io.StringIO()
        table = csv.writer(out)
        table.writerow(["item_code", "description", "size", "price"])
        prices = ("4.99", "5.49", "3.99")
        table.writerows([code, "", "12 OZ", prices[number % 3]] for number, code in enumerate(codes))
        return Sample(
            texts={"vendor_code": "V0764"},
            file=out.getvalue().encode(),
            edit=("new_price", "6.25"),
            row={"item_code": codes[0], "new_price": "1.00"},
            options={"apply": ["increase", "decrease"]},
        )
