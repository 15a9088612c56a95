"""Rows of promotions compared with the catalogue and with each other: prices, savings, statuses and notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from batchbook.batches import Action

from .conftest import Promotions, day

ALONE = "item_code,price\nA,7.50\n"


def test_rows_have_the_regular_price_the_saving_and_a_status(promotions: Promotions) -> None:
    batch_id = promotions.promote()
    names = ("item_code", "description", "regular_price", "promotion_price", "saving_percent", "status")
    assert promotions.shown(batch_id, *names) == [
        ("A", "Item A", "10.00", "7.50", "25.00", "ready"),
        ("B", "Item B", "5.00", "6.00", "-20.00", "above_regular"),
        ("E", "Item E", "8.00", "4.00", "50.00", "inactive"),
        ("X", None, None, "1.00", None, "not_found"),
        ("C", "Item C", "2.99", "1.99", "33.44", "duplicate"),
        ("C", "Item C", "2.99", "1.89", "36.79", "duplicate"),
        ("D", "Item D", "1.00", None, None, "invalid"),
    ]
    promotions.remove(batch_id, 5)
    promotions.edit(batch_id, 7, promotion_price="0.90")
    promotions.edit(batch_id, 2, promotion_price="5.00")
    assert promotions.statuses(batch_id) == [
        "ready", "above_regular", "inactive", "not_found", "duplicate", "ready", "ready",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rounding", "prices"),
    [
        ("", ["8.00", "4.00", "2.39", "0.80"]),
        ("end_99", ["7.99", "3.99", "1.99", "0.99"]),
        ("ten", ["8.00", "4.00", "2.40", "0.80"]),
    ],
)
def test_a_discount_makes_the_prices_that_the_list_lacks(
    promotions: Promotions, rounding: str, prices: list[str]
) -> None:
    batch_id = promotions.promote("item_code,price\nA,\nB,\nC,\nD,\nX,\n", discount="20", rounding=rounding)
    assert [price for (price,) in promotions.shown(batch_id, "promotion_price")] == [*prices, None]
    # They are prices like any other then: a refresh keeps them, and one that is emptied is made again.
    promotions.set_price("A", "20.00")
    promotions.edit(batch_id, 2, promotion_price="")
    promotions.run(batch_id, Action.REFRESH)
    assert promotions.shown(batch_id, "promotion_price", "regular_price")[:2] == [
        (prices[0], "20.00"), (prices[1], "5.00"),
    ]  # fmt: skip


def test_a_list_price_is_kept_beside_a_discount(promotions: Promotions) -> None:
    batch_id = promotions.promote("item_code,price\nA,1.00\nB,\n", discount="10")
    assert promotions.shown(batch_id, "promotion_price", "saving_percent") == [
        ("1.00", "90.00"),
        ("4.50", "10.00"),
    ]


@pytest.mark.parametrize(
    ("first", "last", "overlaps"), [(6, 9, True), (7, 9, False), (-3, -0, True), (2, 3, True)]
)
def test_a_product_is_in_one_promotion_at_a_time(
    promotions: Promotions, first: int, last: int, overlaps: bool
) -> None:
    other = promotions.executed_promotion(ALONE, 0, 6)
    batch_id = promotions.promote("item_code,price\nA,6.00\nB,4.00\n", first, last)
    found = promotions.shown(batch_id, "status", "status_text")
    note = ("overlaps", f"In batch {other:08d} at the same time.")
    assert found == [note if overlaps else ("ready", None), ("ready", None)]


def test_days_that_are_edited_are_compared_again(promotions: Promotions) -> None:
    promotions.executed_promotion(ALONE, 0, 6)
    batch_id = promotions.promote("item_code,price\nA,6.00\n", 6, 9)
    assert promotions.statuses(batch_id) == ["overlaps"]
    promotions.edit_header(batch_id, starts_on=str(day(7)))
    assert promotions.statuses(batch_id) == ["ready"]


def test_a_promotion_that_is_over_and_has_not_returned_gives_no_regular_price(
    promotions: Promotions, at: Callable[[int], Any]
) -> None:
    other = promotions.executed_promotion(ALONE, 0, 6)
    at(7)
    late = promotions.promote("item_code,price\nA,6.00\nB,4.00\n", 7, 9)
    assert promotions.statuses(late) == ["overlaps", "ready"]
    promotions.run(promotions.return_of(other), Action.EXECUTE)
    promotions.run(late, Action.REFRESH)
    assert promotions.statuses(late) == ["ready", "ready"]


def test_prices_that_have_returned_are_free_again(promotions: Promotions) -> None:
    other = promotions.executed_promotion(ALONE, 0, 6)
    promotions.run(promotions.return_of(other), Action.EXECUTE)
    assert promotions.statuses(promotions.promote("item_code,price\nA,6.00\n", 0, 9)) == ["ready"]


def test_of_two_that_wait_the_one_that_was_complete_first_has_its_way(
    promotions: Promotions, at: Callable[[int], Any]
) -> None:
    first, second = promotions.promote(ALONE, 0, 9), promotions.promote(ALONE, 2, 4)
    assert promotions.statuses(second) == ["ready"], "Neither is planned yet."
    promotions.run(second, Action.COMPLETE)
    promotions.run(first, Action.REFRESH)
    assert promotions.statuses(first) == ["overlaps"]
    promotions.run(second, Action.REOPEN)
    promotions.run(first, Action.REFRESH, Action.COMPLETE)
    promotions.run(second, Action.REFRESH)
    assert promotions.statuses(second) == ["overlaps"]


def test_prices_to_return_are_compared_with_what_the_promotion_set(promotions: Promotions) -> None:
    list_ = "item_code,price\nA,7.50\nB,4.00\nC,1.99\nD,0.90\n"
    back = promotions.return_of(promotions.executed_promotion(list_))
    promotions.set_price("B", "4.50")
    promotions.set_price("C", "2.99")
    promotions.run(back, Action.REOPEN, Action.REFRESH)
    names = ("item_code", "regular_price", "promotion_price", "current_price", "status", "status_text")
    assert promotions.shown(back, *names) == [
        ("A", "10.00", "7.50", "7.50", "ready", None),
        ("B", "5.00", "4.00", "4.50", "changed", "Now 4.50; left as it is."),
        ("C", "2.99", "1.99", "2.99", "regular", None),
        ("D", "1.00", "0.90", "0.90", "ready", None),
    ]
