"""The pages of deliveries, declared as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlalchemy import select

from batchbook.batches import BatchMasterView, RowTable
from batchbook.catalog.models import Vendor
from batchbook.grid import GridLayout
from batchbook.purchasing.models import OrderState, PurchaseOrder

#: The most vendors, and the most open orders, that the form suggests.
_SUGGESTED = 500


class ReceivingView(BatchMasterView):
    """Deliveries, from the open order to the receipt."""

    description = "What a vendor delivers, against a purchase order or without one: counted by scanning, and brought into stock."
    row_table = RowTable(
        (
            "item_code",
            "description",
            "vendor_item_code",
            "ordered",
            "received",
            "damaged",
            "expired",
            "missing",
            "expected_cost",
            "cost",
            "amount",
            "credit",
        ),
        layout=GridLayout(frozen=2, widths={"description": 178}),
    )
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "What is delivered": ("order_number", "as_ordered", "vendor_code"),
        "The receipt": ("receipt_number",),
        "About this batch": ("description", "notes"),
    }

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return the numbers of open orders, the latest first, and codes of vendors."""
        db = self.request.db
        orders = select(PurchaseOrder.number).where(PurchaseOrder.state == OrderState.OPEN.value)
        return {
            "order_number": db.scalars(
                orders.order_by(PurchaseOrder.ordered_at.desc()).limit(_SUGGESTED)
            ).all(),
            "vendor_code": db.scalars(select(Vendor.code).order_by(Vendor.code).limit(_SUGGESTED)).all(),
        }
