"""The header and the rows of a batch, and the statuses that rows can have."""

from __future__ import annotations

from batchbook.batches import Batch, BatchRow, LookupStatus, Severity, Status, UpdateStatus, column, editable
from batchbook.catalog.models import PRODUCT_REFERENCE
from sqlalchemy import String
from sqlalchemy.orm import Mapped


class ReorderPointsStatus(Status, extends=(LookupStatus, UpdateStatus)):
    """The statuses of rows: those of a lookup and of an update, and the type's own ones."""

    OTHER_VENDOR = "other_vendor", "Other vendor", Severity.WARNING, "≠"


class ReorderPoints(Batch):
    """The header of a batch: new reorder points for products of one vendor."""

    __tablename__ = "reorder_points"
    __title__ = __title_plural__ = "Reorder points"
    __description__ = "New reorder points of a vendor's products, from a list or by hand."

    vendor_code: Mapped[str] = editable(String(20))


class ReorderPointsRow(BatchRow):
    """A row: an item, its reorder point now, and the new one."""

    __tablename__ = "reorder_points_row"
    __batch__ = ReorderPoints

    item_code: Mapped[str] = editable(String(20), default="", reference=PRODUCT_REFERENCE)
    description: Mapped[str | None] = column(String(200))
    old_point: Mapped[int | None] = column()
    reorder_point: Mapped[int | None] = editable(minimum=0)
