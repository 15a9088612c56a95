"""Rounding of prices as shops do it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from batchbook.grid.rounding import Rounding, rounded


@pytest.mark.parametrize(
    ("price", "rounding", "result"),
    [
        ("1.02", Rounding.FIVE, "1.00"), ("1.025", Rounding.FIVE, "1.05"), ("1.01", Rounding.TEN, "1.00"),
        ("4.20", Rounding.NINETY_FIVE, "3.95"), ("4.45", Rounding.NINETY_FIVE, "4.95"),
        ("4.20", Rounding.NINETY_NINE, "3.99"), ("4.49", Rounding.NINETY_NINE, "4.99"),
        ("0.01", Rounding.NINETY_NINE, "0.99"), ("0.01", Rounding.FIVE, "0.05"), ("0", Rounding.FIVE, "0"),
        ("-1.02", Rounding.FIVE, "-1.02"), ("0.138", Rounding.NINE, "0.09"),
    ],
)  # fmt: skip
def test_the_nearest_allowed_price_is_taken(price: str, rounding: Rounding, result: str) -> None:
    assert rounded(Decimal(price), rounding) == Decimal(result)
