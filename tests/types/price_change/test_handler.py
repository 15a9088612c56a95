from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import Engine, update
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.catalog.models import Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput

Prices = Callable[[], dict[str, str]]
FILE = "item_code,description,size,price\n000000001,,,1.00\n"


# --- From the catalogue ----------------------------------------------------------------------------------------------


def from_catalogue(harness: BatchHarness, **texts: str) -> dict[str, str]:
    batch_id = harness.create(**texts)
    assert not harness.run(batch_id, Action.POPULATE).failed
    harness.assert_counted(batch_id)
    return {row.item_code[-1]: str(row.new_price) for row in harness.rows(batch_id)}


@pytest.mark.parametrize(
    ("scope", "items"),
    [
        ({}, "12345"),
        ({"vendor_code": "V1"}, "123"),
        ({"department": "GROCERY"}, "124"),
        ({"vendor_code": "V1", "department": "GROCERY"}, "12"),
        ({"vendor_code": "V2", "department": "PRODUCE"}, ""),
        ({"vendor_code": "V3"}, ""),
    ],
)
def test_it_holds_the_products_of_vendor_and_department(
    harness: BatchHarness, scope: dict[str, str], items: str
) -> None:
    assert "".join(from_catalogue(harness, percent="10", **scope)) == items


def test_prices_change_by_the_per_cent_and_its_rounding(harness: BatchHarness) -> None:
    assert from_catalogue(harness, percent="2.5") == {
        "1": "1.03",
        "2": "2.05",
        "3": "3.08",
        "4": "4.10",
        "5": "0.05",
    }
    assert from_catalogue(harness, percent="-10", rounding="cent") == {
        "1": "0.90", "2": "1.80", "3": "2.70", "4": "3.60", "5": "0.05",
    }  # fmt: skip
    assert from_catalogue(harness, percent="10", rounding="nine") == {
        "1": "1.09", "2": "2.19", "3": "3.29", "4": "4.39", "5": "0.09",
    }  # fmt: skip
    assert from_catalogue(harness, percent="-99") == {
        "1": "0.01",
        "2": "0.02",
        "3": "0.03",
        "4": "0.04",
        "5": "0.01",
    }


def test_rows_come_with_what_the_catalogue_says_and_are_compared(harness: BatchHarness) -> None:
    batch_id = harness.create(percent="50", vendor_code="V2")
    harness.run(batch_id, Action.POPULATE)
    (row,) = harness.rows(batch_id)
    assert (row.item_code, row.description, row.size) == ("000000004", "Item 4", "4 OZ")
    assert (row.status, str(row.old_price), str(row.new_price)) == ("increase", "4.00", "6.00")


def test_products_no_longer_sold_are_left_out(engine: Engine, harness: BatchHarness) -> None:
    with transaction_scope(engine) as session:
        session.execute(update(Product).where(Product.item_code == "000000001").values(active=False))
    assert "".join(from_catalogue(harness, percent="10", vendor_code="V1")) == "23"


