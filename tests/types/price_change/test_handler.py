from __future__ import annotations

import pytest
from sqlalchemy import Engine, update
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput

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
    ],
)
def test_a_header_that_makes_no_sense_is_refused(
    harness: BatchHarness, file: str | None, texts: dict[str, str], sentence: str
) -> None:
    with pytest.raises(BadInput) as caught:
        harness.create(file, **texts)
    assert caught.value.message.startswith(sentence)
