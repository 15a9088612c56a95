"""Matching of invoice lines with receipts: set-based, by product, the oldest units that are not invoiced first."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from functools import reduce
from operator import add
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
)
from sqlalchemy.orm import Session

from batchbook.batches import Rows, is_repeated, row_key, update_from
from batchbook.catalog.models import Product, Vendor
from batchbook.db import changes_beyond
from batchbook.purchasing.models import PurchaseOrder, PurchaseOrderLine, Receipt, ReceiptLine
from batchbook.types.vendor_invoice.models import (
    AMOUNT,
    DIFFERENT,
    WRONG,
    InvoiceStatus,
    VendorInvoice,
    VendorInvoiceRow,
)

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
        update_from(
            rows, found, {name: found.c[name] for name in ("matched", "expected", "receipt", "is_whole")}
        )
    rows.update(_row.expected.is_not(None), difference=_row.amount - _row.expected)
    _tell_differences(batch, rows)


def _tell_differences(batch: VendorInvoice, rows: Rows) -> None:
    """Give lines that could be matched their difference as status; those with several differ in what their note says."""
    conditions = differences(batch)
    first = case(
        *((differs, status.value) for status, differs in conditions.items()),
        else_=InvoiceStatus.MATCHED.value,
    )
    rows.update(or_(_row.status.is_(None), _row.status == InvoiceStatus.NOT_FOUND.value), status=first)
    count = reduce(add, [case((differs, 1), else_=0) for differs in conditions.values()])
    names = reduce(
        add, [case((differs, f"{status.label}. "), else_="") for status, differs in conditions.items()]
    )
    rows.update(
        _row.status.in_([status.value for status in DIFFERENT]),
        count > 1,
        status=InvoiceStatus.SEVERAL.value,
        status_text=func.rtrim(names),
    )


def _found(rows: Rows, units: Subquery) -> Subquery:
    """Return what each of ``rows`` takes of ``units``."""
    take = taken(units)
    cost = func.sum(take * units.c.cost, type_=AMOUNT)
    return (
        select(
            *row_key(_row),
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


def differences(batch: VendorInvoice) -> dict[InvoiceStatus, ColumnElement[bool]]:
    """Return the differences that a matched line of ``batch`` may have, each with its condition in SQL, which is never null.

    A line may have several. A line without a unit cost has that of its amount.
    """
    tolerance = batch.tolerance or Decimal(0)
    came = _row.received > 0
    beyond = case(
        (
            _row.cost.is_(None),
            changes_beyond(_row.expected * _row.quantity, _row.amount * _row.matched, tolerance),
        ),
        else_=changes_beyond(_row.expected, _row.cost * _row.matched, tolerance),
    )
    conditions: dict[InvoiceStatus, ColumnElement[bool]] = {
        InvoiceStatus.QUANTITY: and_(came, _row.is_whole.is_not(True)),
        # A receipt without a cost has none that the invoice could be held against.
        InvoiceStatus.COST: and_(came, or_(_row.expected.is_(None), beyond)),
        InvoiceStatus.AMOUNT: and_(_row.cost.is_not(None), _row.amount != _row.quantity * _row.cost),
        InvoiceStatus.NOT_RECEIVED: and_(_row.received == 0, _row.is_ordered.is_(True)),
        InvoiceStatus.NOT_ORDERED: and_(_row.received == 0, _row.is_ordered.is_not(True)),
        InvoiceStatus.NOT_FOUND: _row.received.is_(None),
    }
    return {status: func.coalesce(differs, literal(value=False)) for status, differs in conditions.items()}


def lines_that_differ(
    session: Session, batch: VendorInvoice, accepted: Collection[str] = ()
) -> tuple[int, dict[InvoiceStatus, int]]:
    """Return the number of lines with differences that are not ``accepted``, and of those with each of these.

    Their values tell, not their statuses: a batch may have been refreshed when a status told of one difference only.
    """
    left = {one: differs for one, differs in differences(batch).items() if one not in accepted}
    if not left:
        return 0, {}
    counts = select(
        func.count().filter(or_(*left.values())), *(func.count().filter(one) for one in left.values())
    )
    is_kept = and_(_row.batch_id == batch.id, ~_row.removed, _row.status.not_in([one.value for one in WRONG]))
    lines, *each = session.execute(counts.where(is_kept)).one()
    return lines, {one: count for one, count in zip(left, each, strict=True) if count}
