"""The header and rows of an order, and the statuses its rows can have."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, BatchRow, LookupStatus, Severity, Status, column, editable
from batchbook.catalog.models import PRICE, PRODUCT_REFERENCE
from batchbook.db import ExactDecimal

#: The cost of a line, up to the most units of the dearest product.
AMOUNT = ExactDecimal(18, 2)
#: The most units that a row may ask for, and the largest case that is ordered by.
MOST_UNITS = 999_999


class OrderStatus(Status, extends=LookupStatus):
    """What becomes of a row when its order is placed."""

    TO_ORDER = "to_order", "To order", Severity.SUCCESS, "✓"
    ROUNDED = "rounded", "Below case pack (rounded)", Severity.INFO, "↑"
    NO_VENDOR_ITEM = "no_vendor_item", "No vendor code", Severity.WARNING, "¤"
    OTHER_VENDOR = "other_vendor", "Other vendor", Severity.WARNING, "≠"
    INACTIVE = "inactive", "Not active", Severity.WARNING, "◌"
    NOTHING = "nothing", "Nothing to order", Severity.NEUTRAL, "0"
    DUPLICATE = "duplicate", "Duplicate in order", Severity.ERROR, "≡"


#: The statuses whose rows are ordered, and those whose rows are ordered where that is chosen.
ORDERED = (OrderStatus.TO_ORDER, OrderStatus.ROUNDED, OrderStatus.NO_VENDOR_ITEM)
OPTIONAL = (OrderStatus.OTHER_VENDOR, OrderStatus.INACTIVE)


class Ordering(Batch):
    """An order that is being prepared for one vendor: from reorder points, or empty, to be filled by scanning and by hand."""

    __tablename__ = "ordering"
    __title__ = "Order"

    vendor_code: Mapped[str] = editable(String(20), fixed=True, description="The vendor that is to deliver.")
    department: Mapped[str | None] = editable(
        String(60), fixed=True, description="Propose products of this department only. Empty: of all."
    )
    from_reorder_points: Mapped[bool] = editable(
        fixed=True,
        default=True,
        label="Propose by reorder points",
        description="Begin with the vendor's products that are at their reorder point or below, orders on their way included. If off, the order begins empty.",
    )
    order_number: Mapped[str | None] = editable(
        String(20), description="What the vendor is told. Empty: the number of this batch."
    )
    expected_on: Mapped[date | None] = editable(
        label="Expected", description="The day on which the delivery is expected."
    )


class OrderingRow(BatchRow):
    """One product: how many units are ``wanted``, and what is ordered for that, in full cases.

    ``on_hand``, ``on_order`` (units of open orders that have not come yet) and ``reorder_point`` are those of the last refresh.
    ``case_pack`` is that of the vendor's item, else the product's; without one, units are ordered one by one. ``quantity`` are
    the units in ``cases``, ``cost`` is what the vendor asks for one of them on that day, ``amount`` for all.
    """

    __tablename__ = "ordering_row"
    __batch__ = Ordering
    __table_args__ = (
        Index("ix_ordering_row_batch_id_item_code", "batch_id", "item_code"),
        Index("ix_ordering_row_batch_id_status", "batch_id", "status", "sequence", "removed"),
        Index(
            "ix_ordering_row_batch_id_issues",
            "batch_id",
            "sequence",
            "removed",
            sqlite_where=text("issues IS NOT NULL"),
            postgresql_where=text("issues IS NOT NULL"),
        ),
    )

    item_code: Mapped[str] = editable(String(20), default="", reference=PRODUCT_REFERENCE)
    description: Mapped[str | None] = column(String(200))
    vendor_item_code: Mapped[str | None] = column(String(40), label="Vendor's code")
    vendor: Mapped[str | None] = column(String(20), label="Product's vendor")
    on_hand: Mapped[int | None] = column()
    on_order: Mapped[int | None] = column()
    reorder_point: Mapped[int | None] = column()
    wanted: Mapped[int | None] = editable(
        minimum=0,
        maximum=MOST_UNITS,
        label="Units wanted",
        description="Rounded up to full cases when the order is placed.",
    )
    case_pack: Mapped[int | None] = column()
    cases: Mapped[int | None] = column()
    quantity: Mapped[int | None] = column(label="Units ordered")
    cost: Mapped[Decimal | None] = column(PRICE)
    amount: Mapped[Decimal | None] = column(AMOUNT)
