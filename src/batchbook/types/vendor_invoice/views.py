"""The pages of vendor invoices, declared as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlalchemy import select

from batchbook.batches import BatchMasterView, RowTable
from batchbook.catalog.models import Vendor
from batchbook.grid import GridLayout

#: The most vendors that the form suggests.
_VENDORS = 500


class VendorInvoiceView(BatchMasterView):
    """Vendor invoices.

    The grid shows what a line asks for beside what was received; the index shows which invoice of which vendor a batch is.
    """

    description = "An invoice of a vendor, matched line by line with what was received. Once its lines add up to its total, it becomes a payable."
    row_table = RowTable(
        (
            "item_code", "description", "status", "quantity", "received", "cost", "amount", "expected", "difference", "receipt",
            "product",
        ),
        filter_columns=("line", "vendor_item_code", "upc", "is_ordered", "matched", "is_whole"),
        layout=GridLayout(frozen=2, widths={"description": 190, "product": 160}),
    )  # fmt: skip
    grid_columns = (
        *BatchMasterView.grid_columns[:2],
        "vendor_code",
        "invoice_number",
        "invoice_date",
        "due_on",
        "invoice_total",
        *BatchMasterView.grid_columns[2:],
    )
    field_groups: ClassVar[Mapping[str, Sequence[str]]] = {
        "Invoice": ("vendor_code", "invoice_number", "invoice_date", "due_on", "invoice_total"),
        "Lines": ("file", "pasted"),
        "Options": ("tolerance", "description", "notes"),
    }

    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return codes of vendors."""
        codes = select(Vendor.code).order_by(Vendor.code).limit(_VENDORS)
        return {"vendor_code": self.request.db.scalars(codes).all()}
