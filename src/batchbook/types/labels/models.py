"""The header and rows of a batch of labels, and the statuses its rows can have."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, BatchRow, LookupStatus, Severity, Status, column, editable
from batchbook.catalog.models import PRICE, Product
from batchbook.grid import Reference
from batchbook.types.labels.templates import LabelSize, Paper

#: The most copies of one label that a row may ask for.
MOST_COPIES = 999
_PAPERS = ((Paper.A4.value, "A4 sheets"), (Paper.LETTER.value, "Letter sheets"), (Paper.ROLL.value, "Roll"))
_SIZES = (
    (LabelSize.STANDARD.value, "Standard"),
    (LabelSize.SMALL.value, "Small"),
    (LabelSize.LARGE.value, "Large"),
)


class LabelStatus(Status, extends=LookupStatus):
    """What the catalogue says about the product of a label."""

    READY = "ready", "Ready", Severity.SUCCESS, "✓"
    NO_BARCODE = "no_barcode", "No barcode", Severity.WARNING, "‖"
    PRICE_CHANGED = "price_changed", "Price changed since", Severity.WARNING, "∆"
    INACTIVE = "inactive", "Not active", Severity.WARNING, "◌"


#: The statuses whose rows can be printed, and those whose rows are printed unless somebody chooses otherwise.
PRINTABLE = (LabelStatus.READY, LabelStatus.NO_BARCODE, LabelStatus.PRICE_CHANGED, LabelStatus.INACTIVE)
USUAL = (LabelStatus.READY, LabelStatus.NO_BARCODE)


class Labels(Batch):
    """Labels to be printed: of the products that the header asks for, of those in a list, or of what is scanned.

    Its ``label_size`` is that of rows that have none of their own.
    """

    __tablename__ = "labels"
    __title__ = "Labels"
    __title_plural__ = "Labels"

    paper: Mapped[str] = editable(
        String(10),
        default=Paper.A4.value,
        choices=_PAPERS,
        label="Print on",
        description="The sheets or the roll in the printer. Each label size has its own sheets.",
    )
    label_size: Mapped[str] = editable(
        String(10),
        default=LabelSize.STANDARD.value,
        choices=_SIZES,
        description="The size of labels whose rows have no other one.",
    )
    department: Mapped[str | None] = editable(
        String(60), fixed=True, description="Labels for the active products of this department."
    )
    vendor_code: Mapped[str | None] = editable(
        String(20), fixed=True, description="Labels for the active products of this vendor."
    )
    price_changed_since: Mapped[date | None] = editable(
        fixed=True, description="Labels for active products that got another price on this day or later."
    )
    changed_since: Mapped[date | None] = editable(
        fixed=True, description="Labels for active products of which anything changed on this day or later."
    )


class LabelRow(BatchRow):
    """One label and how often it is printed, with what the catalogue said about its product at the last refresh.

    ``given_price`` is the price of the batch that the row was made from, such as a price change, and ``price`` the one that is
    printed: the given one if there is one, else ``catalogue_price``.
    """

    __tablename__ = "label_row"
    __batch__ = Labels
    __table_args__ = (
        Index("ix_label_row_batch_id_item_code", "batch_id", "item_code"),
        # By these the grid finds the rows of a status, and those with problems, in their order and without reading them.
        Index("ix_label_row_batch_id_status", "batch_id", "status", "sequence", "removed"),
        Index(
            "ix_label_row_batch_id_issues",
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
    size: Mapped[str | None] = column(String(40))
    price: Mapped[Decimal | None] = column(PRICE)
    unit: Mapped[str | None] = column(String(10))
    upc: Mapped[str | None] = column(String(14), label="UPC")
    label_size: Mapped[str | None] = editable(
        String(10), choices=_SIZES, description="Empty: that of the batch."
    )
    copies: Mapped[int] = editable(default=1, minimum=1, maximum=MOST_COPIES)
    given_price: Mapped[Decimal | None] = column(PRICE, label="Price in the batch it came from")
    catalogue_price: Mapped[Decimal | None] = column(PRICE)
