"""Conditions for many numbers in one parameter, so that a statement does not grow with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Dialect,
    Text,
    any_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

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
    return _is_in(column, literal(numbers, NumberList()), dialect.name)


def is_in_parameter(column: Any, name: str, dialect: str) -> ColumnElement[bool]:
    """Return the condition that ``column`` is one of the numbers in the parameter ``name``, for a statement that is made once.

    ``dialect`` is the name of that of the database. A sequence of numbers is the parameter's value.
    """
    return _is_in(column, bindparam(name, type_=NumberList()), dialect)


def _is_in(column: Any, numbers: ColumnElement[Any], dialect: str) -> ColumnElement[bool]:
    if dialect == "postgresql":
        listed: ColumnElement[bool] = column == any_(numbers)
        return listed
    values = func.json_each(numbers).table_valued("value")
    found: ColumnElement[bool] = column.in_(select(values.c.value))
    return found


class NumberList(TypeDecorator[Sequence[int]]):
    """The type of a parameter with any quantity of numbers: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the database."""
        return dialect.type_descriptor(ARRAY(BigInteger) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        """Return the numbers as the driver takes them."""
        numbers = list(value or ())
        return numbers if dialect.name == "postgresql" else json.dumps(numbers)
