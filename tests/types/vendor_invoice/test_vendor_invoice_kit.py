"""The type vendor_invoice, checked by the kit that third parties get."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from batchbook.catalog.models import Product, Vendor, VendorItem
from batchbook.purchasing.models import Receipt, ReceiptLine
from batchbook.testing import BatchTypeConformance, Sample


class TestVendorInvoice(BatchTypeConformance):
    key = "vendor_invoice"

    def sample(self, session: Session, rows: int) -> Sample:
        codes = [f"{number:09d}" for number in range(rows)]
        vendor = Vendor(code="V0764")
        receipt = Receipt(number="R-1", vendor=vendor, received_by="staff")
        for number, code in enumerate(codes):
            product = Product(item_code=code, description=f"Item {code}", price=Decimal("4.99"))
            session.add(VendorItem(vendor=vendor, product=product, vendor_item_code=f"M-{number}"))
            if number % 3:
                receipt.lines.append(
                    ReceiptLine(
                        line=number, product=product, item_code=code, quantity=6, cost=Decimal("2.50")
                    )
                )
        session.add(receipt)
        lines = ["item_code,description,quantity,unit cost,amount"]
        lines += [f"{code},ITEM,{6 + number % 2},2.50," for number, code in enumerate(codes)]
        total = sum((6 + number % 2) * Decimal("2.50") for number in range(rows))
        return Sample(
            texts={
                "vendor_code": "V0764",
                "invoice_number": "4711",
                "invoice_date": "2026-11-02",
                "invoice_total": str(total),
            },
            file="\n".join(lines).encode(),
            edit=("description", "ROLLS"),
            row={"item_code": "FREIGHT", "description": "Freight", "quantity": "1", "amount": "0.00"},
            scan=codes[0],
            options={"accept": ["quantity", "cost", "amount", "not_received", "not_ordered", "not_found"]},
        )
