"""The header and the rows of an inventory count, and the statuses they can have."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, BatchRow, LookupStatus, Severity, Status, column, editable
from batchbook.catalog.models import LONGEST_REASON, PRICE, Product
from batchbook.db import USER_NAME, ExactDecimal
from batchbook.grid import Reference

#: The value of a difference: a quantity of up to a million times a price.
VALUE = ExactDecimal(18, 2)
#: The most units that a row may count.
MOST = 1_000_000


class CountStatus(Status, extends=LookupStatus):
    """The comparison of what was counted of an item with its quantity on hand."""

    MATCHES = "matches", "Matches", Severity.SUCCESS, "="
    OVER = "over", "Over", Severity.INFO, "▲"
    SHORT = "short", "Short", Severity.WARNING, "▼"
    NOT_COUNTED = "not_counted", "Not counted", Severity.NEUTRAL, "○"
    ONCE = "counted_once", "Counted once only", Severity.WARNING, "½"
    DISAGREE = "disagree", "Counts differ", Severity.ERROR, "≠"
    PART = "part", "Added to another row", Severity.NEUTRAL, "+"


class StageStatus(Status):
    """The stage of the whole count."""

    COUNTING = "counting", "Counting", Severity.INFO, "…"
    RECOUNT = "recount", "Counts differ", Severity.WARNING, "≠"
    EVEN = "even", "No differences", Severity.SUCCESS, "="
    DIFFERENT = "different", "Differences found", Severity.WARNING, "▲"


#: The statuses of rows with a count that counts.
COUNTED = (CountStatus.MATCHES, CountStatus.OVER, CountStatus.SHORT)
#: The statuses of rows whose count has to be settled first.
OPEN = (CountStatus.ONCE, CountStatus.DISAGREE)


class InventoryCount(Batch):
    """A count of a department's products, of those in a file, or of whatever is scanned.

    With two counts, ``first_counter`` and ``second_counter`` are the names of the users who scan the one and the other. Whoever
    scans first and second is noted there.
    """

    __tablename__ = "inventory_count"
    __title__ = "Inventory count"

    department: Mapped[str | None] = editable(
        String(60),
        fixed=True,
        description="All active products of this department become rows to be counted. Empty: none, for a file or for scanning.",
    )
    counts: Mapped[int] = editable(
        default=1,
        server_default="1",
        minimum=1,
        maximum=2,
        label="Number of counts",
        description="2 if two people count each item by themselves; where they differ, the row says so.",
    )
    first_counter: Mapped[str | None] = editable(
        String(64),
        info=USER_NAME,
        description="With two counts: whose scans are the first count. Empty: of whoever scans first.",
    )
    second_counter: Mapped[str | None] = editable(
        String(64),
        info=USER_NAME,
        description="With two counts: whose scans are the second count. Empty: of the next one who scans.",
    )
    reason: Mapped[str | None] = editable(
        String(LONGEST_REASON),
        description="Why quantities differ, for rows without a reason of their own, such as “Yearly count”.",
    )


class InventoryCountRow(BatchRow):
    """An entry of the count: an item, and how many of it were counted. ``line`` is the number of the file's row.

    Of several rows of an item, which are added up, the first one has the result: ``total`` is the count that counts,
    ``expected`` what was on hand when that was entered, ``moved`` by how much stock has changed since then, ``difference`` the
    total less what was expected, and ``value`` its cost. ``basis`` is the total for which ``expected`` was noted.
    """

    __tablename__ = "inventory_count_row"
    __batch__ = InventoryCount
    __table_args__ = (
        Index("ix_inventory_count_row_batch_id_item_code", "batch_id", "item_code"),
        # By these the grid finds the rows of a status, and those with problems, in their order and without reading them.
        Index("ix_inventory_count_row_batch_id_status", "batch_id", "status", "sequence", "removed"),
        Index(
            "ix_inventory_count_row_batch_id_issues",
            "batch_id",
            "sequence",
            "removed",
            sqlite_where=text("issues IS NOT NULL"),
            postgresql_where=text("issues IS NOT NULL"),
        ),
    )

    line: Mapped[int | None] = column(label="Line")
    item_code: Mapped[str] = editable(
        String(20), default="", reference=Reference(Product.item_code, "products:view", Product.description)
    )
    description: Mapped[str | None] = column(String(200))
    size: Mapped[str | None] = column(String(40))
    department: Mapped[str | None] = column(String(60))
    unit: Mapped[str | None] = column(String(10))
    counted: Mapped[int | None] = editable(
        minimum=0, maximum=MOST, description="How many were counted. Scans add to it."
    )
    counted_again: Mapped[int | None] = editable(
        minimum=0,
        maximum=MOST,
        label="2nd count",
        description="With two counts: how many the second person counted.",
    )
    agreed: Mapped[int | None] = editable(
        minimum=0,
        maximum=MOST,
        description="With two counts that differ: how many there are, once that is settled.",
    )
    total: Mapped[int | None] = column(
        label="Count", description="The count that counts, of all rows of the item."
    )
    on_hand: Mapped[int | None] = column(label="On hand", description="At the last refresh.")
    expected: Mapped[int | None] = column(label="On hand when counted")
    moved: Mapped[int | None] = column(
        label="Moved", description="The change of the quantity on hand since the count was entered."
    )
    difference: Mapped[int | None] = column(
        description="The count, less what was on hand when it was entered."
    )
    cost: Mapped[Decimal | None] = column(PRICE)
    value: Mapped[Decimal | None] = column(VALUE, label="Value", description="The cost of the difference.")
    reason: Mapped[str | None] = editable(
        String(LONGEST_REASON),
        description="Why it differs, such as “Damaged”. Empty: the reason of the count.",
    )
    basis: Mapped[int | None] = column(label="Count compared")
