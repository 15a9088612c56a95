"""The header and rows of a stock count, and the statuses they can have."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, BatchRow, Severity, Status, column, editable


class RowStatus(Status):
    """How the count of an item compares with its quantity on hand."""

    MATCHES = "matches", "Matches", Severity.SUCCESS, "="
    MORE = "more", "More than on hand", Severity.WARNING, "▲"
    LESS = "less", "Less than on hand", Severity.WARNING, "▼"
    NOT_COUNTED = "not_counted", "Not counted", Severity.NEUTRAL, "○"
    UNKNOWN = "unknown", "Not in catalogue", Severity.ERROR, "?"


class CountStatus(Status):
    """How the whole count stands."""

    COUNTING = "counting", "Counting", Severity.INFO, "…"
    EVEN = "even", "No differences", Severity.SUCCESS, "="
    DIFFERENT = "different", "Differences found", Severity.WARNING, "≠"


class StockCount(Batch):
    """A count of a department's products, or of those in a list, or of whatever is scanned."""

    __tablename__ = "stock_count"
    __title__ = "Stock count"

    department: Mapped[str | None] = editable(
        String(60), description="Without a file: the department whose products are to be counted."
    )


class StockCountRow(BatchRow):
    """One entry: an item and how many of it were counted in one place. An item may have several entries."""

    __tablename__ = "stock_count_row"
    __batch__ = StockCount
    __table_args__ = (Index("ix_stock_count_row_batch_id_item_code", "batch_id", "item_code"),)

    item_code: Mapped[str] = editable(String(20), label="Item code", default="", sort_order=1)
    description: Mapped[str | None] = column(String(200), sort_order=2)
    counted: Mapped[int | None] = editable(minimum=0, maximum=1_000_000, sort_order=3)
    total: Mapped[int | None] = column(label="Counted in all", sort_order=4)
    on_hand: Mapped[int | None] = column(label="On hand", sort_order=5)
