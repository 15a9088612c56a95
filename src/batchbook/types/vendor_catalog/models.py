"""The header and rows of a vendor catalogue, and the statuses its rows can have."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped

from batchbook.batches import (
    Batch,
    BatchRow,
    LookupStatus,
    MatchedRow,
    Severity,
    Status,
    column,
    editable,
)
from batchbook.catalog.models import PRICE, PRODUCT_REFERENCE
from batchbook.db import ExactDecimal

PERCENT = ExactDecimal(7, 2)


class CostStatus(Status, extends=LookupStatus):
    """The comparison of a row with the vendor item of its product, and with the product's cost and price."""

    UNCHANGED = "unchanged", "Unchanged", Severity.NEUTRAL, "="
    NEW_ITEM = "new_item", "New item", Severity.INFO, "+"
    COST_UP = "cost_up", "Cost up", Severity.INFO, "▲"
    COST_DOWN = "cost_down", "Cost down", Severity.SUCCESS, "▼"
    CASE_PACK = "case_pack", "Case pack changed", Severity.INFO, "▦"
    RENUMBERED = "renumbered", "Vendor's code changed", Severity.INFO, "№"
    BELOW_MARGIN = "below_margin", "Below margin", Severity.WARNING, "¤"
    RESTORED = "restored", "Restored", Severity.INFO, "↺"
    INACTIVE = "inactive", "Not active", Severity.WARNING, "◌"
    CHANGED_SINCE = "changed_since", "Changed since", Severity.WARNING, "∆"
    DUPLICATE = "duplicate", "Duplicate in list", Severity.ERROR, "≡"
    INVALID = "invalid", "Invalid", Severity.ERROR, "✕"


#: The statuses whose rows are applied, and those whose rows are applied where that is chosen.
APPLICABLE = (
    CostStatus.NEW_ITEM,
    CostStatus.COST_UP,
    CostStatus.COST_DOWN,
    CostStatus.CASE_PACK,
    CostStatus.RENUMBERED,
    CostStatus.BELOW_MARGIN,
    CostStatus.RESTORED,
)
OPTIONAL = (CostStatus.INACTIVE, CostStatus.CHANGED_SINCE)


class VendorCatalog(Batch):
    """A vendor's list of costs, case packs and its own item codes or, without a list, its costs that have become effective."""

    __tablename__ = "vendor_catalog"
    __title__ = "Vendor catalogue"

    vendor_code: Mapped[str] = editable(
        String(20), fixed=True, description="The vendor whose list it is, by its code, such as V0764."
    )
    effective_on: Mapped[date | None] = editable(
        label="Effective from",
        description="The first day of the costs. Executed before that day, they are kept with the vendor's items, and products keep"
        " their costs. Empty: they hold already.",
    )
    margin_limit: Mapped[Decimal | None] = editable(
        PERCENT.evaluates_none(),  # An emptied field stays empty.
        default=Decimal("20.00"),
        label="Lowest margin (%)",
        minimum=Decimal("-99"),
        maximum=Decimal(100),
        description="Rows whose new cost leaves less than this of the price are marked. Of a price of 2.00, a cost of 1.50 leaves 25 %.",
    )


class VendorCatalogRow(MatchedRow, BatchRow):
    """One item of the list: its product and vendor item at the last refresh, and what the list says of them.

    ``item_code`` is the product's or, where the list's code means no product, that code. ``description`` is the list's, ``product``
    the catalogue's. ``old_cost``, ``old_case_pack`` and ``old_vendor_item_code`` are those of the vendor item, which is there if
    ``is_known``; ``is_own`` tells that the product's vendor is the batch's, so that its cost is the product's cost.

    In a batch that reverses another one, ``restores`` names what the row brings back, between commas: ``cost``, ``case_pack``,
    ``vendor_item_code`` and ``effective_on`` of the vendor item, ``item`` for one that was created and is removed again, and
    ``product_cost``. The values from before are in ``new_cost``, ``case_pack``, ``vendor_item_code``, ``restored_on`` and
    ``restored_cost``, the costs that the other batch set in ``executed_cost`` and ``executed_product_cost``.
    """

    __tablename__ = "vendor_catalog_row"
    __batch__ = VendorCatalog
    __table_args__ = (
        Index("ix_vendor_catalog_row_batch_id_item_code", "batch_id", "item_code"),
        # By these the grid finds the rows of a status, and those with problems, in their order and without reading them.
        Index("ix_vendor_catalog_row_batch_id_status", "batch_id", "status", "sequence", "removed"),
        Index(
            "ix_vendor_catalog_row_batch_id_issues",
            "batch_id",
            "sequence",
            "removed",
            sqlite_where=text("issues IS NOT NULL"),
            postgresql_where=text("issues IS NOT NULL"),
        ),
    )

    line: Mapped[int | None] = column(label="Line")
    item_code: Mapped[str] = editable(String(40), default="", reference=PRODUCT_REFERENCE)
    vendor_item_code: Mapped[str | None] = editable(String(40), label="Vendor's code")
    upc: Mapped[str | None] = column(String(20), label="UPC/EAN")
    description: Mapped[str | None] = column(String(200))
    product: Mapped[str | None] = column(String(200), label="In catalogue")
    old_cost: Mapped[Decimal | None] = column(PRICE)
    new_cost: Mapped[Decimal | None] = editable(PRICE, minimum=Decimal(0))
    change_percent: Mapped[Decimal | None] = column(ExactDecimal(14, 2), label="Change %")
    product_cost: Mapped[Decimal | None] = column(PRICE, label="Cost in catalogue")
    price: Mapped[Decimal | None] = column(PRICE)
    margin: Mapped[Decimal | None] = column(ExactDecimal(14, 2), label="Margin %")
    old_case_pack: Mapped[int | None] = column()
    case_pack: Mapped[int | None] = editable(label="New case pack", minimum=1)
    old_vendor_item_code: Mapped[str | None] = column(String(40), label="Vendor's code before")
    is_known: Mapped[bool | None] = column(label="Vendor item is there")
    is_own: Mapped[bool | None] = column(label="Product of this vendor")
    restores: Mapped[str] = column(String(80), default="", server_default="")
    restored_cost: Mapped[Decimal | None] = column(PRICE, label="Restored cost in catalogue")
    restored_on: Mapped[date | None] = column(label="Restored effective date")
    executed_cost: Mapped[Decimal | None] = column(PRICE)
    executed_product_cost: Mapped[Decimal | None] = column(PRICE)
