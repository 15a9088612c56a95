"""The header and the rows of a removal of products, what is done to a product next, and the statuses of rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped

from batchbook.batches import Batch, BatchRow, LookupStatus, Severity, Status, column, editable
from batchbook.catalog.models import PRICE, Product
from batchbook.grid import Reference


class RemovalStatus(Status, extends=LookupStatus):
    """The judgement of a product: what can be done to it now, or what is in the way."""

    DEACTIVATE = "deactivate", "Can be deactivated", Severity.SUCCESS, "◌"
    DELETE = "delete", "Can be deleted", Severity.SUCCESS, "−"  # noqa: RUF001 - It is the sign of minus.
    REACTIVATE = "reactivate", "Can be reactivated", Severity.SUCCESS, "+"
    IN_STOCK = "in_stock", "In stock", Severity.WARNING, "■"
    ON_ORDER = "on_order", "On order", Severity.WARNING, "→"
    IN_BATCHES = "in_batches", "In open batches", Severity.WARNING, "∩"
    HAS_DOCUMENTS = "has_documents", "In documents", Severity.WARNING, "¶"
    TOO_RECENT = "too_recent", "Not inactive for long", Severity.NEUTRAL, "…"
    HAS_HISTORY = "has_history", "Has history", Severity.NEUTRAL, "∞"
    ON_SALE = "on_sale", "On sale already", Severity.NEUTRAL, "="
    DUPLICATE = "duplicate", "Duplicate in batch", Severity.ERROR, "≡"


#: The statuses of rows with nothing in the way, and of those that are only applied where people choose that.
READY = (RemovalStatus.DEACTIVATE, RemovalStatus.DELETE, RemovalStatus.REACTIVATE)
OBSTACLES = (
    RemovalStatus.IN_STOCK,
    RemovalStatus.ON_ORDER,
    RemovalStatus.IN_BATCHES,
    RemovalStatus.HAS_DOCUMENTS,
)


class Step(Status):
    """The next step that can be done to a product: nothing is deleted that has not been inactive for a while."""

    DEACTIVATE = "deactivate", "Deactivate", Severity.NEUTRAL, "◌"
    DELETE = "delete", "Delete", Severity.NEUTRAL, "−"  # noqa: RUF001 - It is the sign of minus.
    REACTIVATE = "reactivate", "Reactivate", Severity.NEUTRAL, "+"


class DeleteProduct(Batch):
    """A removal of products: those on sale are deactivated, and those that have been inactive for a while are deleted."""

    __tablename__ = "delete_product"
    __title__ = "Product removal"

    inactive_days: Mapped[int] = editable(
        default=90,
        server_default=text("90"),
        minimum=0,
        maximum=3650,
        label="Delete after (days)",
        description="An inactive product can be deleted once nobody has changed it for so many days.",
    )


class DeleteProductRow(BatchRow):
    """One product, with what refers to it.

    ``on_order`` are units of open orders that have not come yet, ``in_batches`` other open batches that change the product,
    ``documents`` lines of orders and receipts, which keep its item code when it is deleted, and ``records`` those of its
    history, which do not let it be deleted. ``line`` is the number of the list's row.
    """

    __tablename__ = "delete_product_row"
    __batch__ = DeleteProduct
    __table_args__ = (
        Index("ix_delete_product_row_batch_id_item_code", "batch_id", "item_code"),
        # By these the grid finds the rows of a status, and those with problems, in their order and without reading them.
        Index("ix_delete_product_row_batch_id_status", "batch_id", "status", "sequence", "removed"),
        Index(
            "ix_delete_product_row_batch_id_issues",
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
    vendor: Mapped[str | None] = column(String(20))
    price: Mapped[Decimal | None] = column(PRICE)
    active: Mapped[bool | None] = column(label="On sale")
    on_hand: Mapped[int | None] = column()
    changed_at: Mapped[datetime | None] = column(label="Last changed")
    on_order: Mapped[int | None] = column()
    in_batches: Mapped[int | None] = column(label="In open batches")
    documents: Mapped[int | None] = column(label="Lines of documents")
    records: Mapped[int | None] = column(label="Records of its history")
    step: Mapped[str | None] = column(String(12), choices=Step, label="Next step")
