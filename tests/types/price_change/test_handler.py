from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import Engine, update
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.catalog.models import Product
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


def test_prices_change_by_an_amount_to_a_price_or_by_a_margin_over_the_cost(
    engine: Engine, harness: BatchHarness, prices: Prices
) -> None:
    with transaction_scope(engine) as session:
        for code, cost in (("000000001", "0.90"), ("000000002", "1.60"), ("000000003", "0.00")):
            session.execute(update(Product).where(Product.item_code == code).values(cost=Decimal(cost)))
    assert from_catalogue(harness, amount="0.25") == {
        "1": "1.25", "2": "2.25", "3": "3.25", "4": "4.25", "5": "0.30",
    }  # fmt: skip
    assert from_catalogue(harness, set_to="1.99", vendor_code="V1") == dict.fromkeys("123", "1.99")
    less = harness.create(amount="-1")
    harness.run(less, Action.POPULATE)
    rows = harness.rows(less)
    assert [(str(row.new_price), row.status) for row in rows][1:4] == [
        ("1.00", "decrease"), ("2.00", "decrease"), ("3.00", "decrease"),
    ]  # fmt: skip
    assert {(row.new_price, row.status, row.status_text) for row in (rows[0], rows[4])} == {
        (None, "invalid", "The amount would take its price to 0 or below, or above the highest one.")
    }
    margin = harness.create(margin="40", rounding="nine")
    harness.run(margin, Action.POPULATE)
    found = [(row.new_price and str(row.new_price), row.status) for row in harness.rows(margin)]
    assert found == [("1.29", "increase"), ("2.29", "increase"), *[(None, "no_cost")] * 3]
    assert "no cost from which" in str(harness.row(margin, 3).status_text)
    harness.run(margin, Action.COMPLETE, Action.EXECUTE)
    assert prices() == {"1": "1.29", "2": "2.29", "3": "3.00", "4": "4.00", "5": "0.05"}


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
        (FILE, {"percent": "5"}, "Give either a price list or “Change (%)”, not both."),
        (None, {}, "Give a price list, or one of “Change (%)”, “Change by an amount”"),
        (None, {"vendor_code": "V1"}, "Give a price list, or one of “Change (%)”, “Change by an amount”"),
        (None, {"percent": "5", "vendor_code": "V9"}, "There is no vendor “V9” in the catalogue."),
        (None, {"percent": "5", "department": "TOYS"}, "There is no department “TOYS” in the catalogue."),
        (FILE, {"vendor_code": "V9"}, "There is no vendor “V9” in the catalogue."),
        (FILE, {"department": "TOYS"}, "There is no department “TOYS” in the catalogue."),
        (FILE, {"margin": "40"}, "Give either a price list or “Margin over cost (%)”, not both."),
        (None, {"amount": "1", "set_to": "2"}, "Give only one of “Change by an amount”, “Set to”."),
        (None, {"set_to": "2", "rounding": "nine"}, "A price that is set is not rounded."),
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