# --- What makes no sense ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "texts", "sentence"),
    [
        (FILE, {"percent": "5"}, "Give either a price list or a change by %, not both."),
        (None, {}, "Give a price list, or the % by which to change today's prices."),
        (None, {"vendor_code": "V1"}, "Give a price list, or the % by which"),
        (None, {"percent": "5", "vendor_code": "V9"}, "There is no vendor “V9” in the catalogue."),
        (None, {"percent": "5", "department": "TOYS"}, "There is no department “TOYS” in the catalogue."),
        (FILE, {"vendor_code": "V9"}, "There is no vendor “V9” in the catalogue."),
        (FILE, {"department": "TOYS"}, "There is no department “TOYS” in the catalogue."),
        (FILE, {"rounding": "nine"}, "A price list has its own prices, which are not rounded."),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(
    harness: BatchHarness, file: str | None, texts: dict[str, str], sentence: str
) -> None:
    with pytest.raises(BadInput) as caught:
        harness.create(file, **texts)
    assert caught.value.message.startswith(sentence)


# --- Vendors, departments and products as the catalogue has them -----------------------------------------------------

OF_ALL = "item_code,description,size,price\n" + "".join(f"00000000{digit},,,9.00\n" for digit in range(1, 6))


@pytest.mark.parametrize(
    ("scope", "outside"),
    [
        ({"vendor_code": "v1"}, {"4": "other_vendor", "5": "other_vendor"}),
        ({"department": " grocery"}, {"3": "other_department", "5": "other_department"}),
        (
            {"vendor_code": "\uff36 1", "department": "PRODUCE"},
            {"1": "other_department", "2": "other_department", "4": "other_vendor", "5": "other_vendor"},
        ),
    ],
)
def test_products_of_others_in_a_list_are_only_changed_where_that_is_chosen(
    harness: BatchHarness, prices: Prices, scope: dict[str, str], outside: dict[str, str]
) -> None:
    before = prices()
    batch_id = harness.open(OF_ALL, **scope)
    statuses = {row.item_code[-1]: row.status for row in harness.rows(batch_id)}
    assert statuses == dict.fromkeys("12345", "increase") | outside
    batch = harness.batch(batch_id)
    assert (batch.vendor_code, batch.department) in {("V1", None), (None, "GROCERY"), ("V1", "PRODUCE")}  # type: ignore[attr-defined]
    clone = harness.clone(batch_id)
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    assert prices() == dict.fromkeys("12345", "9.00") | {digit: before[digit] for digit in outside}
    harness.run(clone, Action.COMPLETE)
    harness.run(clone, Action.EXECUTE, apply=[*set(outside.values())])
    assert prices() == dict.fromkeys("12345", "9.00")


def test_products_that_are_not_active_are_only_changed_where_that_is_chosen(
    engine: Engine, harness: BatchHarness, prices: Prices
) -> None:
    with transaction_scope(engine) as session:
        session.execute(update(Product).where(Product.item_code == "000000001").values(active=False))
    batch_id = harness.open(OF_ALL)
    assert harness.statuses(batch_id) == ["inactive", *["increase"] * 4]
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    assert prices() == {"1": "1.00"} | dict.fromkeys("2345", "9.00")


def test_a_vendor_that_is_two_by_another_spelling_must_be_written_as_it_is(
    engine: Engine, harness: BatchHarness
) -> None:
    with transaction_scope(engine) as session:
        session.add_all([Vendor(code="AB"), Vendor(code="ab")])
    with pytest.raises(BadInput, match="“aB” may be more than one vendor: “AB”, “ab”"):
        harness.create(FILE, vendor_code="aB")
    assert harness.batch(harness.create(FILE, vendor_code="ab")).vendor_code == "ab"  # type: ignore[attr-defined]


def test_an_item_code_is_found_whatever_its_case_blanks_and_width(
    engine: Engine, harness: BatchHarness
) -> None:
    codes = ("Ab-1", "CAFÉ 7", "x1", "X1", "X2")
    with transaction_scope(engine) as session:
        session.add_all(Product(item_code=code, description="", price=Decimal("1.00")) for code in codes)
    texts = ("aB-1", "cafe\u03017", "X1", "x 1", "\uff58\uff12", "X2", "no such")
    batch_id = harness.open(
        "item_code,description,size,price\n" + "".join(f"{text},,,1.10\n" for text in texts)
    )
    assert [(row.item_code, row.status) for row in harness.rows(batch_id)] == [
        ("Ab-1", "increase"),
        ("CAFÉ 7", "increase"),
        ("X1", "increase"),
        ("x 1", "not_in_catalogue"),  # It may be either.
        ("X2", "duplicate"),
        ("X2", "duplicate"),
        ("no such", "not_in_catalogue"),
    ]
    harness.edit(batch_id, 7, item_code="AB-1")
    assert (harness.row(batch_id, 7).item_code, harness.row(batch_id, 7).status) == ("Ab-1", "duplicate")
    harness.assert_counted(batch_id)
