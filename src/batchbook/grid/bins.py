"""Edges of a histogram's bins: round numbers, and the beginnings of days, weeks, months and years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from batchbook.grid.columns import Column, Kind

#: The number of bins that a histogram has at most, but for dates that are more than a millennium apart.
MOST_BINS = 24

#: Widths of bins of dates: in days, and in months.
_DAYS = (1, 7)
_MONTHS = (1, 3, 12, 60, 120, 600, 1_200, 6_000)
#: The last decimal place of numbers that have no scale.
_FINEST = 9
_ROUND = (1, 2, 5, 10)


def edges_of(column: Column, low: Any, high: Any) -> list[Any]:
    """Return the edges of bins for values of ``column`` from ``low`` to ``high``, ascending.

    Each bin begins with an edge and ends before the next one; the last edge is above ``high``.
    """
    if column.kind in (Kind.DATE, Kind.DATETIME):
        return _date_edges(low, high)
    unit = unit_of(column)
    edges = _number_edges(Decimal(low), Decimal(high), unit)
    return [int(edge) for edge in edges] if column.kind is Kind.INTEGER else edges


def last_before(column: Column, edge: Any) -> Any:
    """Return the last value of ``column`` below the ``edge`` of a bin; a day for moments."""
    if isinstance(edge, date):
        return edge if edge == date.max else edge - timedelta(days=1)
    return edge - 1 if column.kind is Kind.INTEGER else edge - unit_of(column)


def unit_of(column: Column) -> Decimal:
    """Return the least difference between two numbers of ``column``."""
    if column.kind is Kind.INTEGER:
        return Decimal(1)
    return Decimal(1).scaleb(-(_FINEST if column.scale is None else column.scale))


def _number_edges(low: Decimal, high: Decimal, unit: Decimal) -> list[Decimal]:
    step = max(unit, _round_step((high - low) / (MOST_BINS - 2)))
    start = (low / step).to_integral_value(ROUND_FLOOR) * step
    edges = [start]
    while edges[-1] <= high:
        edges.append(edges[-1] + step)
    return edges


def _round_step(least: Decimal) -> Decimal:
    """Return the smallest of 1, 2 and 5 times a power of ten that is not below ``least``."""
    if not least:
        return least
    power = Decimal(1).scaleb(least.adjusted())
    return next(power * factor for factor in _ROUND if power * factor >= least)


def _date_edges(low: date, high: date) -> list[date]:
    span = (high - low).days
    for days in _DAYS:
        if span // days < MOST_BINS - 1:
            start = low - timedelta(days=low.weekday() if days > 1 and low > date(1, 1, 7) else 0)
            return [*_until(_days_from(start, days), high)]
    months = next((width for width in _MONTHS if span // (width * 30) < MOST_BINS - 2), _MONTHS[-1])
    first = (low.year * 12 + low.month - 1) // months * months
    return [*_until(_months_from(first, months), high)]


def _days_from(start: date, days: int) -> Iterator[date]:
    while True:
        yield start
        start = start + timedelta(days=days) if (date.max - start).days > days else date.max


def _months_from(first: int, months: int) -> Iterator[date]:
    """Yield the first day of every so many ``months``; ``first`` counts the months since the year 0."""
    while True:
        year, month = divmod(first, 12)
        yield date.max if year > date.max.year else date(max(year, 1), month + 1 if year else 1, 1)
        first += months


def _until(edges: Iterator[date], high: date) -> Iterator[date]:
    """Yield the ``edges`` up to the first one above ``high``, or the end of the calendar."""
    yield next(edges)
    for edge in edges:
        yield edge
        if edge > high or edge == date.max:
            return
