"""The records that executing a delivery may change, by which its effects are observed: products, the receipt and the order."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, select

from batchbook.batches import TargetRecords
from batchbook.catalog.models import Product
from batchbook.purchasing.models import PurchaseOrder, PurchaseOrderLine, Receipt, ReceiptLine
from batchbook.types.receiving.lookup import lines_of
from batchbook.types.receiving.models import Receiving, ReceivingRow

_row = ReceivingRow


def products(where: ColumnElement[bool]) -> TargetRecords:
    """Return the products of the rows that satisfy ``where``: their stock and their costs may change."""
    return TargetRecords(
        model=Product,
        key=Product.item_code,
        join=_row.item_code == Product.item_code,
        fields={"on_hand": Product.on_hand, "cost": Product.cost},
        where=where,
        creates=False,
    )


def of_receipt(batch: Receiving, where: ColumnElement[bool]) -> list[TargetRecords]:
    """Return the receipt of ``batch``, which the execution creates, with a line for each row that satisfies ``where``."""
    line = ReceiptLine
    made = select(Receipt.id).where(Receipt.batch_id == batch.id)
    return [
        TargetRecords(
            model=Receipt,
            key=Receipt.number,
            join=Receipt.batch_id == _row.batch_id,
            fields={"number": Receipt.number},
            where=where,
            locked=False,
        ),
        TargetRecords(
            model=line,
            key=line.item_code,
            name="receipt line",
            join=and_(line.item_code == _row.item_code, line.receipt_id.in_(made)),
            fields={"quantity": line.quantity, "cost": line.cost, "credit": line.credit},
            where=where,
            locked=False,
        ),
    ]


def of_order(order_number: str, where: ColumnElement[bool]) -> list[TargetRecords]:
    """Return the order with that number, and its lines for the products of the rows that satisfy ``where``."""
    order, line = PurchaseOrder, PurchaseOrderLine
    return [
        TargetRecords(
            model=line,
            key=line.item_code,
            name="order line",
            join=and_(lines_of(order_number), line.item_code == _row.item_code),
            fields={"received": line.received},
            where=where,
            creates=False,
        ),
        TargetRecords(
            model=order,
            key=order.number,
            name="purchase order",
            # Each row finds the order; SQL wants a condition with columns of both.
            join=and_(order.number == order_number, order.id != -_row.sequence),
            fields={"state": order.state},
            where=where,
            creates=False,
        ),
    ]
