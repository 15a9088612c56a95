"""The handler of a batch: it looks up the items of its rows, and changes their products."""

from __future__ import annotations

from batchbook.batches import BatchHandler, FileSource, FromSearch, Lookup, RecordUpdate
from batchbook.catalog.models import Product, Vendor, vendor_called

from batchbook_reorderpoints.models import ReorderPoints, ReorderPointsRow, ReorderPointsStatus


class ReorderPointsHandler(BatchHandler[ReorderPoints, ReorderPointsRow]):
    """Look up the items of a list, or of a search, and set the reorder points of their products."""

    statuses = ReorderPointsStatus
    refresh_after = ("vendor_code",)
    file_source = FileSource(columns={"item_code": "item_code", "reorder_point": "reorder_point"})
    sources = (FromSearch(Product, columns={"item_code": "item_code"}),)
    lookups = (
        Lookup(
            column="item_code",
            key=Product.item_code,
            take={"description": Product.description, "old_point": Product.reorder_point},
            joins=(Product.vendor,),
            missing=ReorderPointsStatus.NOT_FOUND,
            unless=(
                (Vendor.code.is_distinct_from(ReorderPoints.vendor_code), ReorderPointsStatus.OTHER_VENDOR),
            ),
            watch=("old_point",),
        ),
    )
    record_update = RecordUpdate(values={"reorder_point": "reorder_point"})

    def before_create(self, batch: ReorderPoints, *, has_file: bool) -> None:
        """Find the vendor, whose code may be written otherwise than in the catalogue."""
        batch.vendor_code = vendor_called(self.session, batch.vendor_code)
