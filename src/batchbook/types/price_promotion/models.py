"""The header and rows of a price promotion, and the statuses its rows can have."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import Index, String, false, text
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, BatchRow, LookupStatus, Severity, Status, column, editable
from batchbook.catalog.models import PRICE, Product
from batchbook.db import ExactDecimal
from batchbook.grid import ROUNDINGS, Reference

#: Percentages of prices: what is taken off, and what customers save.
PERCENT = ExactDecimal(14, 2)


class PromotionStatus(Status, extends=LookupStatus):
    """The comparison of a row with the catalogue: of a promotion that begins, or of one whose prices return."""

    READY = "ready", "Ready", Severity.SUCCESS, "●"
    ABOVE_REGULAR = "above_regular", "Above regular", Severity.WARNING, "▲"
    OVERLAPS = "overlaps", "Overlaps another promotion", Severity.WARNING, "∩"
    INACTIVE = "inactive", "Not active", Severity.WARNING, "◌"
    CHANGED = "changed", "Changed meanwhile", Severity.WARNING, "∆"
    REGULAR = "regular", "Regular price already", Severity.NEUTRAL, "="
    DUPLICATE = "duplicate", "Duplicate", Severity.ERROR, "≡"
    INVALID = "invalid", "Invalid", Severity.ERROR, "✕"


class PricePromotion(Batch):
    """A promotion, or the return of its prices: a batch that the execution of the promotion makes, or that reverses one.

    The days are those of the site. The promotion's prices hold on both of them, and return when the one after ``ends_on``
    begins. ``returns`` tells that executing the batch sets the regular prices of its rows, where the products still have the
    promotion's.
    """

    __tablename__ = "price_promotion"
    __title__ = "Price promotion"

    name: Mapped[str] = editable(String(80), description="What people call it, such as Summer sale.")
    starts_on: Mapped[date] = editable(label="Starts on", description="The first day of its prices.")
    ends_on: Mapped[date] = editable(
        label="Ends on",
        description="The last day of its prices. The regular ones return at midnight after it.",
    )
    discount: Mapped[Decimal | None] = editable(
        PERCENT,
        fixed=True,
        label="Discount (%)",
        minimum=Decimal("0.01"),
        maximum=Decimal(99),
        description="What is taken off the regular price in rows without a promotion price, such as 20. Empty: you enter the prices.",
    )
    rounding: Mapped[str | None] = editable(
        String(10),
        fixed=True,
        choices=ROUNDINGS,
        description="The rounding of discounted prices; to the cent if empty.",
    )
    returns: Mapped[bool] = column(default=False, server_default=false(), label="Return of its prices")

    @property
    def day_after(self) -> date:
        """The day on which the regular prices return."""
        return self.ends_on + timedelta(days=1)


class PricePromotionRow(BatchRow):
    """One product with its regular price and the promotion's.

    ``regular_price`` is the one in the catalogue at the last refresh; while a promotion is executed, the one that it replaces.
    In a return it is the price to restore, and stays. ``current_price`` is always the one in the catalogue. ``line`` is the
    number of the row in a list.
    """

    __tablename__ = "price_promotion_row"
    __batch__ = PricePromotion
    __table_args__ = (
        Index("ix_price_promotion_row_batch_id_item_code", "batch_id", "item_code"),
        # By this, rows of other promotions with the same product are found.
        Index("ix_price_promotion_row_item_code", "item_code"),
        Index("ix_price_promotion_row_batch_id_status", "batch_id", "status", "sequence", "removed"),
        Index(
            "ix_price_promotion_row_batch_id_issues",
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
    regular_price: Mapped[Decimal | None] = column(PRICE)
    promotion_price: Mapped[Decimal | None] = editable(PRICE, minimum=Decimal("0.01"))
    saving_percent: Mapped[Decimal | None] = column(PERCENT, label="Saving %")
    current_price: Mapped[Decimal | None] = column(PRICE, label="Price now")
