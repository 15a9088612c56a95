"""Products, vendors, departments, and the items that vendors supply. Item codes are text, because leading zeros matter."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, literal, or_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from batchbook.batches import RememberedMatch
from batchbook.db import Base, ExactDecimal, utc_now
from batchbook.grid import Reference

#: Prices have twelve digits, two of them behind the point.
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
    upc: Mapped[str | None] = mapped_column(
        String(14),
        index=True,
        info={
            "editable": True,
            "label": "UPC/EAN",
            "description": "The number in the bar code, with its check digit: 8, 12, 13 or 14 digits.",
        },
    )
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
    unit: Mapped[str] = mapped_column(
        String(10),
        default="each",
        server_default="each",
        info={"editable": True, "description": "What is counted, sold and priced, such as each or lb."},
    )
    case_unit: Mapped[str | None] = mapped_column(
        String(10),
        info={
            "editable": True,
            "description": "The second unit, in which it is ordered, such as case. Empty: none.",
        },
    )
    case_pack: Mapped[int | None] = mapped_column(
        info={"editable": True, "minimum": 1, "description": "The number of units in one case unit."}
    )
    reorder_point: Mapped[int | None] = mapped_column(
        info={
            "editable": True,
            "minimum": 0,
            "description": "It is to be ordered when no more units than these are on hand. Empty: it is not ordered by itself.",
        }
    )
    on_hand: Mapped[int] = mapped_column(default=0, info={"editable": True, "by_batch_only": True})
    active: Mapped[bool] = mapped_column(default=True, info={"editable": True})
    version: Mapped[int] = mapped_column(default=1)
    modified_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)

    department: Mapped[Department | None] = relationship(back_populates="products")
    vendor: Mapped[Vendor | None] = relationship(back_populates="products")

    @classmethod
    def touch(cls, now: datetime) -> dict[str, Any]:
        """Return the values that an UPDATE in SQL sets besides those that it changes: version and time of the change."""
        return {"version": cls.version + 1, "modified_at": now}


#: For columns of rows that name a product by its item code: products are suggested while people type.
PRODUCT_REFERENCE = Reference(Product.item_code, "products:view", Product.description)


class VendorItem(Base):
    """A product as one of its vendors supplies it: the vendor's own code for it, its cost, and how many are in a case.

    ``effective_on`` is the first day on which the vendor asks for ``cost``; null where it was always so. A cost of a later day
    is announced and not yet that of the product.
    """

    __tablename__ = "vendor_item"
    __table_args__ = (
        UniqueConstraint("vendor_id", "product_id"),
        # Lists and invoices of a vendor name its items by its own codes.
        Index("ix_vendor_item_vendor_id", "vendor_id", "vendor_item_code"),
        {"info": {"label": "vendor items"}},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id", ondelete="RESTRICT"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)
    vendor_item_code: Mapped[str | None] = mapped_column(
        String(40), info={"editable": True, "description": "The code by which the vendor knows the product."}
    )
    cost: Mapped[Decimal | None] = mapped_column(
        PRICE,
        info={"editable": True, "minimum": Decimal(0), "description": "What the vendor asks for one unit."},
    )
    case_pack: Mapped[int | None] = mapped_column(
        info={
            "editable": True,
            "minimum": 1,
            "description": "The number of units in one case of this vendor.",
        }
    )
    effective_on: Mapped[date | None] = mapped_column(
        info={
            "editable": True,
            "label": "Effective from",
            "description": "The first day on which the cost holds. Empty: it holds already.",
        }
    )
    modified_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)

    vendor: Mapped[Vendor] = relationship()
    product: Mapped[Product] = relationship()

    @classmethod
    def is_in_effect(cls, day: date) -> ColumnElement[bool]:
        """Return the condition that the vendor asks for the cost on ``day``, and does not only announce it for later."""
        return or_(cls.effective_on.is_(None), cls.effective_on <= literal(day, cls.effective_on.type))


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
