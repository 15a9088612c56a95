"""Stored values: checking values before they are stored, the same on both databases, and reading invalid ones.

SQLite itself would store nearly anything. Whole columns of values are checked at once: if all of them have the column's
own type, only their types and extremes are examined, without a call for each value.

A stored value that the type of its column cannot read is returned as it is stored, instead of raising an error. It may have
been written by SQL or by an older version: SQLite accepts text for a number or a date, and PostgreSQL has dates outside
Python's calendar. Code that displays a value recognises an invalid one by its type.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any

from sqlalchemy import JSON, Boolean, Date, DateTime, Dialect, Engine, Enum, Integer, Numeric, String
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine

from batchbook.db.column_types import ExactDecimal, UTCDateTime, integer_limits
from batchbook.words import is_storable

_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
#: A float represents every whole number exactly up to this one.
_EXACT_FLOAT = 2**53


@dataclass(frozen=True)
class _Rule:
    """The values that a column stores: in words, as a check of many values, and as a conversion of one.

    No value is ``None``. ``all_fit`` receives the types of the values too, and may return False although each value
    would fit by itself. ``one`` returns a value as it is stored, and raises an error if it cannot be stored.
    """

    wanted: str
    all_fit: Callable[[AbstractSet[type[Any]], Sequence[Any]], bool]
    one: Callable[[Any], Any]


def storable_values(
    column_type: TypeEngine[Any], values: Sequence[Any], dialect: Dialect
) -> tuple[Sequence[Any], Mapping[int, str]]:
    """Return ``values`` as a column of that type stores them, with ``None`` for those that it cannot store.

    The mapping has the index of each of the latter, with a description of valid values, such as “a whole number from 0
    to 9”. Only equivalent values are converted, such as 7 to ``Decimal(7)``: nothing is rounded or truncated, and no
    text is read as a number or a date.
    """
    kinds: set[type[Any]] = set(map(type, values))
    present = [value for value in values if value is not None] if NoneType in kinds else values
    kinds.discard(NoneType)
    if not kinds:
        return values, {}
    rule = _rule_of(column_type, dialect)
    if rule.all_fit(kinds, present):
        return values, {}
    stored: list[Any] = []
    unfit: dict[int, str] = {}
    for index, value in enumerate(values):
        try:
            stored.append(None if value is None else rule.one(value))
        except Exception:  # noqa: BLE001 - A value may be any object, and raise any error.
            stored.append(None)
            unfit[index] = rule.wanted
    return stored, unfit


def why_not_stored(column_type: TypeEngine[Any], value: Any) -> str | None:
    """Return a description of valid values if a column of that type can't store ``value`` on each database, or ``None``."""
    _stored, unfit = storable_values(column_type, [value], sqlite.dialect())
    return unfit.get(0)


def raw_text(value: Any) -> str:
    """Return ``value``, of any type, as text."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode(errors="backslashreplace")
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - An object may raise an error, and so does an integer of thousands of digits.
        return hex(value) if isinstance(value, int) else f"<{type(value).__name__}>"


def _rule_of(column_type: TypeEngine[Any], dialect: Dialect) -> _Rule:
    if isinstance(column_type, ExactDecimal):
        return _decimals(
            column_type, lambda kinds, present: kinds == {Decimal} and column_type.holds_all(present)
        )
    if isinstance(column_type, UTCDateTime):
        return _Rule("a date and time with its time zone", _all_aware, _moment)
    if isinstance(column_type, TypeDecorator):
        return _decorated(column_type, dialect)
    for known, make in _MAKERS:
        if isinstance(column_type, known):
            return make(column_type)
    process = column_type.dialect_impl(dialect).bind_processor(dialect)
    return _Rule(
        "a value of the column's type", _never, _unchanged(process) if process else lambda value: value
    )


def _never(_kinds: AbstractSet[type[Any]], _present: Sequence[Any]) -> bool:
    return False


def _ensure(fits: bool) -> None:
    if not fits:
        raise ValueError("The column cannot store this value.")


def _unchanged(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that returns its argument unless ``check`` raises."""

    def one(value: Any) -> Any:
        check(value)
        return value

    return one


def _integers(column_type: Integer) -> _Rule:
    low, high = integer_limits(column_type)

    def all_fit(kinds: AbstractSet[type[Any]], present: Sequence[Any]) -> bool:
        return kinds == {int} and low <= min(present) and max(present) <= high

    def one(value: Any) -> int:
        _ensure(isinstance(value, (int, float, Decimal)) and not isinstance(value, bool))
        number = int(value)
        _ensure(number == value and low <= number <= high)
        _ensure(not isinstance(value, float) or abs(number) <= _EXACT_FLOAT)
        return number

    return _Rule(f"a whole number from {low:,} to {high:,}", all_fit, one)


def _decimals(
    column_type: Any, all_fit: Callable[[AbstractSet[type[Any]], Sequence[Any]], bool] = _never
) -> _Rule:
    precision, scale = column_type.precision, column_type.scale
    limited = precision is not None and scale is not None

    def one(value: Any) -> Decimal:
        _ensure(isinstance(value, (int, float, Decimal)) and not isinstance(value, bool))
        exact = Decimal(value)
        _ensure(exact.is_finite() and (not limited or abs(exact) < Decimal(10) ** (precision - scale)))
        _ensure(scale is None or exact == exact.quantize(Decimal(1).scaleb(-scale)))
        return exact

    digits = f" with at most {precision} digits, {scale} of them after the decimal point" if limited else ""
    return _Rule(f"a decimal number{digits}", all_fit, one)


