"""Batches that change the same records, on both databases and across types."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, true
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness, stock

from batchbook.batches import Action, count_open_batches
from batchbook.batches.review.overlap import MOST_BATCHES, OverlapCounts, batches_with, overlaps_of
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope

HEADINGS = "item_code,description,size,price\n"


def price_list(*codes: str) -> str:
    return HEADINGS + "".join(f"{code},,,2.00\n" for code in codes)


@pytest.fixture
def prices(engine: Engine) -> BatchHarness:
    stock(engine, ("001", 1), ("002", 1), ("003", 1))
    return BatchHarness(engine, PRICE_CHANGE)


def shared(harness: BatchHarness, number: int, counts: OverlapCounts) -> dict[int, int]:
    with transaction_scope(harness.database, read_only=True) as session:
        engine = harness.on(session)
        found = overlaps_of(engine, engine.find(number), true(), counts)
        assert found.left_out == 0
        return {one.batch.id: one.count for one in found.found}


def test_batches_with_the_same_records_are_counted_until_they_are_executed(prices: BatchHarness) -> None:
    one = prices.open(price_list("001", "002"))
    two = prices.open(price_list("002", "003", "003"))
    three = prices.open(price_list("001", "002"))
    counts = OverlapCounts()
    assert shared(prices, one, counts) == {three: 2, two: 1}
    assert shared(prices, two, counts) == {three: 1, one: 1}
    prices.remove(three, 2)
    assert shared(prices, one, counts) == {three: 1, two: 1}
    prices.edit(two, 2, item_code="001")
    assert shared(prices, one, counts) == {three: 1, two: 2}
    prices.run(three, Action.COMPLETE, Action.EXECUTE)
    assert shared(prices, one, counts) == {two: 2}
    assert shared(prices, three, counts) == {}


def test_a_record_tells_the_rows_of_unfinished_batches_that_change_it(prices: BatchHarness) -> None:
    one, two = prices.open(price_list("001", "002")), prices.open(price_list("002", "002"))
    prices.remove(one, 1)
    with transaction_scope(prices.database, read_only=True) as session:
        engine = prices.on(session)
        products = {product.item_code: product for product in session.query(Product)}
        rows = {
            code: [(batch.id, [*numbers]) for batch, numbers in batches_with(engine, product, true())]
            for code, product in products.items()
        }
    assert rows == {"001": [], "002": [(two, [1, 2]), (one, [2])], "003": []}


def test_only_so_many_are_compared(prices: BatchHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_BATCHES > 1
    monkeypatch.setattr("batchbook.batches.review.overlap.MOST_BATCHES", 1)
    one, _two, three = (prices.open(price_list("001")) for _ in range(3))
    with transaction_scope(prices.database, read_only=True) as session:
        engine = prices.on(session)
        found = overlaps_of(engine, engine.find(one), true(), OverlapCounts())
    assert ([each.batch.id for each in found.found], found.left_out) == ([three], 1)


def test_a_handler_counts_the_other_unfinished_batches_of_each_record(
    prices: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = (
        prices.open(price_list(*codes)) for codes in (("001", "002"), ("002", "002"), ("001",))
    )
    prices.remove(one, 1)
    prices.run(three, Action.COMPLETE)

    def counted(number: int) -> dict[str, int]:
        with transaction_scope(prices.database, read_only=True) as session:
            engine = prices.on(session)
            values = ["003", "001", "002"]
            return count_open_batches(
                engine.handler_context(), Product.item_code, values, engine.find(number)
            )

    for together in (10_000, 1):
        monkeypatch.setattr("batchbook.batches.review.overlap._MOST_VALUES", together)
        assert counted(one) == {"001": 1, "002": 1}
        assert counted(two) == {"001": 1, "002": 1}
        assert counted(three) == {"002": 2}
    prices.run(three, Action.EXECUTE)
    assert counted(one) == {"002": 1}
