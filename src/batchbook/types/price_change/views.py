"""The pages of price changes: what they show, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlalchemy import select

from batchbook.batches import BatchMasterView
from batchbook.catalog.models import Department
from batchbook.grid import Column


class PriceChangeView(BatchMasterView):
    """Price changes."""

    description = "A vendor's price list, or a change by %, that becomes the prices of your products."
    row_grid_columns: ClassVar[Sequence[str | Column]] = (
        "item_code",
        "description",
        "size",
        "product",
        "old_price",
        "new_price",
        "change_percent",
    )
    #: Rows that these select say so in their note.
    row_filter_columns: ClassVar[Sequence[str | Column]] = ("over_limit", "price_moved")
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "From a price list": ("file", "pasted"),
        "Or from the catalogue": ("percent", "rounding", "department"),
        "In any case": ("vendor_code", "warn_above", "description", "notes"),
    }

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """The departments there are."""
        return {
            "department": self.request.db.scalars(select(Department.name).order_by(Department.name)).all()
        }
