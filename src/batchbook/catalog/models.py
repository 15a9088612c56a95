"""Models of the catalogue. Item codes are text, because leading zeros matter; prices are exact decimals."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Insert,
    SQLColumnExpression,
    String,
    insert,
    literal,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from batchbook.batches import RememberedMatch
from batchbook.db import USER_NAME, Base, ExactDecimal, utc_now

#: Prices have twelve digits, two of them behind the point.
#: The most characters of a reason in the price history.
LONGEST_REASON = 500
PRICE = ExactDecimal(12, 2)


class Department(Base):
    """A department of the shop, such as GROCERY."""

    __tablename__ = "department"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True, info={"editable": True})

    products: Mapped[list[Product]] = relationship(back_populates="department", passive_deletes="all")


class Vendor(Base):
    """A supplier of products; price lists and orders refer to it by its code."""

    __tablename__ = "vendor"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True, info={"editable": True})
    name: Mapped[str | None] = mapped_column(String(120), info={"editable": True})

    products: Mapped[list[Product]] = relationship(back_populates="vendor", passive_deletes="all")


class Product(Base):
    """One item on sale. ``version`` grows by one with every change, so that a stale edit is noticed."""

    __tablename__ = "product"
    # For texts that begin with what somebody types; on PostgreSQL, other indexes don't serve that.
    __table_args__ = (
        Index("ix_product_item_code", "item_code", postgresql_ops={"item_code": "text_pattern_ops"}),
        Index("ix_product_description", "description", postgresql_ops={"description": "text_pattern_ops"}),
        {"info": {"label": "products"}},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_code: Mapped[str] = mapped_column(String(20), unique=True, info={"editable": True})
    description: Mapped[str] = mapped_column(String(200), info={"editable": True})
    size: Mapped[str | None] = mapped_column(String(40), info={"editable": True})
    category: Mapped[str | None] = mapped_column(String(80), info={"editable": True})
    brand: Mapped[str | None] = mapped_column(String(80), info={"editable": True})
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="RESTRICT"), index=True, info={"editable": True}
    )
    vendor_id: Mapped[int | None] = mapped_column(
        ForeignKey("vendor.id", ondelete="RESTRICT"), index=True, info={"editable": True}
    )
    price: Mapped[Decimal] = mapped_column(
        PRICE, info={"editable": True, "minimum": Decimal(0), "by_batch_only": True}
    )
    cost: Mapped[Decimal | None] = mapped_column(
        PRICE,
        info={
            "editable": True,
            "minimum": Decimal(0),
            "description": "What one costs you. Price changes can compute prices from it.",
        },
    )
    on_hand: Mapped[int] = mapped_column(default=0, info={"editable": True, "by_batch_only": True})
    active: Mapped[bool] = mapped_column(default=True, info={"editable": True})
    version: Mapped[int] = mapped_column(default=1)
    modified_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)

    department: Mapped[Department | None] = relationship(back_populates="products")
    vendor: Mapped[Vendor | None] = relationship(back_populates="products")
    price_history: Mapped[list[PriceHistory]] = relationship(
        back_populates="product", order_by="PriceHistory.changed_at.desc()", passive_deletes="all"
    )

    @classmethod
    def touch(cls, now: datetime) -> dict[str, Any]:
        """Return the values that an UPDATE in SQL sets besides those that it changes: version and time of the change."""
        return {"version": cls.version + 1, "modified_at": now}


class PriceHistory(Base):
    """One change of one product's price.

    ``batch_id`` and ``sequence`` name the batch row that made it. Both are null when a person edited the product or a
    catalogue file was loaded; ``reason`` is then given. Of a batch it is the reason given for the execution, if there was
    one. ``changed_by`` is the name of a user, or of the program. The item code is kept as it was.
    """

    __tablename__ = "price_history"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="RESTRICT"), index=True)
    item_code: Mapped[str] = mapped_column(String(20))
    old_price: Mapped[Decimal] = mapped_column(PRICE)
    new_price: Mapped[Decimal] = mapped_column(PRICE)
    changed_at: Mapped[datetime] = mapped_column(
        default=utc_now, index=True, info={"label": "Changed", "seconds": True}
    )
    changed_by: Mapped[str] = mapped_column(String(80), info=USER_NAME)
    # No foreign key: the history outlives a batch that is purged, and the catalogue does not know of batches.
    batch_id: Mapped[int | None] = mapped_column(index=True)
    sequence: Mapped[int | None] = mapped_column()
    reason: Mapped[str | None] = mapped_column(String(LONGEST_REASON))

    product: Mapped[Product] = relationship(back_populates="price_history")

    @classmethod
    def of_changes(
        cls,
        price: SQLColumnExpression[Any],
        at: datetime,
        by: str,
        *where: ColumnElement[bool],
        row: Any = None,
        reason: str | None = None,
    ) -> Insert:
        """Return the statement that records the prices of products that are about to change.

        ``price`` is the column with the new prices, and ``where`` joins it to the products that get them. ``row`` is the
        model of the batch's rows that make the change. A ``reason`` that is too long for the history of prices is cut there.
        """
        values: dict[str, Any] = {
            "product_id": Product.id,
            "item_code": Product.item_code,
            "old_price": Product.price,
            "new_price": price,
            "changed_at": literal(at, cls.changed_at.type),
            "changed_by": literal(by),
            "reason": literal(reason and reason[:LONGEST_REASON], cls.reason.type),
        }
        if row is not None:
            values |= {"batch_id": row.batch_id, "sequence": row.sequence}
        return insert(cls).from_select(list(values), select(*values.values()).where(*where))


class ProductMatch(RememberedMatch):
    """A code in a vendor's lists that means a product, although it is not the product's item code."""

    __tablename__ = "product_match"
    __record__ = "product_id"
    __owner__ = "vendor_id"

    id: Mapped[int] = mapped_column(primary_key=True)
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)

    product: Mapped[Product] = relationship()
    vendor: Mapped[Vendor] = relationship()
