"""The records that executing a delivery writes: the receipt, stock, costs and the order, each by statements for all rows."""

from __future__ import annotations

from sqlalchemy import Integer, and_, case, exists, func, insert, literal, select, update
from sqlalchemy.orm import Session

from batchbook.batches import HandlerContext, Rows
from batchbook.catalog.models import CostHistory, Product, StockMovement, Vendor
from batchbook.db import lock_name, lock_records
from batchbook.errors import Conflict
from batchbook.purchasing.models import OrderState, PurchaseOrder, PurchaseOrderLine, Receipt, ReceiptLine
from batchbook.types.receiving.lookup import OUTSTANDING
from batchbook.types.receiving.models import SETTLED, Receiving, ReceivingRow, units

_row, _line = ReceivingRow, PurchaseOrderLine
#: The cost of a unit: that of the delivery note, else the one that was expected.
COST = func.coalesce(_row.cost, _row.expected_cost)
_KIND = "receipt"


def receipt_number(batch: Receiving) -> str:
    """Return the number of the receipt."""
    return batch.receipt_number or batch.number


def why_number_is_taken(session: Session, batch: Receiving) -> str | None:
    """Return the reason why ``batch`` cannot have its number; ``None`` if no receipt has it."""
    number = receipt_number(batch)
    if session.scalar(select(Receipt.id).where(Receipt.number == number)) is None:
        return None
    return f"There is already a receipt {number}. Give this one another number."


def lock_targets(context: HandlerContext, batch: Receiving, rows: Rows) -> PurchaseOrder | None:
    """Lock the receipt's number, the products of ``rows``, and the order; return that, or ``None`` without one.

    Raises ``Conflict`` if another receipt has the number, or the order is no longer open.
    """
    session = context.session
    lock_name(session, f"{Receipt.__tablename__}.{receipt_number(batch)}")
    if reason := why_number_is_taken(session, batch):
        raise Conflict(f"Nothing was executed. {reason}")
    lock_records(session, Product.id, rows.where, Product.item_code == _row.item_code)
    if batch.order_number is None:
        return None
    found = select(PurchaseOrder).where(PurchaseOrder.number == batch.order_number)
    order = session.scalars(found.with_for_update(of=PurchaseOrder)).one_or_none()
    if order is None or order.state != OrderState.OPEN:
        raise Conflict(f"Nothing was executed, because order {batch.order_number} is no longer open.")
    return order


def write_receipt(context: HandlerContext, batch: Receiving, rows: Rows, order: PurchaseOrder | None) -> None:
    """Store the receipt with a line for each of ``rows``."""
    session = context.session
    vendor = session.scalars(select(Vendor).where(Vendor.code == batch.vendor_code)).one()
    receipt = Receipt(
        number=receipt_number(batch),
        vendor_id=vendor.id,
        order_id=None if order is None else order.id,
        received_at=context.now,
        received_by=context.actor,
        batch_id=batch.id,
    )
    session.add(receipt)
    session.flush()  # Its lines are written by SQL.
    values = {
        "receipt_id": literal(receipt.id),
        "line": func.row_number().over(order_by=_row.sequence),
        "product_id": Product.id,
        "item_code": _row.item_code,
        "description": _row.description,
        "quantity": units("received"),
        "damaged": units("damaged"),
        "expired": units("expired"),
        "missing": units("missing"),
        "cost": COST,
        "credit": _row.credit,
        "invoiced": literal(0),
    }
    found = select(*values.values()).outerjoin(Product, Product.item_code == _row.item_code)
    session.execute(insert(ReceiptLine).from_select([*values], found.where(rows.where)))


def write_stock(context: HandlerContext, rows: Rows) -> None:
    """Add the good units of ``rows`` to what is on hand, and record each movement."""
    session = context.session
    where = and_(rows.where, Product.item_code == _row.item_code, units("received") > 0)
    after = Product.on_hand + _row.received
    reason = context.reason
    session.execute(
        StockMovement.of_changes(
            after, context.now, context.actor, where, kind=_KIND, cost=COST, row=_row, reason=reason
        )
    )
    session.connection().execute(
        update(Product).where(where).values(Product.touch(context.now) | {"on_hand": after})
    )


def write_costs(context: HandlerContext, rows: Rows) -> int:
    """Set the products' costs to those of ``rows``, and record each change; return how many there are."""
    session = context.session
    where = and_(
        rows.where,
        Product.item_code == _row.item_code,
        COST.is_not(None),
        COST.is_distinct_from(Product.cost),
    )
    changed = session.connection().execute(
        CostHistory.of_changes(
            COST,
            context.now,
            context.actor,
            where,
            vendor_id=literal(None, Integer),
            effective_on=context.today,
            row=_row,
            reason=context.reason,
        ),
        execution_options={"preserve_rowcount": True},
    )
    session.connection().execute(
        update(Product).where(where).values(Product.touch(context.now) | {"cost": COST})
    )
    return changed.rowcount


def settle_order(context: HandlerContext, order: PurchaseOrder, rows: Rows, *, close: bool) -> str:
    """Count the units of ``rows`` as received by the lines of ``order``; return its state in a sentence.

    Several lines of a product are filled one after the other, and what is beyond them counts for the last one. The order is
    received when all of it has come, and closed if ``close`` says that nothing more is expected.
    """
    session = context.session
    filled = func.sum(OUTSTANDING).over(partition_by=_line.product_id, order_by=_line.line) - OUTSTANDING
    from_behind = func.row_number().over(partition_by=_line.product_id, order_by=_line.line.desc())
    lines = (
        select(
            _line.id,
            OUTSTANDING.label("outstanding"),
            filled.label("filled"),
            from_behind.label("from_behind"),
            SETTLED.label("settled"),
        )
        .join(Product, Product.id == _line.product_id)
        .join(_row, _row.item_code == Product.item_code)
        .where(rows.where, _line.order_id == order.id)
        .subquery("lines")
    )
    rest = lines.c.settled - lines.c.filled
    takes_all = (lines.c.from_behind == 1) | (rest <= lines.c.outstanding)
    taken = case((rest <= 0, 0), (takes_all, rest), else_=lines.c.outstanding)
    session.connection().execute(
        update(_line).where(_line.id == lines.c.id).values(received=_line.received + taken)
    )
    missing = exists().where(_line.order_id == order.id, _line.received < _line.quantity)
    if not session.scalar(select(missing)):
        order.state = OrderState.RECEIVED.value
    elif close:
        order.state = OrderState.CLOSED.value
    session.flush()
    return OrderState(order.state).label.lower() if order.state != OrderState.OPEN else "still open"
