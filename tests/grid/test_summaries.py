"""Counts, sums and averages over any rows of a view."""

from __future__ import annotations

from decimal import Decimal

import pytest

from batchbook.grid import Filter, GridState, Sort, Verb, columns_of, summaries
from batchbook.grid.summaries import Summary, summarize

from .harness import Article
from .shelf import ARTICLES, Shelf

PRICE, CODE, NAME = columns_of(Article, ("price", "code", "name"))


@pytest.mark.parametrize("sort", [(), (Sort("price", descending=True),)])
def test_any_range_of_a_view_is_added_up(
    shelf: Shelf, sort: tuple[Sort, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summaries, "_KEYS_AT_ONCE", 100)
    grid, state = shelf.windows().grid, GridState(sort=sort)
    rows = list(grid.all_rows(shelf.session, state, "ann"))
    for first, count in ((0, ARTICLES), (0, 7), (250, 700), (1_100, 5_000)):
        prices = [row.price for row in rows[first : first + count] if row.price is not None]
        found = summarize(shelf.windows(), state, first, count, [PRICE, CODE, NAME])
        assert found["price"] == Summary(len(prices), sum(prices) if prices else None)
        assert found["code"] == Summary(len(rows[first : first + count]), None)
        assert found["name"] == Summary(0, None)


def test_a_filter_is_added_up_whole(shelf: Shelf) -> None:
    dear = GridState((Filter("price", Verb.GREATER, ("3",)),))
    assert summarize(shelf.windows(), dear, 0, 9_999, [PRICE])["price"] == Summary(480, Decimal("3120.00"))
    assert summarize(shelf.windows(), dear, 9_999, 5, [PRICE])["price"] == Summary()


def test_sums_read_as_the_column_and_averages_have_more_digits() -> None:
    assert Summary(3, Decimal("1234.5")).texts(PRICE) == {"count": 3, "sum": "1,234.50", "average": "411.5"}
    assert Summary(3, Decimal(10)).texts(PRICE)["average"] == "3.3333"
    assert Summary(2).texts(NAME) == {"count": 2, "sum": None, "average": None}
