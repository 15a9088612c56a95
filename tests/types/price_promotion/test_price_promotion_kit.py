"""The shipped batch type price_promotion, checked by the kit that third parties get."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from batchbook.catalog.models import Product
from batchbook.testing import BatchTypeConformance, Sample


class TestPricePromotion(BatchTypeConformance):
    key = "price_promotion"
    #: The return of the prices is executed by a schedule, for which jobs must run in the background.
    settings = {"batchbook.jobs": "workers"}  # noqa: RUF012 - As the kit declares it.

    def sample(self, session: Session, rows: int) -> Sample:
        codes = [f"{number:09d}" for number in range(rows)]
        session.add_all(
            Product(item_code=code, description=f"Item {code}", price=Decimal("4.99")) for code in codes
        )
        prices = ("4.49", "3.99", "5.49")
        lines = [f"{code},{prices[number % 3]}" for number, code in enumerate(codes)]
        today = date.today()  # noqa: DTZ011 - A day or two do not matter.
        return Sample(
            texts={
                "name": "Sale",
                "starts_on": str(today - timedelta(days=2)),
                "ends_on": str(today + timedelta(days=7)),
            },
            file="\n".join(["item_code,price", *lines]).encode(),
            edit=("promotion_price", "2.25"),
            edits=[("item_code", codes[1])],
            row={"item_code": codes[0], "promotion_price": "1.00"},
            scan=codes[0],
        )
