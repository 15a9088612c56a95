"""Documents of purchasing, which batches make: purchase orders, receipts and payables, each with its lines.

Quantities are whole units of the product, costs those of one unit. Lines keep item code and description as they were, so that
a document reads the same once its product was renamed or deleted.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, SQLColumnExpression, String, UniqueConstraint, case, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from batchbook.batches import Severity, Status
from batchbook.catalog.models import PRICE, Product, Vendor
from batchbook.db import USER_NAME, Base, utc_now


class OrderState(Status):
    """The state of a purchase order: open until all of it was received, or closed when nothing more is expected."""

    OPEN = "open", "Open", Severity.INFO, "○"
    RECEIVED = "received", "Received", Severity.SUCCESS, "✓"
    CLOSED = "closed", "Closed", Severity.NEUTRAL, "◼"


class PurchaseOrder(Base):
    """An order that was placed with a vendor; ``number`` is what the vendor is told. ``batch_id`` is the batch that made it."""

    __tablename__ = "purchase_order"
    __table_args__ = ({"info": {"label": "purchase orders"}},)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True, info={"label": "Order"})
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id", ondelete="RESTRICT"), index=True)
    state: Mapped[str] = mapped_column(
        String(20), default=OrderState.OPEN.value, index=True, info={"choices": OrderState}
    )
    ordered_at: Mapped[datetime] = mapped_column(default=utc_now, index=True, info={"label": "Ordered"})
    ordered_by: Mapped[str] = mapped_column(String(80), info=USER_NAME)
    expected_on: Mapped[date | None] = mapped_column(info={"label": "Expected"})
    batch_id: Mapped[int | None] = mapped_column(index=True)

    vendor: Mapped[Vendor] = relationship()
    lines: Mapped[list[PurchaseOrderLine]] = relationship(
        back_populates="order", order_by="PurchaseOrderLine.line", passive_deletes="all"
    )


class PurchaseOrderLine(Base):
    """One item of an order: ``quantity`` units were ordered, of which ``received`` came."""

    __tablename__ = "purchase_order_line"
    __table_args__ = (UniqueConstraint("order_id", "line"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id", ondelete="CASCADE"))
    line: Mapped[int] = mapped_column()
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id", ondelete="SET NULL"), index=True)
    item_code: Mapped[str] = mapped_column(String(20))
    description: Mapped[str | None] = mapped_column(String(200))
    vendor_item_code: Mapped[str | None] = mapped_column(String(40))
    quantity: Mapped[int] = mapped_column(info={"label": "Ordered units"})
    case_pack: Mapped[int | None] = mapped_column()
    cost: Mapped[Decimal | None] = mapped_column(PRICE)
    received: Mapped[int] = mapped_column(default=0, server_default="0", info={"label": "Received units"})

    order: Mapped[PurchaseOrder] = relationship(back_populates="lines")
    product: Mapped[Product | None] = relationship()

    @classmethod
    def outstanding(cls) -> SQLColumnExpression[int]:
        """Return in SQL the units of a line that have not come: none where more came than was ordered."""
        return case((cls.quantity > cls.received, cls.quantity - cls.received), else_=0)


def units_on_order() -> SQLColumnExpression[int]:
    """Return in SQL the units of a product that open orders have asked for and that have not come; 0 if there are none.

    The product is that of the SELECT in which the expression is used.
    """
    line = PurchaseOrderLine
    return (
        select(func.coalesce(func.sum(line.outstanding()), 0))
        .join(PurchaseOrder, PurchaseOrder.id == line.order_id)
        .where(line.product_id == Product.id, PurchaseOrder.state == OrderState.OPEN.value)
        .correlate(Product)
        .scalar_subquery()
    )


class Receipt(Base):
    """A delivery of a vendor that was received, against an order or without one."""

    __tablename__ = "receipt"
    __table_args__ = ({"info": {"label": "receipts"}},)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True, info={"label": "Receipt"})
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id", ondelete="RESTRICT"), index=True)
    order_id: Mapped[int | None] = mapped_column(
        ForeignKey("purchase_order.id", ondelete="RESTRICT"), index=True
    )
    received_at: Mapped[datetime] = mapped_column(default=utc_now, index=True, info={"label": "Received"})
    received_by: Mapped[str] = mapped_column(String(80), info=USER_NAME)
    batch_id: Mapped[int | None] = mapped_column(index=True)

    vendor: Mapped[Vendor] = relationship()
    order: Mapped[PurchaseOrder | None] = relationship()
    lines: Mapped[list[ReceiptLine]] = relationship(
        back_populates="receipt", order_by="ReceiptLine.line", passive_deletes="all"
    )


class ReceiptLine(Base):
    """One item of a receipt, in units.

    ``quantity`` came in good order and went to stock; besides, there were ``damaged`` and ``expired`` units, and ``missing`` ones,
    for which the vendor owes ``credit``. ``invoiced`` are those of ``quantity`` that the vendor's invoices have asked for so far.
    """

    __tablename__ = "receipt_line"
    __table_args__ = (UniqueConstraint("receipt_id", "line"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    receipt_id: Mapped[int] = mapped_column(ForeignKey("receipt.id", ondelete="CASCADE"))
    line: Mapped[int] = mapped_column()
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id", ondelete="SET NULL"), index=True)
    item_code: Mapped[str] = mapped_column(String(20))
    description: Mapped[str | None] = mapped_column(String(200))
    quantity: Mapped[int] = mapped_column()
    damaged: Mapped[int] = mapped_column(default=0, server_default="0")
    expired: Mapped[int] = mapped_column(default=0, server_default="0")
    missing: Mapped[int] = mapped_column(default=0, server_default="0")
    cost: Mapped[Decimal | None] = mapped_column(PRICE)
    credit: Mapped[Decimal | None] = mapped_column(PRICE)
    invoiced: Mapped[int] = mapped_column(default=0, server_default="0", info={"label": "Invoiced units"})

    receipt: Mapped[Receipt] = relationship(back_populates="lines")
    product: Mapped[Product | None] = relationship()


class Payable(Base):
    """An invoice of a vendor that is to be paid. A vendor uses an invoice number once."""

    __tablename__ = "payable"
    __table_args__ = (UniqueConstraint("vendor_id", "invoice_number"), {"info": {"label": "payables"}})

    id: Mapped[int] = mapped_column(primary_key=True)
    vendor_id: Mapped[int] = mapped_column(ForeignKey("vendor.id", ondelete="RESTRICT"))
    invoice_number: Mapped[str] = mapped_column(String(40), info={"label": "Invoice"})
    invoice_date: Mapped[date] = mapped_column(index=True)
    due_on: Mapped[date | None] = mapped_column(index=True, info={"label": "Due"})
    total: Mapped[Decimal] = mapped_column(PRICE)
    batch_id: Mapped[int | None] = mapped_column(index=True)

    vendor: Mapped[Vendor] = relationship()
    lines: Mapped[list[PayableLine]] = relationship(
        back_populates="payable", order_by="PayableLine.line", passive_deletes="all"
    )


class PayableLine(Base):
    """One line of an invoice, and the line of a receipt for which it asks to be paid, if there is one."""

    __tablename__ = "payable_line"
    __table_args__ = (UniqueConstraint("payable_id", "line"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    payable_id: Mapped[int] = mapped_column(ForeignKey("payable.id", ondelete="CASCADE"))
    line: Mapped[int] = mapped_column()
    receipt_line_id: Mapped[int | None] = mapped_column(
        ForeignKey("receipt_line.id", ondelete="RESTRICT"), index=True
    )
    item_code: Mapped[str] = mapped_column(String(40))
    description: Mapped[str | None] = mapped_column(String(200))
    quantity: Mapped[int] = mapped_column()
    cost: Mapped[Decimal | None] = mapped_column(PRICE)
    amount: Mapped[Decimal] = mapped_column(PRICE)

    payable: Mapped[Payable] = relationship(back_populates="lines")
    receipt_line: Mapped[ReceiptLine | None] = relationship()
