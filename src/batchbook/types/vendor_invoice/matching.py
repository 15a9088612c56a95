"""Matching of invoice lines with receipts: set-based, by product, the oldest units that are not invoiced first."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Subquery,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from batchbook.batches import Rows, is_repeated
from batchbook.catalog.models import Product, Vendor
from batchbook.db import changes_beyond
from batchbook.purchasing.models import PurchaseOrder, PurchaseOrderLine, Receipt, ReceiptLine
from batchbook.types.vendor_invoice.models import AMOUNT, InvoiceStatus, VendorInvoice, VendorInvoiceRow

_row, _line = VendorInvoiceRow, ReceiptLine
#: The largest amount of a line of a payable.
_MOST = literal(Decimal("9999999999.99"), AMOUNT)
#: The units of a line of a receipt that no invoice has asked for.
_OPEN = _line.quantity - _line.invoiced

#: The units of a joined product that its joined vendor delivered, and that are not invoiced.
RECEIVED: Any = func.coalesce(
    select(func.sum(_OPEN))
    .join(_line.receipt)
    .where(_line.product_id == Product.id, Receipt.vendor_id == Vendor.id, _OPEN > 0)
    .correlate(Product, Vendor)
    .scalar_subquery(),
    0,
)
#: Whether the joined product was ever ordered from its joined vendor.
IS_ORDERED = (
    select(PurchaseOrderLine.id)
    .join(PurchaseOrderLine.order)
    .where(PurchaseOrderLine.product_id == Product.id, PurchaseOrder.vendor_id == Vendor.id)
    .correlate(Product, Vendor)
    .exists()
)


def open_units(vendor_id: int) -> Subquery:
    """Return the lines of the vendor's receipts that are not wholly invoiced, as ranges of the units of their product.

    Of a product, the units are counted from 0, the oldest first: a line has those from ``start`` up to ``stop``.
    """
    ordered = func.sum(_OPEN).over(partition_by=_line.product_id, order_by=(Receipt.received_at, _line.id))
    return (
        select(
            _line.id,
            _line.product_id,
            _line.cost,
            Receipt.number,
            (ordered - _OPEN).label("start"),
            ordered.label("stop"),
        )
        .join(_line.receipt)
        .where(Receipt.vendor_id == vendor_id, _line.product_id.is_not(None), _OPEN > 0)
        .subquery("open_units")
    )


def taken(units: Subquery) -> ColumnElement[int]:
    """Return the number of units that a row takes from a line of a receipt whose units begin before its quantity ends."""
    return case((units.c.stop < _row.quantity, units.c.stop), else_=_row.quantity) - units.c.start


def is_taken(units: Subquery) -> ColumnElement[bool]:
    """Return the condition that joins rows, their product and the lines of receipts of which they take units."""
    return and_(
        Product.item_code == _row.item_code,
        units.c.product_id == Product.id,
        units.c.start < _row.quantity,
    )


def match(batch: VendorInvoice, rows: Rows) -> None:
    """Set amounts, matched units and statuses of ``rows`` that the lookup gave no status."""
    session = rows.session
    rows.update(
        _row.amount.is_(None),
        _row.quantity.is_not(None),
        _row.cost.is_not(None),
        amount=_row.quantity * _row.cost,
    )
    rows.update(matched=0, expected=null(), difference=null(), receipt=null(), is_whole=null())
    rows.update(
        or_(_row.quantity.is_(None), _row.amount.is_(None), func.abs(_row.amount) > _MOST),
        status=InvoiceStatus.INVALID,
        status_text=case(
            (_row.quantity.is_(None), "It has no usable quantity."),
            (_row.amount.is_(None), "It has neither an amount nor a unit cost."),
            else_="Its amount is too large.",
        ),
    )
    rows.update(_row.status.is_(None), is_repeated(_row.item_code), status=InvoiceStatus.DUPLICATE)
    vendor_id = session.scalar(select(Vendor.id).where(Vendor.code == batch.vendor_code))
    if vendor_id is not None:
        found = _found(rows, open_units(vendor_id))
        session.execute(
            update(rows.table)
            .where(_row.batch_id == found.c.of_batch, _row.sequence == found.c.of_row)
            .values({name: found.c[name] for name in ("matched", "expected", "receipt", "is_whole")})
        )
    rows.update(_row.expected.is_not(None), difference=_row.amount - _row.expected)
    rows.update(_row.status.is_(None), status=_status(batch))


def _found(rows: Rows, units: Subquery) -> Subquery:
    """Return what each of ``rows`` takes of ``units``."""
    take = taken(units)
    cost = func.sum(take * units.c.cost, type_=AMOUNT)
    return (
        select(
            (_row.batch_id + 0).label("of_batch"),
            _row.sequence.label("of_row"),
            func.sum(take).label("matched"),
            case((func.count(units.c.cost) == func.count(), cost), else_=null()).label("expected"),
            func.min(case((units.c.start == 0, units.c.number))).label("receipt"),
            (func.max(case((units.c.stop == _row.quantity, 1), else_=0)) == 1).label("is_whole"),
        )
        # Rows with a status take no units: two of one product would take the same ones.
        .where(rows.where, _row.status.is_(None), is_taken(units))
        .group_by(_row.batch_id, _row.sequence)
        .subquery("found")
    )


def _status(batch: VendorInvoice) -> ColumnElement[str]:
    """Return in SQL the status of rows whose product is known, once they are matched."""
    asked = case((_row.cost.is_(None), _row.amount), else_=_row.cost * _row.matched)
    beyond = func.coalesce(
        changes_beyond(_row.expected, asked, batch.tolerance or Decimal(0)), literal(value=False)
    )
    computed = _row.quantity * _row.cost
    return case(
        (and_(_row.received == 0, _row.is_ordered.is_(True)), InvoiceStatus.NOT_RECEIVED.value),
        (_row.received == 0, InvoiceStatus.NOT_ORDERED.value),
        (_row.is_whole.is_not(True), InvoiceStatus.QUANTITY.value),
        # A receipt without a cost has none that the invoice could be held against.
        (or_(_row.expected.is_(None), beyond), InvoiceStatus.COST.value),
        (and_(_row.cost.is_not(None), _row.amount != computed), InvoiceStatus.AMOUNT.value),
        else_=InvoiceStatus.MATCHED.value,
    )
