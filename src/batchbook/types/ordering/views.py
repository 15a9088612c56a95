"""The pages of orders, declared as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlalchemy import select

from batchbook.batches import BatchMasterView, RowTable
from batchbook.catalog.models import Department, Vendor
from batchbook.grid import GridLayout

#: The most vendors that the form suggests.
_VENDORS = 500


class OrderingView(BatchMasterView):
    """Orders, from the proposal to the document that the vendor gets."""

    description = (
        "An order with a vendor: from your reorder points, by scanning or by hand, rounded up to full cases."
    )
    row_table = RowTable(
        (
            "item_code",
            "description",
            "vendor_item_code",
            "on_hand",
            "on_order",
            "reorder_point",
            "wanted",
            "case_pack",
            "cases",
            "quantity",
            "cost",
            "amount",
        ),
        filter_columns=("vendor",),
        layout=GridLayout(frozen=2, widths={"description": 178}),
    )
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "What to order": ("vendor_code", "department", "from_reorder_points"),
        "The document": ("order_number", "expected_on"),
        "About this batch": ("description", "notes"),
    }

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return the names of the departments, and codes of vendors."""
        db = self.request.db
        return {
            "department": db.scalars(select(Department.name).order_by(Department.name)).all(),
            "vendor_code": db.scalars(select(Vendor.code).order_by(Vendor.code).limit(_VENDORS)).all(),
        }