def _numerics(column_type: Numeric[Any]) -> _Rule:
    def one(value: Any) -> float:
        _ensure(isinstance(value, (int, float, Decimal)) and math.isfinite(value))
        return float(value)

    return _decimals(column_type) if column_type.asdecimal else _Rule("a number", _never, one)


def _texts(column_type: String) -> _Rule:
    longest = column_type.length

    def all_fit(kinds: AbstractSet[type[Any]], present: Sequence[Any]) -> bool:
        fits = kinds == {str} and (longest is None or max(map(len, present)) <= longest)
        return fits and is_storable("".join(present))

    def one(value: Any) -> str:
        text = str.__str__(value)  # For a member of an enum, its text rather than its own str().
        _ensure((longest is None or len(text) <= longest) and is_storable(text))
        return text

    most = "" if longest is None else f" of at most {longest:,} characters"
    return _Rule(f"a text{most} that databases can store", all_fit, one)


def _booleans(_column_type: Boolean) -> _Rule:
    def one(value: Any) -> bool:
        _ensure(isinstance(value, int) and value in (0, 1))
        return bool(value)

    return _Rule("yes or no", lambda kinds, _present: kinds == {bool}, one)


def _dates(_column_type: Date) -> _Rule:
    # A datetime is a date to Python, but its time would be lost.
    one = _unchanged(lambda value: _ensure(isinstance(value, date) and not isinstance(value, datetime)))
    return _Rule("a date", lambda kinds, _present: kinds == {date}, one)


def _datetimes(column_type: DateTime) -> _Rule:
    zone = "with its" if column_type.timezone else "without"

    def check(value: Any) -> None:
        _ensure(isinstance(value, datetime) and (value.tzinfo is not None) == column_type.timezone)

    return _Rule(f"a date and time {zone} time zone", _never, _unchanged(check))


def _all_aware(kinds: AbstractSet[type[Any]], present: Sequence[Any]) -> bool:
    return kinds == {datetime} and all(value.tzinfo is UTC for value in present)


def _moment(value: datetime) -> datetime:
    _ensure(value.utcoffset() is not None)
    return value.astimezone(UTC)


def _enums(column_type: Enum) -> _Rule:
    known = column_type.enum_class

    def check(value: Any) -> None:
        _ensure(isinstance(value, known) if known else value in column_type.enums)

    return _Rule("one of the column's choices", _never, _unchanged(check))


def _json(_column_type: JSON) -> _Rule:
    def check(value: Any) -> None:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        _ensure(is_storable(text) and not _NUL_IN_JSON.search(text))

    return _Rule("data as JSON has it", _never, _unchanged(check))


def _decorated(column_type: TypeDecorator[Any], dialect: Dialect) -> _Rule:
    """Return the rule of a type that a plug-in derived from another one, which must be able to store the bound value."""
    inner = _rule_of(column_type.load_dialect_impl(dialect), dialect)
    if type(column_type).process_bind_param is TypeDecorator.process_bind_param:
        return inner

    def check(value: Any) -> None:
        bound = column_type.process_bind_param(value, dialect)
        if bound is not None:
            inner.one(bound)

    return _Rule(inner.wanted, _never, _unchanged(check))


# Enum comes before String, which it extends.
_MAKERS: tuple[tuple[type[TypeEngine[Any]], Callable[[Any], _Rule]], ...] = (
    (Enum, _enums),
    (Boolean, _booleans),
    (Integer, _integers),
    (DateTime, _datetimes),
    (Date, _dates),
    (String, _texts),
    (Numeric, _numerics),
    (JSON, _json),
)


_BOOLEAN_OF = {0: False, 1: True}


def _tolerant_reader(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that reads a value with ``read``, and returns the value itself if that fails."""

    def read_or_leave(value: Any) -> Any:
        try:
            return read(value)
        except Exception:  # noqa: BLE001 - Types of plug-ins may raise any error.
            return value

    return read_or_leave


def read_tolerantly(engine: Engine) -> None:
    """Let ``engine`` read rows with invalid values without errors."""
    dialect: Any = engine.dialect
    bases = (_TolerantContext, dialect.execution_ctx_cls)
    dialect.execution_ctx_cls = type("TolerantContext", bases, {})


class _TolerantContext:
    """A mixin for SQLAlchemy's execution context that reads the values of columns tolerantly."""

    dialect: Any

    def get_result_processor(self, column_type: TypeEngine[Any], name: str, database_type: Any) -> Any:
        """Return a function that reads a value, or ``None`` if the driver's value is used as it is."""
        if isinstance(column_type, Boolean) and not self.dialect.supports_native_boolean:
            return lambda value: _BOOLEAN_OF.get(value, value)  # SQLAlchemy reads any text as True.
        base: Any = super()
        read = base.get_result_processor(column_type, name, database_type)
        return None if read is None else _tolerant_reader(read)


def read_json(text: Any) -> Any:
    """Return the value of a JSON ``text``, or ``text`` itself if it is not valid JSON."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return text


def read_text(data: bytes) -> str:
    """Return a text of SQLite, with invalid UTF-8 as escaped bytes."""
    return data.decode(errors="backslashreplace")
