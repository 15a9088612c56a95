"""The pages of price changes, declared as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlalchemy import select

from batchbook.batches import BatchMasterView, RowTable
from batchbook.catalog.models import Department, Vendor
from batchbook.grid import GridLayout

#: The most vendors that the form suggests.
_VENDORS = 500


class PriceChangeView(BatchMasterView):
    """Price changes.

    Their form has two ways to begin, a price list and the catalogue, and suggests departments and vendors.
    """

    description = "A vendor's price list, or prices computed from the catalogue, that become the prices of your products."
    row_table = RowTable(
        ("item_code", "description", "size", "product", "old_price", "new_price", "change_percent"),
        # The note of such a row gives the reason, so that no column is needed.
        filter_columns=(
            "line",
            "executed_price",
            "cost",
            "over_limit",
            "price_moved",
            "listed_key",
            "matched_key",
        ),
        # The status is in sight beside an open panel, at 1440 pixels.
        layout=GridLayout(frozen=2, widths={"description": 178, "product": 120}),
    )
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "From a price list": ("file", "pasted"),
        "Or from the catalogue": ("percent", "amount", "margin", "set_to", "rounding"),
        "Options": ("vendor_code", "department", "warn_above", "description", "notes"),
    }

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return the names of the departments, and codes of vendors."""
        db = self.request.db
        return {
            "department": db.scalars(select(Department.name).order_by(Department.name)).all(),
            "vendor_code": db.scalars(select(Vendor.code).order_by(Vendor.code).limit(_VENDORS)).all(),
        }
