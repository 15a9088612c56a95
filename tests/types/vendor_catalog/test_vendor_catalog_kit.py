"""The type vendor_catalog, checked by the kit that third parties get."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from batchbook.catalog.models import Product, Vendor, VendorItem
from batchbook.testing import BatchTypeConformance, Sample


class TestVendorCatalog(BatchTypeConformance):
    key = "vendor_catalog"

    def sample(self, session: Session, rows: int) -> Sample:
        codes = [f"{number:09d}" for number in range(rows)]
        vendor = Vendor(code="V0764")
        for number, code in enumerate(codes):
            product = Product(
                item_code=code,
                description=f"Item {code}",
                price=Decimal("4.99"),
                cost=Decimal("3.00"),
                vendor=vendor,
                upc=f"4{code}00",
            )
            session.add(product)
            if number % 4:
                session.add(
                    VendorItem(
                        vendor=vendor,
                        product=product,
                        vendor_item_code=f"M-{number}",
                        cost=Decimal("3.00"),
                        case_pack=6,
                    )
                )
        lines = ["item_code,vendor item,description,unit cost,case pack"]
        costs = ("3.00", "3.10", "2.95", "4.80")
        lines += [
            f"{code},M-{number},ITEM,{costs[number % 4]},{6 + number % 2 * 6}"
            for number, code in enumerate(codes)
        ]
        return Sample(
            texts={"vendor_code": "V0764"},
            file="\n".join(lines).encode(),
            edit=("new_cost", "3.25"),
            row={"item_code": codes[0], "new_cost": "1.00"},
            scan=codes[0],
        )
