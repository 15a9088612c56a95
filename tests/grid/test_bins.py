"""Bins have round edges, hold every value once, and are not many."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchbook.grid import Kind
from batchbook.grid.bins import MOST_BINS, edges_of, last_before, unit_of

from .harness import column

PRICE, WHOLE, DAY = column(Kind.DECIMAL, scale=2), column(Kind.INTEGER), column(Kind.DATE)


@pytest.mark.parametrize(
    ("low", "high", "first", "second"),
    [
        (date(2026, 1, 5), date(2026, 1, 9), date(2026, 1, 5), date(2026, 1, 6)),
        (date(2026, 1, 7), date(2026, 4, 9), date(2026, 1, 5), date(2026, 1, 12)),
        (date(2025, 1, 7), date(2026, 4, 9), date(2025, 1, 1), date(2025, 2, 1)),
        (date(2015, 2, 7), date(2026, 4, 9), date(2015, 1, 1), date(2016, 1, 1)),
        (date.min, date.max, date.min, date(500, 1, 1)),
    ],
)
def test_dates_are_counted_by_day_week_month_or_years(
    low: date, high: date, first: date, second: date
) -> None:
    assert edges_of(DAY, low, high)[:2] == [first, second]


def test_numbers_have_round_edges_and_no_finer_ones_than_their_unit() -> None:
    assert edges_of(PRICE, Decimal("0.50"), Decimal("200.49"))[:3] == [Decimal(0), Decimal(10), Decimal(20)]
    assert edges_of(WHOLE, 3, 6) == [3, 4, 5, 6, 7]
    assert edges_of(PRICE, Decimal("4.50"), Decimal("4.50")) == [Decimal("4.50"), Decimal("4.51")]
    assert (last_before(PRICE, Decimal(10)), last_before(WHOLE, 4)) == (Decimal("9.99"), 3)
    assert unit_of(column(Kind.DECIMAL)) == Decimal("1E-9")


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**62))
def test_every_number_is_in_one_of_few_bins(low: int, span: int) -> None:
    edges = edges_of(WHOLE, low, low + span)
    assert edges[0] <= low < edges[1]
    assert edges[-2] <= low + span < edges[-1]
    assert len({end - first for first, end in pairwise(edges)}) == 1
    assert len(edges) - 1 <= MOST_BINS


@given(st.dates(), st.dates())
def test_every_day_is_in_one_of_few_bins(one: date, other: date) -> None:
    low, high = sorted((one, other))
    edges = edges_of(DAY, low, high)
    assert edges[0] <= low
    assert edges[-1] > high or edges[-1] == date.max
    assert edges == sorted(set(edges))
    assert len(edges) - 1 <= MOST_BINS
    assert last_before(DAY, edges[-1]) <= edges[-1] - timedelta(days=0)
