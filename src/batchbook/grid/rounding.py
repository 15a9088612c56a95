"""Rounding of prices as shops do it: to 0.05 or 0.10, to whole prices, or so that they end in .95 or .99."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum


class Rounding(StrEnum):
    """The rounding of computed prices."""

    CENT = "cent"
    FIVE = "five"
    TEN = "ten"
    FIFTY = "fifty"
    WHOLE = "whole"
    NINE = "nine"
    NINETY_FIVE = "end_95"
    NINETY_NINE = "end_99"

    @property
    def step_and_ending(self) -> tuple[int, int]:
        """The distance of rounded prices from each other, and that of the first one from zero, in cents."""
        return _STEPS[self]


_STEPS = {
    Rounding.CENT: (1, 0),
    Rounding.FIVE: (5, 0),
    Rounding.TEN: (10, 0),
    Rounding.FIFTY: (50, 0),
    Rounding.WHOLE: (100, 0),
    Rounding.NINE: (10, 9),
    Rounding.NINETY_FIVE: (100, 95),
    Rounding.NINETY_NINE: (100, 99),
}

#: The roundings as choices of a column: value and label.
ROUNDINGS = (
    (Rounding.CENT.value, "To the cent"),
    (Rounding.FIVE.value, "To 0.05"),
    (Rounding.TEN.value, "To 0.10"),
    (Rounding.FIFTY.value, "To 0.50"),
    (Rounding.WHOLE.value, "To whole prices, such as 4.00"),
    (Rounding.NINE.value, "To end in 9, such as 4.29"),
    (Rounding.NINETY_FIVE.value, "To end in .95"),
    (Rounding.NINETY_NINE.value, "To end in .99"),
)


def rounded(price: Decimal, rounding: Rounding) -> Decimal:
    """Return the nearest price that ``rounding`` allows, the higher one of two that are as near.

    A price above zero stays above zero: it becomes at least the lowest one that is allowed. Others are left as they are.
    """
    if price <= 0:
        return price
    step, ending = rounding.step_and_ending
    steps = ((price * 100 - ending) / step + Decimal("0.5")).to_integral_value(ROUND_FLOOR)
    return Decimal(max(int(steps) * step + ending, ending or step)).scaleb(-2)
