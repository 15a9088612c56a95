"""The values that a delivery takes from its order, the catalogue and vendor items, in SQL; and the statuses that follow from that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from batchbook.batches import Block, Lookup
from batchbook.catalog.models import PRICE, Product, Vendor, VendorItem
from batchbook.db import decimal_text
from batchbook.purchasing.models import PurchaseOrder, PurchaseOrderLine
from batchbook.types.receiving.models import (
    AMOUNT,
    CREDITED,
    MOST_UNITS,
    SETTLED,
    DeliveryStatus,
    Receiving,
    ReceivingRow,
    units,
)

_row, _line = ReceivingRow, PurchaseOrderLine
_PAGE = 5_000
#: The highest credit that its column stores.
_HIGHEST = Decimal(10**PRICE.precision - 1).scaleb(-PRICE.scale)

#: The units of a line of an order that have not come.
OUTSTANDING = _line.outstanding()


def lines_of(order_number: Any) -> ColumnElement[bool]:
    """Return the condition for the lines of the order with the number ``order_number``."""
    number = select(PurchaseOrder.id).where(PurchaseOrder.number == order_number)
    return _line.order_id.in_(number)


#: The lines of the order for the product, of which there may be several.
_LINES = and_(lines_of(Receiving.order_number), _line.product_id == Product.id)
_ORDERED = select(func.sum(OUTSTANDING)).where(_LINES).correlate(Product).scalar_subquery()
_ORDER_COST = select(func.max(_line.cost)).where(_LINES).correlate(Product).scalar_subquery()
_OF_VENDOR = and_(VendorItem.product_id == Product.id, VendorItem.vendor_id == Vendor.id)


def products(today: date) -> Lookup:
    """Return the lookup of products; a cost of the vendor that is announced for a day after ``today`` is not asked for yet."""
    of_vendor = case((VendorItem.is_in_effect(today), VendorItem.cost))
    expected = func.coalesce(_ORDER_COST, of_vendor, Product.cost)
    cost = func.coalesce(_row.cost, expected)
    credit = type_coerce(CREDITED * cost, AMOUNT)
    return Lookup(
        column="item_code",
        key=Product.item_code,
        also=(Product.upc,),
        take={
            "description": Product.description,
            "vendor_item_code": VendorItem.vendor_item_code,
            "ordered": _ORDERED,
            "expected_cost": type_coerce(expected, PRICE),
            "credit": type_coerce(case((literal(_HIGHEST, AMOUNT) >= credit, credit)), PRICE),
            "amount": type_coerce(units("received") * cost, AMOUNT),
        },
        joins=((Vendor, Vendor.code == Receiving.vendor_code), (VendorItem, _OF_VENDOR)),
        missing=DeliveryStatus.NOT_FOUND,
        found=DeliveryStatus.RECEIVED,
        watch=("ordered",),
    )


def open_lines(session: Session, batch: Receiving) -> Iterator[Block]:
    """Yield the items of the order of which units have not come, in the order of its lines; several lines of an item once."""
    item_code = func.coalesce(Product.item_code, _line.item_code)
    first = func.min(_line.line)
    found = (
        select(item_code.label("item_code"), first.label("line"), func.sum(OUTSTANDING).label("units"))
        .select_from(_line)
        .outerjoin(Product, Product.id == _line.product_id)
        .where(lines_of(batch.order_number), OUTSTANDING > 0)
        .group_by(item_code)
        .order_by(first)
        .limit(_PAGE)
    )
    last, connection = -1, session.connection()
    while page := connection.execute(found.having(first > last)).all():
        yield Block(
            ("item_code", "received"),
            [(one.item_code, _at_first(one.units) if batch.as_ordered else None) for one in page],
        )
        last = page[-1].line


def _at_first(ordered: int) -> int:
    """Return the units of ``ordered`` ones with which a row begins."""
    return min(int(ordered), MOST_UNITS)


def compared(batch: Receiving) -> tuple[SQLColumnExpression[str], SQLColumnExpression[Any]]:
    """Return the status of rows that name a product, and the sentence about them, in SQL."""
    ordered = func.coalesce(_row.ordered, 0)
    differs = and_(_row.cost.is_not(None), _row.expected_cost.is_not(None), _row.cost != _row.expected_cost)
    has_order = batch.order_number is not None
    of_amounts = (
        (ordered > SETTLED, DeliveryStatus.SHORT.value),
        (ordered < SETTLED, DeliveryStatus.OVER.value),
    )
    status = case(
        (_twice(), DeliveryStatus.DUPLICATE.value),
        (SETTLED == 0, DeliveryStatus.NOTHING.value),
        (and_(CREDITED > 0, _row.credit.is_(None), _cost_is_known()), DeliveryStatus.INVALID.value),
        *([(_row.ordered.is_(None), DeliveryStatus.NOT_ORDERED.value)] if has_order else []),
        (differs, DeliveryStatus.COST_DIFFERS.value),
        *(of_amounts if has_order else ()),
        else_=DeliveryStatus.AS_ORDERED.value if has_order else DeliveryStatus.RECEIVED.value,
    )
    amounts = cast(ordered, String) + " ordered, " + cast(SETTLED, String) + " came or are credited."
    costs = "Cost " + decimal_text(_row.cost) + " instead of " + decimal_text(_row.expected_cost) + "."
    is_other = and_(_row.ordered.is_not(None), ordered != SETTLED) if has_order else literal(value=False)
    words = case(
        (and_(is_other, differs), amounts + " " + costs),
        (is_other, amounts),
        (differs, costs),
        (
            and_(CREDITED > 0, _row.credit.is_(None), _cost_is_known()),
            "Its credit is more than can be stored.",
        ),
        (and_(CREDITED > 0, ~_cost_is_known()), "It has no cost from which a credit could be computed."),
        else_=null(),
    )
    return status, words


def _cost_is_known() -> ColumnElement[bool]:
    return func.coalesce(_row.cost, _row.expected_cost).is_not(None)


def _twice() -> ColumnElement[bool]:
    """Return the condition for rows whose item code another row of the delivery has."""
    other = aliased(_row)
    return exists().where(
        other.batch_id == _row.batch_id,
        other.item_code == _row.item_code,
        other.sequence != _row.sequence,
        ~other.removed,
    )
