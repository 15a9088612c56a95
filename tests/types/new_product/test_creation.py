"""Creation of proposed products: what the catalogue gets, and what is refused because it has changed since the refresh."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, update
from tests.batches.harness import BatchHarness, wait_until_blocked

from batchbook.batches import Action
from batchbook.batches.effects.models import effects_of
from batchbook.catalog.models import Department, Product, Vendor, VendorItem
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

from .conftest import HEADINGS

LIST = (
    f"{HEADINGS}900,4006381333931,Pens,12 CT,GROCERY,V0764,Scribe,2.00,1.00,12\n"
    "901,,Ink,,,,,3.00,1.50,\n902,,Rye bread,500 G,BAKERY,V0002,,4.00,,\n903,,Nothing,,,,,,,\n"
)


def complete(harness: BatchHarness, file: str = LIST, **texts: str) -> int:
    batch_id = harness.open(file, **texts)
    harness.run(batch_id, Action.COMPLETE)
    return batch_id


def product(engine: Engine, code: str) -> Any:
    wanted = (
        select(Product, Department.name, Vendor.code).outerjoin(Product.department).outerjoin(Product.vendor)
    )
    with transaction_scope(engine, read_only=True) as session:
        return session.execute(wanted.where(Product.item_code == code)).one_or_none()


def test_rows_of_the_chosen_statuses_become_products(harness: BatchHarness, engine: Engine) -> None:
    result = harness.run(complete(harness), Action.EXECUTE)
    assert "2 products created, 2 rows left out." in result.message
    pens, department, vendor = product(engine, "900")
    assert (pens.upc, pens.description, pens.size, pens.brand) == ("4006381333931", "Pens", "12 CT", "Scribe")
    assert (pens.price, pens.cost, pens.on_hand, pens.active) == (Decimal("2.00"), Decimal("1.00"), 0, True)
    assert (pens.unit, pens.case_unit, pens.case_pack, pens.version) == ("each", "case", 12, 1)
    assert (department, vendor) == ("GROCERY", "V0764")
    ink, department, vendor = product(engine, "901")
    assert (ink.case_unit, ink.case_pack, department, vendor) == (None, None, None, None)
    assert product(engine, "902") is None


def test_similar_ones_are_created_if_chosen_and_may_stay_off_sale(
    harness: BatchHarness, engine: Engine
) -> None:
    harness.run(complete(harness), Action.EXECUTE, apply="similar", active="")
    bread, *_ = product(engine, "902")
    assert (bread.active, bread.price) == (False, Decimal("4.00"))
    assert product(engine, "900") is None


def test_what_the_vendor_supplies_is_kept_with_it(harness: BatchHarness, engine: Engine) -> None:
    batch_id = complete(harness)
    harness.run(batch_id, Action.EXECUTE, apply=["new", "similar"])
    with transaction_scope(engine, read_only=True) as session:
        items = select(Product.item_code, Vendor.code, VendorItem.cost, VendorItem.case_pack)
        found = session.execute(items.join(VendorItem.product).join(VendorItem.vendor)).all()
        effects = [(one.target, one.record_key, one.kind) for one in effects_of(session, batch_id)]
    assert [tuple(one) for one in found] == [("900", "V0764", Decimal("1.00"), 12)]
    assert sorted(effects) == [
        ("product", "900", "created"),
        ("product", "901", "created"),
        ("product", "902", "created"),
        ("vendor_item", "900", "created"),
    ]


def test_rows_that_are_left_out_may_go_on_in_a_new_batch(harness: BatchHarness) -> None:
    batch_id = complete(harness)
    harness.run(batch_id, Action.EXECUTE, follow_up="yes")
    outcome: Any = harness.batch(batch_id).execution_outcome
    rest = outcome["figures"]["follow_up"]
    assert [row.item_code for row in harness.rows(rest)] == ["902", "903"]


def put_product(session: Any, code: str, upc: str | None = None) -> None:
    session.execute(insert(Product), [{"item_code": code, "upc": upc, "description": "Other", "price": 1}])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda session: put_product(session, "901"), "1 product has been created since the last refresh: 901"),
        (lambda session: put_product(session, "77", "4006381333931"), "created since.*: 900"),
        (lambda session: put_product(session, "77", "04006381333931"), "created since.*: 900"),
        (lambda session: session.execute(delete(Department).where(Department.name == "GROCERY")), "renamed or deleted.*: 900"),
        (lambda session: session.execute(update(Vendor).where(Vendor.code == "V0764").values(code="X")), "renamed.*: 900"),
    ],
)  # fmt: skip
def test_nothing_is_created_where_the_catalogue_has_changed(
    harness: BatchHarness, engine: Engine, change: Callable[[Any], None], words: str
) -> None:
    batch_id = complete(harness)
    with transaction_scope(engine) as session:
        change(session)
    with pytest.raises(Conflict, match=words):
        harness.run(batch_id, Action.EXECUTE)
    assert {product(engine, code) is None for code in ("900", "902")} == {True}


def test_codes_that_differ_in_case_only_are_not_created(harness: BatchHarness) -> None:
    batch_id = harness.open(f"{HEADINGS}AB-7,,Pens,,,,,2.00,,\nAB-8,,Ink,,,,,2.50,,\n")
    harness.edit(batch_id, 2, item_code="ab-7")  # An edit compares codes as they are.
    harness.run(batch_id, Action.COMPLETE)
    with pytest.raises(Conflict, match=r"differ in case or blanks only.*: AB-7, ab-7"):
        harness.run(batch_id, Action.EXECUTE)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_of_two_batches_with_the_same_new_product_one_creates_it(
    harness: BatchHarness, engine: Engine
) -> None:
    first, second = complete(harness), complete(harness)
    ends: list[str] = []

    def execute() -> None:
        try:
            harness.run(second, Action.EXECUTE)
            ends.append("executed")
        except Conflict as error:
            ends.append(error.message)

    with harness.engine() as at_work:
        at_work.run(first, Action.EXECUTE)
        other = threading.Thread(target=execute)
        other.start()
        wait_until_blocked(engine, ends)
        assert ends == []
    other.join()
    assert "2 products have been created since the last refresh: 900, 901." in ends[0]
    assert product(engine, "900") is not None
