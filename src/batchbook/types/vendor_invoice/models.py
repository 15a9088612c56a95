"""The header and lines of a vendor's invoice, and the statuses its lines can have."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, BatchRow, LookupStatus, Severity, Status, column, editable
from batchbook.catalog.models import PRICE, Product
from batchbook.db import ExactDecimal
from batchbook.grid import Reference

PERCENT = ExactDecimal(5, 2)
#: The amount of a line, up to the most units of the dearest product.
AMOUNT = ExactDecimal(18, 2)
#: The most units of a line.
MOST_UNITS = 999_999


class InvoiceStatus(Status, extends=LookupStatus):
    """The comparison of a line with what was received and not invoiced yet."""

    MATCHED = "matched", "Matched", Severity.SUCCESS, "✓"
    QUANTITY = "quantity", "Quantity differs", Severity.WARNING, "≠"
    COST = "cost", "Cost differs", Severity.WARNING, "¤"
    AMOUNT = "amount", "Amount differs", Severity.WARNING, "Σ"
    NOT_RECEIVED = "not_received", "Not received", Severity.WARNING, "◌"
    NOT_ORDERED = "not_ordered", "Not ordered", Severity.WARNING, "∉"
    SEVERAL = "several", "Several differences", Severity.WARNING, "≢"
    DUPLICATE = "duplicate", "Duplicate in invoice", Severity.ERROR, "≡"
    INVALID = "invalid", "Invalid", Severity.ERROR, "✕"


#: The differences of lines, which are paid as they are only if each is accepted, and the statuses of lines that have to be corrected.
DIFFERENT = (
    InvoiceStatus.QUANTITY,
    InvoiceStatus.COST,
    InvoiceStatus.AMOUNT,
    InvoiceStatus.NOT_RECEIVED,
    InvoiceStatus.NOT_ORDERED,
    InvoiceStatus.NOT_FOUND,
)
WRONG = (InvoiceStatus.DUPLICATE, InvoiceStatus.INVALID)


class VendorInvoice(Batch):
    """An invoice of a vendor. A vendor uses an invoice number once."""

    __tablename__ = "vendor_invoice"
    __title__ = "Vendor invoice"

    vendor_code: Mapped[str] = editable(
        String(20), fixed=True, description="The vendor that asks to be paid, by its code, such as V0764."
    )
    invoice_number: Mapped[str] = editable(String(40), description="As it is on the invoice.")
    invoice_date: Mapped[date] = editable()
    due_on: Mapped[date | None] = editable(label="Due", description="The last day on which it is to be paid.")
    invoice_total: Mapped[Decimal] = editable(
        PRICE,
        description="The sum at the end of the invoice. Its lines must add up to it, within a cent; freight and taxes are lines, too.",
    )
    tolerance: Mapped[Decimal | None] = editable(
        PERCENT.evaluates_none(),  # An emptied field stays empty.
        default=Decimal("0.00"),
        label="Cost tolerance (%)",
        minimum=Decimal(0),
        maximum=Decimal(100),
        description="Costs that differ from those of the receipt by no more than this are matched.",
    )


class VendorInvoiceRow(BatchRow):
    """One line of the invoice, and what was received of its product and not invoiced at the last refresh.

    ``received`` are all these units, of which the oldest, ``matched``, are those that the line asks for; ``receipt`` is the number of
    the first receipt with one of them, and ``expected`` what they cost by their receipts: null if one of these has no cost.
    ``is_whole`` tells that the line asks for whole lines of receipts, and not for a part of one.
    """

    __tablename__ = "vendor_invoice_row"
    __batch__ = VendorInvoice
    __table_args__ = (
        Index("ix_vendor_invoice_row_batch_id_item_code", "batch_id", "item_code"),
        # By these the grid finds the rows of a status, and those with problems, in their order and without reading them.
        Index("ix_vendor_invoice_row_batch_id_status", "batch_id", "status", "sequence", "removed"),
        Index(
            "ix_vendor_invoice_row_batch_id_issues",
            "batch_id",
            "sequence",
            "removed",
            sqlite_where=text("issues IS NOT NULL"),
            postgresql_where=text("issues IS NOT NULL"),
        ),
    )

    line: Mapped[int | None] = column(label="Line")
    item_code: Mapped[str] = editable(
        String(40), default="", reference=Reference(Product.item_code, "products:view", Product.description)
    )
    vendor_item_code: Mapped[str | None] = column(String(40), label="Vendor's code")
    upc: Mapped[str | None] = column(String(20), label="UPC/EAN")
    description: Mapped[str | None] = editable(String(200))
    product: Mapped[str | None] = column(String(200), label="In catalogue")
    quantity: Mapped[int | None] = editable(minimum=1, maximum=MOST_UNITS)
    cost: Mapped[Decimal | None] = editable(PRICE, label="Unit cost")
    amount: Mapped[Decimal | None] = editable(
        AMOUNT, description="Of the line. Empty: quantity times unit cost."
    )
    received: Mapped[int | None] = column(
        label="Received", description="Units that were received and are not invoiced."
    )
    is_ordered: Mapped[bool | None] = column(label="Ordered")
    matched: Mapped[int | None] = column(label="Matched units")
    expected: Mapped[Decimal | None] = column(
        AMOUNT, label="As received", description="What the matched units cost by their receipts."
    )
    difference: Mapped[Decimal | None] = column(AMOUNT)
    receipt: Mapped[str | None] = column(String(20))
    is_whole: Mapped[bool | None] = column(label="Whole lines of receipts")
