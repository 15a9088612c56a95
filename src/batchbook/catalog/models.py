"""Models of the catalogue, and its records: what changed prices, costs and quantities on hand.

Records are only ever added to. A type whose batches write one names its model in ``records`` of ``config.add_batch_type``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Insert,
    SQLColumnExpression,
    String,
    insert,
    literal,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from batchbook.catalog.products import (
    PRICE,
    PRODUCT_REFERENCE,
    Department,
    Product,
    ProductMatch,
    Vendor,
    VendorItem,
)
from batchbook.catalog.vendor_codes import VendorCodes, vendor_called
from batchbook.db import USER_NAME, Base, utc_now

__all__ = [
    "LONGEST_REASON", "PRICE", "PRODUCT_REFERENCE", "CostHistory", "Department", "PriceHistory", "Product", "ProductMatch", "StockMovement", "Vendor",
    "VendorCodes", "VendorItem", "vendor_called",
]  # fmt: skip

#: The most characters of a reason in the records.
LONGEST_REASON = 500


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

    product: Mapped[Product] = relationship()

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
        values = {
            "product_id": Product.id,
            "item_code": Product.item_code,
            "old_price": Product.price,
            "new_price": price,
            **_change_values(cls, at, by, row, reason),
        }
        return insert(cls).from_select(list(values), select(*values.values()).where(*where))


class CostHistory(Base):
    """One change of a product's cost or, with a vendor, of what that vendor asks for the product.

    ``old_cost`` is null for a first cost, ``new_cost`` for one that was taken away. ``effective_on`` is the first day of the new
    cost. The other columns are as in :class:`PriceHistory`; an edit of a product or vendor item by hand needs no reason.
    """

    __tablename__ = "cost_history"
    __table_args__ = ({"info": {"label": "cost history"}},)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="RESTRICT"), index=True)
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("vendor.id", ondelete="RESTRICT"), index=True)
    item_code: Mapped[str] = mapped_column(String(20))
    old_cost: Mapped[Decimal | None] = mapped_column(PRICE)
    new_cost: Mapped[Decimal | None] = mapped_column(PRICE)
    effective_on: Mapped[date] = mapped_column(info={"label": "Effective from"})
    changed_at: Mapped[datetime] = mapped_column(
        default=utc_now, index=True, info={"label": "Changed", "seconds": True}
    )
    changed_by: Mapped[str] = mapped_column(String(80), info=USER_NAME)
    batch_id: Mapped[int | None] = mapped_column(index=True)
    sequence: Mapped[int | None] = mapped_column()
    reason: Mapped[str | None] = mapped_column(String(LONGEST_REASON))

    product: Mapped[Product] = relationship()
    vendor: Mapped[Vendor | None] = relationship()

    @classmethod
    def of_changes(
        cls,
        cost: SQLColumnExpression[Any],
        at: datetime,
        by: str,
        *where: ColumnElement[bool],
        old: SQLColumnExpression[Any] = Product.cost,
        vendor_id: SQLColumnExpression[Any] | int | None = None,
        effective_on: SQLColumnExpression[Any] | date | None = None,
        row: Any = None,
        reason: SQLColumnExpression[Any] | str | None = None,
    ) -> Insert:
        """Return the statement that records costs that are about to change.

        ``cost`` is the column with the new costs, and ``where`` joins it to the products that get them. ``old`` is the cost
        until then: by default the product's, or that of a :class:`VendorItem` of the vendor ``vendor_id``. ``effective_on`` is by default the day of
        ``at`` in UTC. ``row`` is the model of the batch's rows that make the change, ``reason`` a text or a column of theirs.
        """
        if effective_on is None or isinstance(effective_on, date):
            effective_on = literal(effective_on or at.astimezone(UTC).date(), cls.effective_on.type)
        if vendor_id is None or isinstance(vendor_id, int):
            vendor_id = literal(vendor_id, cls.vendor_id.type)
        values = {
            "product_id": Product.id,
            "item_code": Product.item_code,
            "vendor_id": vendor_id,
            "old_cost": old,
            "new_cost": cost,
            "effective_on": effective_on,
            **_change_values(cls, at, by, row, reason),
        }
        return insert(cls).from_select(list(values), select(*values.values()).where(*where))


class StockMovement(Base):
    """One change of the quantity on hand of a product, in units.

    ``kind`` is what changed it, such as ``count`` or ``receipt``; ``edit`` is a person on the product's page, ``load`` a catalogue
    file and ``import`` an import. ``before``, ``change`` and ``after`` are whole units, ``cost`` that of one unit at the time, if it
    was known. The first quantity of a new product is no movement. The other columns are as in :class:`PriceHistory`.
    """

    __tablename__ = "stock_movement"
    __table_args__ = ({"info": {"label": "stock movements"}},)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="RESTRICT"), index=True)
    item_code: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    before: Mapped[int] = mapped_column()
    change: Mapped[int] = mapped_column()
    after: Mapped[int] = mapped_column()
    cost: Mapped[Decimal | None] = mapped_column(PRICE)
    reason: Mapped[str | None] = mapped_column(String(LONGEST_REASON))
    changed_at: Mapped[datetime] = mapped_column(
        default=utc_now, index=True, info={"label": "Changed", "seconds": True}
    )
    changed_by: Mapped[str] = mapped_column(String(80), info=USER_NAME)
    batch_id: Mapped[int | None] = mapped_column(index=True)
    sequence: Mapped[int | None] = mapped_column()

    product: Mapped[Product] = relationship()

    @classmethod
    def of_changes(
        cls,
        after: SQLColumnExpression[Any],
        at: datetime,
        by: str,
        *where: ColumnElement[bool],
        kind: str,
        cost: SQLColumnExpression[Any] = Product.cost,
        row: Any = None,
        reason: SQLColumnExpression[Any] | str | None = None,
    ) -> Insert:
        """Return the statement that records quantities on hand that are about to change.

        ``after`` is the new quantity: a column, or an expression such as ``Product.on_hand + Row.quantity``. ``where`` joins it
        to the products that get it, each to one row only: add the rows of a product up first. ``kind`` has at most 20
        characters. ``cost`` is that of a unit, ``row`` the model of the batch's rows that make the change, and ``reason`` a text
        or a column of theirs.
        """
        values = {
            "product_id": Product.id,
            "item_code": Product.item_code,
            "kind": literal(kind, cls.kind.type),
            "before": Product.on_hand,
            "change": after - Product.on_hand,
            "after": after,
            "cost": cost,
            **_change_values(cls, at, by, row, reason),
        }
        return insert(cls).from_select(list(values), select(*values.values()).where(*where))


def _change_values(
    model: Any, at: datetime, by: str, row: Any, reason: SQLColumnExpression[Any] | str | None
) -> dict[str, Any]:
    """Return the columns that every record has: when, by whom, by which row of a batch, and why, cut where it is too long."""
    if reason is None or isinstance(reason, str):
        reason = literal(reason and reason[:LONGEST_REASON], model.reason.type)
    made = {} if row is None else {"batch_id": row.batch_id, "sequence": row.sequence}
    return {
        "changed_at": literal(at, model.changed_at.type),
        "changed_by": literal(by),
        "reason": reason,
        **made,
    }
