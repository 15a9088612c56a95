"""The header and the rows of a handheld's file, and the statuses they can have."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, BatchRow, LookupStatus, Severity, Status, column, editable
from batchbook.catalog.models import PRODUCT_REFERENCE

#: The most units that a row may have; below zero, a device takes back what was scanned too often.
MOST = 1_000_000
#: The most characters of a code: those of the longest one with elements of GS1 that is in use on shelves.
LONGEST_CODE = 80

ADD, KEEP = "add", "keep"
_REPEATED = ((ADD, "Add up the lines of a code and location"), (KEEP, "Keep each line as a row"))


class HandheldStatus(Status, extends=LookupStatus):
    """What the code of a row means to the catalogue, and whether the row can go into another batch."""

    READY = "ready", "Ready", Severity.SUCCESS, "✓"
    REPEATED = "repeated", "Repeated", Severity.INFO, "+"
    INACTIVE = "inactive", "Not active", Severity.WARNING, "◌"
    SEVERAL = "several", "Several products", Severity.ERROR, "≠"
    CHECK_DIGIT = "check_digit", "Wrong check digit", Severity.ERROR, "✕"
    NO_QUANTITY = "no_quantity", "No quantity", Severity.WARNING, "0"


#: The statuses whose rows go into the other batch, and those whose rows do where that is chosen.
USUAL = (HandheldStatus.READY, HandheldStatus.REPEATED, HandheldStatus.INACTIVE)
OPTIONAL = (HandheldStatus.NOT_FOUND,)


class Handheld(Batch):
    """What somebody has scanned with a mobile device, or scans now; ``becomes`` is the key of the type that it is made into.

    ``vendor_code`` and ``order_number`` are for types whose batches need them, such as orders and deliveries. For the same
    ``device``, a file is read as last time.
    """

    __tablename__ = "handheld"
    __title__ = "Handheld file"

    becomes: Mapped[str] = editable(
        String(60), label="Becomes", description="The batch that executing this one makes of its rows."
    )
    device: Mapped[str | None] = editable(
        String(60),
        fixed=True,
        description="The name or number of the device. Its next file is read as this one.",
    )
    repeated: Mapped[str] = editable(
        String(10),
        fixed=True,
        default=ADD,
        choices=_REPEATED,
        label="Repeated codes",
        description="A code that was scanned several times becomes one row for each location, with the sum, or a row for each scan.",
    )
    vendor_code: Mapped[str | None] = editable(
        String(20), description="For an order, or a delivery without an order: the vendor."
    )
    order_number: Mapped[str | None] = editable(
        String(20), description="For a delivery: the purchase order that is delivered."
    )


class HandheldRow(BatchRow):
    """A scanned code, how many of it were scanned, and where and when; with the product that the catalogue has for it.

    ``item_code`` is the product's, else the code itself, without what scanners put around it. ``line`` is the number of the file's row, of several
    that were added up of the first; ``lines`` is their number. ``scanned_at`` is the time of the last one, by the clock of the
    device, which is taken for that of the site; ``scanned`` and ``clock`` are the texts of the first one in the file, where day
    and time may be in two columns.
    """

    __tablename__ = "handheld_row"
    __batch__ = Handheld
    __table_args__ = (
        Index("ix_handheld_row_batch_id_item_code", "batch_id", "item_code"),
        # By these the grid finds the rows of a status, and those with problems, in their order and without reading them.
        Index("ix_handheld_row_batch_id_status", "batch_id", "status", "sequence", "removed"),
        Index(
            "ix_handheld_row_batch_id_issues",
            "batch_id",
            "sequence",
            "removed",
            sqlite_where=text("issues IS NOT NULL"),
            postgresql_where=text("issues IS NOT NULL"),
        ),
    )

    line: Mapped[int | None] = column(label="Line")
    lines: Mapped[int | None] = column(
        label="Lines added up", description="How many lines of the file the row adds up."
    )
    code: Mapped[str | None] = column(
        String(LONGEST_CODE), label="Scanned code", description="As the device has it."
    )
    item_code: Mapped[str] = editable(String(20), default="", reference=PRODUCT_REFERENCE)
    description: Mapped[str | None] = column(String(200))
    size: Mapped[str | None] = column(String(40))
    unit: Mapped[str | None] = column(String(10))
    quantity: Mapped[int | None] = editable(
        default=1,
        minimum=-MOST,
        maximum=MOST,
        description="How many were scanned. A file without quantities has one for each line.",
    )
    location: Mapped[str | None] = editable(String(40), description="The shelf or place.")
    scanned_at: Mapped[datetime | None] = column(
        label="Scanned", description="By the clock of the device; of several lines, the last one."
    )
    scanned: Mapped[str | None] = column(String(40), label="Scanned (in the file)")
    clock: Mapped[str | None] = column(String(20), label="Time of day (in the file)")
