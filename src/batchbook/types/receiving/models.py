"""The header and rows of a delivery, and the statuses its rows can have."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Index, SQLColumnExpression, String, func, text
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, BatchRow, LookupStatus, Severity, Status, column, editable
from batchbook.catalog.models import PRICE, Product
from batchbook.db import ExactDecimal
from batchbook.grid import Reference

#: The cost of a line, up to the most units of the dearest product.
AMOUNT = ExactDecimal(18, 2)
#: The most units that a cell may have.
MOST_UNITS = 999_999


class DeliveryStatus(Status, extends=LookupStatus):
    """The comparison of what came with what was ordered."""

    AS_ORDERED = "as_ordered", "As ordered", Severity.SUCCESS, "="
    RECEIVED = "received", "Received", Severity.SUCCESS, "✓"
    SHORT = "short", "Short", Severity.WARNING, "▼"
    OVER = "over", "Over", Severity.WARNING, "▲"
    COST_DIFFERS = "cost_differs", "Cost differs", Severity.WARNING, "¤"
    NOT_ORDERED = "not_ordered", "Not ordered", Severity.WARNING, "∉"
    NOTHING = "nothing", "Nothing came", Severity.NEUTRAL, "0"
    DUPLICATE = "duplicate", "Duplicate in delivery", Severity.ERROR, "≡"
    INVALID = "invalid", "Invalid", Severity.ERROR, "✕"


#: The statuses whose rows are received by default, and those whose rows are received where that is chosen.
RECEIVED = (
    DeliveryStatus.AS_ORDERED,
    DeliveryStatus.RECEIVED,
    DeliveryStatus.SHORT,
    DeliveryStatus.OVER,
    DeliveryStatus.COST_DIFFERS,
)
OPTIONAL = (DeliveryStatus.NOT_ORDERED,)


class Receiving(Batch):
    """A delivery that is being received: against the purchase order ``order_number``, or of a vendor without one."""

    __tablename__ = "receiving"
    __title__ = "Delivery"

    order_number: Mapped[str | None] = editable(
        String(20),
        fixed=True,
        description="The purchase order that is delivered: the delivery begins with what is still open of it.",
    )
    vendor_code: Mapped[str | None] = editable(
        String(20), fixed=True, description="The vendor that delivers. An order has its own."
    )
    as_ordered: Mapped[bool] = editable(
        fixed=True,
        default=False,
        label="Begin as ordered",
        description="Begin with everything received that is still ordered, and correct what differs. If off, begin with nothing and count by scanning.",
    )
    receipt_number: Mapped[str | None] = editable(
        String(20),
        description="The number of the receipt, such as that of the delivery note. Empty: the number of this batch.",
    )


class ReceivingRow(BatchRow):
    """One product: what is still open of the order, and what came of it, in units.

    ``received`` units are in good order, and go to stock. ``damaged`` and ``expired`` ones came besides, ``missing`` ones are on
    the delivery note only: for these three the vendor owes ``credit``. ``expected_cost`` is that of the order, else what the
    vendor asks for a unit, else the product's; ``cost`` is that of the delivery note, empty where it is the same.
    """

    __tablename__ = "receiving_row"
    __batch__ = Receiving
    __table_args__ = (
        Index("ix_receiving_row_batch_id_item_code", "batch_id", "item_code"),
        Index("ix_receiving_row_batch_id_status", "batch_id", "status", "sequence", "removed"),
        Index(
            "ix_receiving_row_batch_id_issues",
            "batch_id",
            "sequence",
            "removed",
            sqlite_where=text("issues IS NOT NULL"),
            postgresql_where=text("issues IS NOT NULL"),
        ),
    )

    item_code: Mapped[str] = editable(
        String(20), default="", reference=Reference(Product.item_code, "products:view", Product.description)
    )
    description: Mapped[str | None] = column(String(200))
    vendor_item_code: Mapped[str | None] = column(String(40), label="Vendor's code")
    ordered: Mapped[int | None] = column(label="Still ordered")
    received: Mapped[int | None] = editable(
        minimum=0, maximum=MOST_UNITS, description="Units in good order, which go to stock."
    )
    damaged: Mapped[int | None] = editable(minimum=0, maximum=MOST_UNITS)
    expired: Mapped[int | None] = editable(minimum=0, maximum=MOST_UNITS)
    missing: Mapped[int | None] = editable(
        minimum=0, maximum=MOST_UNITS, description="Units that are on the delivery note and did not come."
    )
    expected_cost: Mapped[Decimal | None] = column(PRICE)
    cost: Mapped[Decimal | None] = editable(
        PRICE, minimum=Decimal(0), description="Of the delivery note. Empty: as expected."
    )
    credit: Mapped[Decimal | None] = column(PRICE)
    amount: Mapped[Decimal | None] = column(AMOUNT)


def units(*names: str) -> SQLColumnExpression[int]:
    """Return the sum of the columns ``names`` of a row in SQL, of which empty ones count as 0."""
    first, *others = (func.coalesce(getattr(ReceivingRow, name), 0) for name in names)
    total: SQLColumnExpression[int] = first
    for one in others:
        total = total + one
    return total


#: The units for which the vendor owes a credit, and all that are settled by the delivery: nothing more of them is to come.
CREDITED = units("damaged", "expired", "missing")
SETTLED = units("received", "damaged", "expired", "missing")
