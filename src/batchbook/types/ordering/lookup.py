"""The values that an order takes from catalogue, vendor items and open orders, in SQL: for its rows, and for those it proposes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import SQLColumnExpression, and_, case, func, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from batchbook.batches import Block, Lookup
from batchbook.catalog.models import PRICE, Department, Product, Vendor, VendorItem
from batchbook.purchasing.models import units_on_order
from batchbook.types.ordering.models import AMOUNT, MOST_UNITS, OPTIONAL, Ordering, OrderingRow, OrderStatus

_row = OrderingRow
#: The vendor that is to deliver; the product's own vendor is ``Vendor``.
_Seller = aliased(Vendor)
_PAGE = 5_000


def _in_cases(units: SQLColumnExpression[Any], pack: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    """Return the number of cases of ``pack`` units that ``units`` need."""
    return (units + pack - 1) // pack


#: The units in a case, null without one: a case that could not be counted is none.
_PACK = func.coalesce(VendorItem.case_pack, Product.case_pack)
_CASE_PACK = case((_PACK.between(1, MOST_UNITS), _PACK))
_STEP = func.coalesce(_CASE_PACK, 1)
_CASES = _in_cases(_row.wanted, _STEP)
_OF_SELLER = and_(VendorItem.product_id == Product.id, VendorItem.vendor_id == _Seller.id)


def products(today: date) -> Lookup:
    """Return the lookup of products; a cost of the vendor that is announced for a day after ``today`` is not asked for yet."""
    cost = func.coalesce(case((VendorItem.is_in_effect(today), VendorItem.cost)), Product.cost)
    return Lookup(
        column="item_code",
        key=Product.item_code,
        also=(Product.upc,),
        take={
            "description": Product.description,
            "vendor_item_code": VendorItem.vendor_item_code,
            "vendor": Vendor.code,
            "on_hand": Product.on_hand,
            "on_order": units_on_order(),
            "reorder_point": Product.reorder_point,
            "case_pack": _CASE_PACK,
            "cases": _CASES,
            "quantity": _CASES * _STEP,
            "cost": type_coerce(cost, PRICE),
            "amount": type_coerce(_CASES * _STEP * cost, AMOUNT),
        },
        joins=(Product.vendor, (_Seller, _Seller.code == Ordering.vendor_code), (VendorItem, _OF_SELLER)),
        missing=OrderStatus.NOT_FOUND,
        unless=(
            (~Product.active, OrderStatus.INACTIVE),
            (
                and_(VendorItem.id.is_(None), Product.vendor_id.is_distinct_from(_Seller.id)),
                OrderStatus.OTHER_VENDOR,
            ),
            (func.coalesce(_row.wanted, 0) == 0, OrderStatus.NOTHING),
        ),
        found=OrderStatus.TO_ORDER,
        # What is on order tells that somebody else has ordered for the same shortage.
        watch=("case_pack", "cost", "on_order"),
        also_watched=OPTIONAL,
        overridden_by="overwrite",
    )


def proposed(session: Session, batch: Ordering) -> Iterator[Block]:
    """Yield the products at their reorder point or below, by item code, with the units that bring them above it.

    They are active, and of the order's vendor, or among its items; those on order count as if they were on hand. The units
    are rounded up to full cases.
    """
    available = Product.on_hand + units_on_order()
    needed = Product.reorder_point + 1 - available
    wanted = case(
        (_in_cases(needed, _STEP) * _STEP > MOST_UNITS, MOST_UNITS), else_=_in_cases(needed, _STEP) * _STEP
    )
    found = (
        select(Product.item_code, wanted.label("wanted"))
        .select_from(Product)
        .join(_Seller, _Seller.code == batch.vendor_code)
        .outerjoin(VendorItem, _OF_SELLER)
        .where(
            Product.active,
            needed > 0,
            or_(Product.vendor_id == _Seller.id, VendorItem.id.is_not(None)),
        )
    )
    if batch.department:
        found = found.join(Product.department).where(Department.name == batch.department)
    last = ""
    connection = session.connection()
    while page := connection.execute(
        found.where(Product.item_code > last).order_by(Product.item_code).limit(_PAGE)
    ).all():
        yield Block(("item_code", "wanted"), page)
        last = page[-1].item_code
