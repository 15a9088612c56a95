"""Demo values: made up, and the same each time, for what the demo catalogue's source lacks.

The products, prices and quantities of the demo catalogue are facts. Bar codes, units, case packs, reorder points, costs and vendors'
own codes are not in its source, so they are computed here from item codes and prices. ``data/README.md`` says so, and so does the
reason of each first cost in the cost history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from zlib import crc32

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session
from stdnum import ean

from batchbook.catalog.models import CostHistory, Product, Vendor, VendorItem
from batchbook.db import utc_now
from batchbook.purchasing.models import Receipt, ReceiptLine

#: The reason in the cost history of every cost that is made up.
REASON = "Demo value, computed from the price; not a real cost."

#: Bar codes that begin with this digit are for use within a shop, so that none is that of a real article.
_WITHIN_SHOPS = "4"
_CASE_PACKS = (6, 8, 10, 12, 12, 24)
#: Costs in per cent of the price, by the last digits of a number that is drawn from the item code.
_COST_FROM, _COST_RANGE = 55, 26
#: Every so many-th product has a second vendor, which asks for up to so many per cent more or less.
_SECOND_VENDOR, _OTHER_COST = 8, 6

#: The delivery that can be invoiced: its vendor, its number, and every how many-th product of the vendor is in it.
RECEIVED_FROM, RECEIPT, _RECEIVED = "V0764", "DEMO-1", 32


class DemoProduct(NamedTuple):
    """A product of the demo catalogue, with what its demo values are computed from."""

    id: int
    item_code: str
    price: Decimal
    on_hand: int
    vendor_id: int | None


def add_demo_values(session: Session) -> None:
    """Give all products demo values, and vendor items with their vendors; for a catalogue that has just been loaded."""
    statement = select(
        Product.id,
        Product.item_code,
        Product.price,
        Product.on_hand,
        Product.vendor_id,
    ).order_by(Product.item_code)
    products = [DemoProduct(*row) for row in session.execute(statement)]
    if not products:
        return
    vendors = list(session.scalars(select(Vendor.id).order_by(Vendor.code)))
    values = [values_of(product) for product in products]
    connection = session.connection()
    names = [name for name in values[0] if name != "id"]
    connection.execute(
        update(Product)
        .where(Product.id == bindparam("own_id"))
        .values({name: bindparam(f"new_{name}") for name in names}),
        [{"own_id": each["id"]} | {f"new_{name}": each[name] for name in names} for each in values],
    )
    items = [item for product in products for item in vendor_items_of(product, vendors)]
    now = utc_now()
    connection.execute(insert(VendorItem), [{**item, "modified_at": now} for item in items])
    connection.execute(
        insert(CostHistory),
        [
            {
                "product_id": product.id,
                "item_code": product.item_code,
                "new_cost": each["cost"],
                "effective_on": now.date(),
                "changed_at": now,
                "changed_by": "demo data",
                "reason": REASON,
            }
            for product, each in zip(products, values, strict=True)
        ],
    )
    session.expire_all()


def add_demo_receipt(session: Session) -> None:
    """Add a delivery of some products that no invoice has asked for, so that an invoice can be tried; a demo value, too."""
    vendor = session.scalars(select(Vendor).where(Vendor.code == RECEIVED_FROM)).one_or_none()
    if vendor is None:
        return
    of_vendor = select(Product).where(Product.vendor_id == vendor.id).order_by(Product.item_code)
    receipt = Receipt(number=RECEIPT, vendor=vendor, received_by="demo data")
    for line, product in enumerate(session.scalars(of_vendor).all()[::_RECEIVED], start=1):
        receipt.lines.append(
            ReceiptLine(
                line=line,
                product=product,
                item_code=product.item_code,
                description=product.description,
                quantity=(product.case_pack or 1) * (1 + _drawn(product.item_code) % 3),
                cost=product.cost,
            )
        )
    session.add(receipt)


def values_of(product: DemoProduct) -> dict[str, Any]:
    """Return the columns of ``product`` that get demo values, with its ``id``."""
    drawn = _drawn(product.item_code)
    pack = _CASE_PACKS[drawn % len(_CASE_PACKS)]
    return {
        "id": product.id,
        "upc": upc_of(product.item_code),
        "unit": "each",
        "case_unit": "case",
        "case_pack": pack,
        # About half of the products have no more than this on hand, so that there is something to order.
        "reorder_point": max(2, min(product.on_hand, 200) * (50 + drawn // 7 % 101) // 100),
        "cost": _share(product.price, _COST_FROM + drawn // 3 % _COST_RANGE),
    }


def vendor_items_of(product: DemoProduct, vendors: list[int]) -> Iterator[Mapping[str, Any]]:
    """Yield the product as its vendor supplies it and, for some products, as another one of ``vendors`` does."""
    if product.vendor_id is None:
        return
    own, drawn = values_of(product), _drawn(product.item_code)
    yield _vendor_item(product, product.vendor_id, own["cost"], own["case_pack"])
    if drawn % _SECOND_VENDOR == 0 and len(vendors) > 1:
        other = vendors[
            (vendors.index(product.vendor_id) + 1 + drawn // 5 % (len(vendors) - 1)) % len(vendors)
        ]
        cost = _share(own["cost"], 100 - _OTHER_COST + drawn // 11 % (2 * _OTHER_COST + 1))
        yield _vendor_item(product, other, cost, own["case_pack"])


def upc_of(item_code: str) -> str | None:
    """Return the UPC-A with its check digit for an item code of up to ten digits; ``None`` for any other one."""
    if not (item_code.isascii() and item_code.isdigit() and len(item_code) <= 10):
        return None
    digits = _WITHIN_SHOPS + item_code.rjust(10, "0")
    return f"{digits}{ean.calc_check_digit(digits)}"


def _vendor_item(product: DemoProduct, vendor_id: int, cost: Decimal, case_pack: int) -> dict[str, Any]:
    number = _drawn(f"{product.item_code}{'' if vendor_id == product.vendor_id else ' second'}") % 1000
    return {
        "vendor_id": vendor_id,
        "product_id": product.id,
        "vendor_item_code": f"{product.item_code[-5:]}-{number:03d}",
        "cost": cost,
        "case_pack": case_pack,
    }


def _share(amount: Decimal, percent: int) -> Decimal:
    """Return ``percent`` of an amount, rounded to cents, and at least one cent."""
    return max(Decimal("0.01"), (amount * percent / 100).quantize(Decimal("0.01")))


def _drawn(item_code: str) -> int:
    """Return a number that looks drawn by chance, and is always the same for an item code."""
    return crc32(item_code.encode())
