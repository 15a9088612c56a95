"""The header and rows of orders."""

from __future__ import annotations

from decimal import Decimal

from batchbook.batches import LookupStatus
from batchbook.types.ordering.models import AMOUNT, MOST_UNITS, OPTIONAL, ORDERED, OrderStatus


def test_no_status_is_ordered_by_default_and_by_choice() -> None:
    assert not {*ORDERED} & {*OPTIONAL}
    left = {*OrderStatus} - {*ORDERED} - {*OPTIONAL}
    assert left == {OrderStatus.NOT_FOUND, OrderStatus.NOTHING, OrderStatus.DUPLICATE}
    assert OrderStatus.NOT_FOUND.label == LookupStatus.NOT_FOUND.label


def test_the_largest_line_fits_its_amount() -> None:
    dearest = Decimal(10**12 - 1).scaleb(-2)
    assert dearest * (MOST_UNITS + MOST_UNITS) < Decimal(10) ** (AMOUNT.precision - AMOUNT.scale) * 2
    assert dearest * MOST_UNITS < Decimal(10) ** (AMOUNT.precision - AMOUNT.scale)
