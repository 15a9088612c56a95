"""Conditions for many numbers in one parameter, so that a statement does not grow with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Dialect, any_, false, func, literal, or_, select

#: The most ranges that are written as ranges; where there are more, the numbers are listed in one parameter.
_MOST_RANGES = 8


def ranges_of(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each run of consecutive ``numbers``, which are sorted and distinct."""
    ordered = list(numbers)
    if not ordered:
        return
    gaps = [at for at, (one, other) in enumerate(pairwise(ordered), start=1) if other != one + 1]
    for start, end in pairwise([0, *gaps, len(ordered)]):
        yield ordered[start], ordered[end - 1]


def is_among(column: Any, numbers: Sequence[int], dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition that ``column`` is one of ``numbers``, which are sorted and distinct.

    A few ranges are compared as ranges; other numbers are one parameter, which an index of the column serves on both
    databases.
    """
    ranges = list(ranges_of(numbers))
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
