"""The pages of vendor catalogues, declared as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlalchemy import select

from batchbook.batches import BatchMasterView, RowTable
from batchbook.catalog.models import Vendor
from batchbook.grid import GridLayout

#: The most vendors that the form suggests.
_VENDORS = 500


class VendorCatalogView(BatchMasterView):
    """Vendor catalogues.

    The grid shows the list's values beside those of the vendor item and the catalogue; what only reviews and reversals need is there
    to filter by.
    """

    description = "A vendor's list of costs, case packs and its own item codes. Without a list: its announced costs that have become effective."
    row_table = RowTable(
        (
            "item_code", "vendor_item_code", "description", "product", "old_cost", "new_cost", "change_percent", "margin", "status",
            "price", "product_cost", "old_case_pack", "case_pack",
        ),
        filter_columns=(
            "line", "upc", "old_vendor_item_code", "is_known", "is_own", "restores", "restored_cost", "restored_on",
            "executed_cost", "executed_product_cost", "listed_key", "matched_key",
        ),
        layout=GridLayout(frozen=2, widths={"description": 130, "product": 100}),
    )  # fmt: skip
    grid_columns = (
        *BatchMasterView.grid_columns[:2],
        "vendor_code",
        "effective_on",
        *BatchMasterView.grid_columns[2:],
    )
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "List": ("vendor_code", "file", "pasted"),
        "Options": ("effective_on", "margin_limit", "description", "notes"),
    }

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return codes of vendors."""
        codes = select(Vendor.code).order_by(Vendor.code).limit(_VENDORS)
        return {"vendor_code": self.request.db.scalars(codes).all()}
