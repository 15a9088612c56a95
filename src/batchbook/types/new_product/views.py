"""The pages of product proposals, declared as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlalchemy import select

from batchbook.batches import BatchMasterView, RowTable
from batchbook.catalog.models import Department, Vendor
from batchbook.grid import GridLayout

#: The most vendors that the form suggests.
_VENDORS = 500


class NewProductView(BatchMasterView):
    """Proposals of new products."""

    description = "New products from a list, by hand or by scanning, checked against the catalogue before they are created."
    row_table = RowTable(
        (
            "item_code", "upc", "description", "size", "price", "status", "different", "department", "vendor_code", "cost",
            "brand", "category",
        ),
        filter_columns=(
            "similar_to",
            "similar_product",
            "unit",
            "case_unit",
            "case_pack",
            "reorder_point",
            "vendor_item_code",
            "line",
        ),
        layout=GridLayout(frozen=2, widths={"description": 200}),
    )  # fmt: skip
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "From a list": ("file", "pasted"),
        "Where a row leaves it empty": ("vendor_code", "department", "upc_as_code"),
        "Options": ("description", "notes"),
    }

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return the names of the departments, and codes of vendors."""
        db = self.request.db
        return {
            "department": db.scalars(select(Department.name).order_by(Department.name)).all(),
            "vendor_code": db.scalars(select(Vendor.code).order_by(Vendor.code).limit(_VENDORS)).all(),
        }
