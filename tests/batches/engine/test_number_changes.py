"""Changes of numbers in words: in per cent, with their sign, and from nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from batchbook.batches.engine.number_changes import RowChange


@pytest.mark.parametrize(
    ("before", "after", "text", "size"),
    [
        (10, 12, "+20 %", Decimal(20)),
        (Decimal("3.00"), Decimal("1.00"), "-66.7 %", Decimal(200) / 3),
        (Decimal("-2.00"), Decimal("-1.00"), "+50 %", Decimal(50)),
        (2, 200, "+9,900 %", Decimal(9900)),
        (0, 5, "from 0", Decimal("Infinity")),
    ],
)
def test_a_change_is_told_in_per_cent(before: Decimal, after: Decimal, text: str, size: Decimal) -> None:
    change = RowChange(1, "A", before, after)
    assert (change.percent_text, round(change.size, 6) if size.is_finite() else change.size) == (
        text,
        round(size, 6) if size.is_finite() else size,
    )
