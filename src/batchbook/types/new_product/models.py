"""The header and the rows of a batch of new products, and the statuses its rows and headers can have."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Index, String, false, text
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, BatchRow, Severity, Status, column, editable
from batchbook.catalog.models import PRICE, Department, Vendor
from batchbook.grid import Reference


class ProposalStatus(Status):
    """The judgement of a proposed product: whether it can be created, and what is in the way."""

    NEW = "new", "New", Severity.SUCCESS, "+"
    SIMILAR = "similar", "Similar product", Severity.WARNING, "≈"
    IN_CATALOGUE = "in_catalogue", "In catalogue", Severity.WARNING, "="
    INCOMPLETE = "incomplete", "Incomplete", Severity.ERROR, "…"
    DUPLICATE = "duplicate", "Duplicate in batch", Severity.ERROR, "≡"
    SAME_UPC = "same_upc", "Same UPC/EAN", Severity.ERROR, "∥"
    INVALID = "invalid", "Invalid", Severity.ERROR, "✕"


class ProposalsStatus(Status):
    """The state of all proposals together."""

    READY = "ready", "All can be created", Severity.SUCCESS, "✓"
    QUESTIONS = "questions", "Has open questions", Severity.WARNING, "?"


#: The statuses whose rows are created, where they are chosen.
APPLICABLE = (ProposalStatus.NEW, ProposalStatus.SIMILAR)


class NewProduct(Batch):
    """Proposals of new products: from a file, by hand or by scanning."""

    __tablename__ = "new_product"
    __title__ = "Product proposal"

    vendor_code: Mapped[str | None] = editable(
        String(20),
        fixed=True,
        description="The vendor of new products.",
    )
    department: Mapped[str | None] = editable(
        String(60),
        fixed=True,
        description="The department of new products.",
    )
    upc_as_code: Mapped[bool] = editable(
        default=False,
        server_default=false(),
        label="Use the UPC/EAN as item code",
        description="For lists without item codes, and for products that are scanned.",
    )


class NewProductRow(BatchRow):
    """One proposed product. ``line`` is the number of the list's row.

    ``similar_to`` is the item code of the product in the catalogue that it may be, ``similar_product`` what that one is called.
    ``different`` is true once somebody has seen that it is another product.
    """

    __tablename__ = "new_product_row"
    __batch__ = NewProduct
    __table_args__ = (
        Index("ix_new_product_row_batch_id_item_code", "batch_id", "item_code"),
        Index("ix_new_product_row_batch_id_upc", "batch_id", "upc"),
        # By these the grid finds the rows of a status, and those with problems, in their order and without reading them.
        Index("ix_new_product_row_batch_id_status", "batch_id", "status", "sequence", "removed"),
        Index(
            "ix_new_product_row_batch_id_issues",
            "batch_id",
            "sequence",
            "removed",
            sqlite_where=text("issues IS NOT NULL"),
            postgresql_where=text("issues IS NOT NULL"),
        ),
    )

    line: Mapped[int | None] = column(label="Line")
    item_code: Mapped[str] = editable(String(20), default="")
    upc: Mapped[str | None] = editable(
        String(20),
        label="UPC/EAN",
        description="The number in the bar code, with its check digit: 8, 12, 13 or 14 digits.",
    )
    description: Mapped[str | None] = editable(String(200))
    size: Mapped[str | None] = editable(String(40))
    department: Mapped[str | None] = editable(
        String(60), reference=Reference(Department.name, "departments:view", Department.name)
    )
    vendor_code: Mapped[str | None] = editable(
        String(20), label="Vendor", reference=Reference(Vendor.code, "vendors:view", Vendor.name)
    )
    category: Mapped[str | None] = editable(String(80))
    brand: Mapped[str | None] = editable(String(80))
    price: Mapped[Decimal | None] = editable(PRICE, minimum=Decimal(0))
    cost: Mapped[Decimal | None] = editable(PRICE, minimum=Decimal(0), description="What one unit costs you.")
    unit: Mapped[str | None] = editable(
        String(10), description="What is counted, sold and priced, such as each or lb. Empty: each."
    )
    case_unit: Mapped[str | None] = editable(
        String(10), description="The second unit, in which it is ordered, such as case. Empty: none."
    )
    case_pack: Mapped[int | None] = editable(minimum=1, description="The number of units in one case unit.")
    reorder_point: Mapped[int | None] = editable(
        minimum=0, description="It is to be ordered when no more units than these are on hand."
    )
    vendor_item_code: Mapped[str | None] = editable(
        String(40), description="The code by which the vendor knows the product."
    )
    similar_to: Mapped[str | None] = column(String(20), label="Similar to")
    similar_product: Mapped[str | None] = column(String(260), label="Similar product")
    different: Mapped[bool | None] = editable(
        label="Different product",
        description="Yes once you have seen that it is not the similar product.",
    )
