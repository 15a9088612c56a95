from __future__ import annotations

import csv
from decimal import Decimal

import pytest
from sqlalchemy import Engine, func, select

from batchbook import demo
from batchbook.catalog.models import CostHistory, Product, Vendor, VendorItem
from batchbook.db.transactions import transaction_scope
from batchbook.demo.demo_values import REASON, RECEIVED_FROM, upc_of
from batchbook.purchasing.models import ReceiptLine


@pytest.mark.parametrize(
    ("item_code", "upc"),
    # The last digits were computed by hand, by the rule in the GS1 General Specifications.
    [("000032265", "400000322650"), ("000000000", "400000000008"), ("17105257", "400171052578"), ("A1", None), ("1" * 11, None)],
)  # fmt: skip
def test_bar_codes_have_their_check_digit(item_code: str, upc: str | None) -> None:
    assert upc_of(item_code) == upc


def test_each_demo_product_has_values_and_vendor_items(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        demo.load(session)
    with transaction_scope(engine, read_only=True) as session:
        products = session.scalars(select(Product)).all()
        assert len({product.upc for product in products}) == len(products) == 3587
        for product in products:
            assert product.upc is not None
            assert sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(product.upc)) % 10 == 0
            assert (product.unit, product.case_unit, product.version) == ("each", "case", 1)
            assert product.case_pack in (6, 8, 10, 12, 24)
            assert product.cost is not None
            assert product.reorder_point is not None
            assert Decimal("0.01") <= product.cost
            assert product.cost < product.price or product.price <= Decimal("0.02")
        below = sum(product.on_hand <= (product.reorder_point or 0) for product in products)
        assert 0.3 < below / len(products) < 0.9
        own = select(func.count()).select_from(VendorItem).join(VendorItem.product)
        assert (
            session.scalar(
                own.where(VendorItem.vendor_id == Product.vendor_id, VendorItem.cost == Product.cost)
            )
            == 3587
        )
        assert 350 < (session.scalar(own.where(VendorItem.vendor_id != Product.vendor_id)) or 0) < 550


def test_they_are_marked_as_demo_values_in_the_cost_history(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        demo.load(session)
    with transaction_scope(engine, read_only=True) as session:
        found = session.execute(
            select(CostHistory.reason, CostHistory.old_cost, func.count()).group_by(
                *[CostHistory.reason, CostHistory.old_cost]
            )
        ).all()
        assert [tuple(row) for row in found] == [(REASON, None, 3587)]


#: Values of two products: what is drawn for an item code must not change from one release to the next.
KNOWN = {
    "000032265": ("400000322650", 10, 2, "0.43", "32265-546"),
    "000032456": ("400000324562", 12, 2, "2.37", "32456-785"),
}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_they_are_the_same_each_time(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        demo.load(session)
    with transaction_scope(engine, read_only=True) as session:
        found = session.execute(
            select(
                Product.item_code,
                Product.upc,
                Product.case_pack,
                Product.reorder_point,
                Product.cost,
                VendorItem.vendor_item_code,
            )
            .join(VendorItem, VendorItem.product_id == Product.id)
            .join(Vendor, Vendor.id == VendorItem.vendor_id)
            .where(VendorItem.vendor_id == Product.vendor_id, Product.item_code.in_(KNOWN))
        )
        assert {
            code: (upc, pack, point, str(cost), own) for code, upc, pack, point, cost, own in found
        } == KNOWN


def test_the_demo_invoice_meets_the_demo_delivery(engine: Engine) -> None:
    """Its lines add up to the total that is given with it, and all but one of its items were received."""
    lines = list(csv.DictReader(demo.INVOICE.read_text("utf-8").splitlines()))
    assert sum(Decimal(line["Line total"]) for line in lines) == Decimal(demo.INVOICE_TOTAL)
    with transaction_scope(engine) as session:
        demo.load(session)
    with transaction_scope(engine, read_only=True) as session:
        received = session.execute(
            select(VendorItem.vendor_item_code, ReceiptLine.quantity)
            .join(ReceiptLine, ReceiptLine.product_id == VendorItem.product_id)
            .join(Vendor, Vendor.id == VendorItem.vendor_id)
            .where(Vendor.code == RECEIVED_FROM)
        ).all()
    units = {code: quantity for code, quantity in received}  # noqa: C416 - Rows of a result are no pairs for the type checker.
    asked = {line["Article"]: int(line["Quantity"]) for line in lines}
    assert len(units) == 20
    assert {*units} < {*asked}
    assert sum(asked[code] != units[code] for code in units) == 1


def test_the_demo_list_of_costs_names_items_of_its_vendor(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        demo.load(session)
        own = session.scalars(
            select(VendorItem.vendor_item_code).join(VendorItem.vendor).where(Vendor.code == "V0764")
        ).all()
    listed = [
        row["Vendor item"] for row in csv.DictReader(demo.VENDOR_CATALOG.read_text("utf-8").splitlines())
    ]
    # Four have a new code, six are not in the catalogue, and one is there twice.
    assert (len(listed), len({*listed}), len({*listed} & {*own})) == (167, 166, 157)
