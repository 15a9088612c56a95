"""The header and rows of a price change, and the statuses its rows can have."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Index, String, false, text
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, BatchRow, MatchedRow, Severity, Status, column, editable
from batchbook.catalog.models import PRICE, PRODUCT_REFERENCE
from batchbook.db import ExactDecimal
from batchbook.grid import ROUNDINGS

PERCENT = ExactDecimal(7, 2)


class PriceStatus(Status):
    """The comparison of a row's new price with the catalogue."""

    UNCHANGED = "unchanged", "Unchanged", Severity.NEUTRAL, "="
    INCREASE = "increase", "Increase", Severity.INFO, "▲"
    DECREASE = "decrease", "Decrease", Severity.SUCCESS, "▼"
    OTHER_VENDOR = "other_vendor", "Other vendor", Severity.WARNING, "≠"
    OTHER_DEPARTMENT = "other_department", "Other department", Severity.WARNING, "∉"
    INACTIVE = "inactive", "Not active", Severity.WARNING, "◌"
    CHANGED_SINCE = "changed_since", "Changed since", Severity.WARNING, "∆"
    NO_COST = "no_cost", "No cost", Severity.WARNING, "¤"
    NOT_IN_CATALOGUE = "not_in_catalogue", "Not in catalogue", Severity.WARNING, "?"
    DUPLICATE = "duplicate", "Duplicate in list", Severity.ERROR, "≡"
    INVALID = "invalid", "Invalid", Severity.ERROR, "✕"


#: The statuses whose rows are applied, those of products outside of what the batch is about, and all whose rows are applied
#: where that is chosen.
APPLICABLE = (PriceStatus.INCREASE, PriceStatus.DECREASE)
SCOPE = (PriceStatus.OTHER_VENDOR, PriceStatus.OTHER_DEPARTMENT, PriceStatus.INACTIVE)
OPTIONAL = (*SCOPE, PriceStatus.CHANGED_SINCE)


#: The fields of the header by which prices are computed, of which a batch has one at the most.
WAYS = ("percent", "amount", "margin", "set_to")


class PriceChange(Batch):
    """A price change: from an uploaded list, or computed from the catalogue by one of :data:`WAYS`."""

    __tablename__ = "price_change"
    __title__ = "Price change"

    vendor_code: Mapped[str | None] = editable(
        String(20),
        fixed=True,
        description="The vendor whose prices change. Rows for products of other vendors are only applied if you say so. Empty: all vendors.",
    )
    department: Mapped[str | None] = editable(
        String(60),
        fixed=True,
        description="The department whose prices change. Rows for products of others are only applied if you say so. Empty: all.",
    )
    percent: Mapped[Decimal | None] = editable(
        PERCENT,
        fixed=True,
        label="Change (%)",
        minimum=Decimal("-99"),
        maximum=Decimal(999),
        description="The change of today's prices, such as 2.5 or -10. A refresh computes prices again, except those you edited.",
    )
    amount: Mapped[Decimal | None] = editable(
        PRICE,
        fixed=True,
        label="Change by an amount",
        description="What is added to today's prices, such as 0.50 or -1. Prices that would fall to 0 or below are left out.",
    )
    margin: Mapped[Decimal | None] = editable(
        PERCENT,
        fixed=True,
        label="Margin over cost (%)",
        minimum=Decimal("-99"),
        maximum=Decimal(9999),
        description="What is added to the costs: with 40, a cost of 1.00 makes a price of 1.40. Products without a cost are left out.",
    )
    set_to: Mapped[Decimal | None] = editable(
        PRICE,
        fixed=True,
        label="Set to",
        minimum=Decimal("0.01"),
        description="The new price of all these products.",
    )
    rounding: Mapped[str | None] = editable(
        String(10),
        fixed=True,
        choices=ROUNDINGS,
        description="The rounding of computed prices. Lists, and a price that is set, are not rounded.",
    )
    warn_above: Mapped[Decimal | None] = editable(
        PERCENT.evaluates_none(),  # An emptied field stays empty.
        default=Decimal("20.00"),
        label="Flag changes over (%)",
        minimum=Decimal(0),
        description="Rows whose price changes by more than this are marked. Executing asks about them, and about all beyond the usual limit.",
    )

    @property
    def ways(self) -> list[str]:
        """The names of the fields among :data:`WAYS` that are given."""
        return [name for name in WAYS if getattr(self, name) is not None]

    @property
    def is_computed(self) -> bool:
        """Whether prices are computed from the catalogue."""
        return bool(self.ways)


class PriceChangeRow(MatchedRow, BatchRow):
    """One item: its price in the catalogue at the last refresh, and its new price.

    Where prices are computed, ``computed_from`` is the catalogue price, or the cost, behind ``new_price``: the one it was
    computed from or, once a person has edited it, the one that they saw. ``executed_price`` is, in a batch that reverses another
    one, the price that that one set; ``new_price`` is then the price from before.
    ``price_moved`` marks an edited row whose product
    has another one by now. ``cost`` is the product's cost at the last refresh.

    ``description`` and ``size`` are those of the list, ``product`` is the catalogue's description of that item code: side by
    side they show a code that belongs to another product. ``line`` is the number of the list's row.
    """

    __tablename__ = "price_change_row"
    __batch__ = PriceChange
    __table_args__ = (
        Index("ix_price_change_row_batch_id_item_code", "batch_id", "item_code"),
        # By these the grid finds the rows of a status, and those with problems, in their order and without reading them.
        Index("ix_price_change_row_batch_id_status", "batch_id", "status", "sequence", "removed"),
        Index(
            "ix_price_change_row_batch_id_issues",
            "batch_id",
            "sequence",
            "removed",
            sqlite_where=text("issues IS NOT NULL"),
            postgresql_where=text("issues IS NOT NULL"),
        ),
    )

    line: Mapped[int | None] = column(label="Line")
    item_code: Mapped[str] = editable(String(20), default="", reference=PRODUCT_REFERENCE)
    description: Mapped[str | None] = column(String(200))
    size: Mapped[str | None] = column(String(40))
    product: Mapped[str | None] = column(String(200), label="In catalogue")
    old_price: Mapped[Decimal | None] = column(PRICE)
    new_price: Mapped[Decimal | None] = editable(PRICE, minimum=Decimal("0.01"))
    executed_price: Mapped[Decimal | None] = column(PRICE)
    cost: Mapped[Decimal | None] = column(PRICE)
    computed_from: Mapped[Decimal | None] = column(PRICE)
    price_moved: Mapped[bool] = column(default=False, server_default=false(), label="Catalogue price moved")
    change_percent: Mapped[Decimal | None] = column(ExactDecimal(14, 2), label="Change %")
    over_limit: Mapped[bool] = column(default=False, server_default=false())
