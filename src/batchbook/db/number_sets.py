"""Conditions for many numbers in one parameter, so that a statement does not grow with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Dialect, any_, false, func, literal, or_, select

#: The most ranges that are written as ranges; where there are more, the numbers are listed in one parameter.
_MOST_RANGES = 8


def ranges_of(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each run of consecutive ``numbers``, which are sorted and distinct."""
    ordered = iter(numbers)
    first = last = next(ordered, None)
    if first is None or last is None:
        return
    for number in ordered:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last


def is_among(column: Any, numbers: Sequence[int], dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition that ``column`` is one of ``numbers``, which are sorted and distinct.

    A few ranges are compared as ranges; other numbers are one parameter, which an index of the column serves on both
    databases.
    """
    ranges = list(islice(ranges_of(numbers), _MOST_RANGES + 1))
    if not ranges:
        return false()
    if len(ranges) <= _MOST_RANGES:
        return or_(*(column.between(first, last) for first, last in ranges))
    return is_listed(column, numbers, dialect)


def is_listed(column: Any, numbers: Sequence[int], dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition that ``column`` is one of ``numbers``, in any order; they are one parameter."""
    if dialect.name == "postgresql":
        listed: ColumnElement[bool] = column == any_(literal(list(numbers), ARRAY(BigInteger)))
        return listed
    values = func.json_each(json.dumps(list(numbers))).table_valued("value")
    found: ColumnElement[bool] = column.in_(select(values.c.value))
    return found
