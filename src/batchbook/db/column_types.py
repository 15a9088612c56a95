"""Column types that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import NoneType
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Numeric, SmallInteger
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator, TypeEngine


def utc_now() -> datetime:
    """Return the current time of the server as an aware datetime in UTC."""
    return datetime.now(UTC)


def integer_limits(column_type: Integer) -> tuple[int, int]:
    """Return the smallest and the largest integer that a column of that type stores on PostgreSQL."""
    bits = next((bits for known, bits in _BITS if isinstance(column_type, known)), 31)
    return -(2**bits), 2**bits - 1


_BITS: tuple[tuple[type[Integer], int], ...] = ((SmallInteger, 15), (BigInteger, 63))


class UTCDateTime(TypeDecorator[datetime]):
    """A time in UTC. Values are aware; a naive one raises ``ValueError``, because it is ambiguous."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return ``timestamptz`` on PostgreSQL, and ISO text, which sorts by time, on SQLite."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert the value to UTC, without a zone on SQLite, which stores none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; Batchbook stores times in UTC.")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature.
        """Return an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: The ``info`` of a column that records the name of a user: users named in such a column cannot be deleted, so that
#: a name is never reused for another person.
USER_NAME: dict[str, Any] = {"user_name": True}

#: The number of digits that always fit an integer of 64 bits.
_MOST_DIGITS = 18


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal number with ``scale`` decimal places, exact on both databases.

    PostgreSQL stores ``NUMERIC(precision, scale)``. SQLite has no exact decimal, so there the value is stored as an
    integer count of the smallest unit (4.99 at scale 2 is 499): it compares, sorts, adds and indexes exactly. An
    expression in SQL may therefore compare or subtract columns of the same scale, and multiply or divide by whole
    numbers; do anything else in Python.

    Values with more decimal places than ``scale`` raise ``ValueError`` and are not rounded. A ``precision`` above 18
    raises it as well, because the integers of SQLite cannot hold all such values.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int = 12, scale: int = 2) -> None:
        if not 0 <= scale <= precision <= _MOST_DIGITS:
            raise ValueError(
                f"An ExactDecimal has at most {_MOST_DIGITS} digits, as many as an integer of SQLite holds."
            )
        super().__init__(precision, scale)
        self.precision = precision
        self.scale = scale
        self._unit = Decimal(1).scaleb(-scale)
        self._limit = Decimal(10) ** (precision - scale)
        one = rf"(?:None|-?[0-9]{{1,{max(1, precision - scale)}}}\.[0-9]{{{scale}}})"
        self._all_fit = re.compile(rf"{one}(?:\n{one})*").fullmatch

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return ``NUMERIC`` on PostgreSQL, and an integer count of the smallest unit on SQLite."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(self.precision, self.scale))

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> Any:
        """Check that the value fits, and scale it for SQLite."""
        if value is None:
            return None
        exact = Decimal(value)
        if not exact.is_finite() or abs(exact) >= self._limit or exact != exact.quantize(self._unit):
            raise ValueError(
                f"{value} does not fit a decimal number of {self.precision} digits with {self.scale} after the decimal point."
            )
        return int(exact.scaleb(self.scale)) if dialect.name == "sqlite" else exact

    def bind_many(self, values: Sequence[Decimal | int | None], dialect: Dialect) -> Sequence[Any]:
        """Check and scale many values at once, ten times faster if all of them already have ``scale`` decimal places."""
        texts = "\n".join(map(str, values))
        if not (set(map(type, values)) <= {Decimal, NoneType} and self._hold(texts)):
            return [self.process_bind_param(value, dialect) for value in values]
        if dialect.name != "sqlite":
            return values
        scaled = texts.replace(".", "").split("\n")
        return (
            [None if text == "None" else int(text) for text in scaled]
            if None in values
            else [*map(int, scaled)]
        )

    def holds_all(self, values: Sequence[Decimal]) -> bool:
        """Return whether all ``values`` fit and already have ``scale`` decimal places."""
        return self._hold("\n".join(map(str, values)))

    def _hold(self, texts: str) -> bool:
        return 0 < self.scale < self.precision and self._all_fit(texts) is not None

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return a ``Decimal`` with exactly ``scale`` decimal places."""
        if dialect.name != "sqlite" or not isinstance(value, (int, float)):
            return value  # Including text that was stored by SQL: it is no number, even if it looks like one.
        return Decimal(value).scaleb(-self.scale)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        """Return this type for operands that are scaled like the column, and ``Integer`` for whole factors, which are not."""
        if op not in _FACTOR_OPERATORS:
            return self
        if not isinstance(value, int):
            raise TypeError(
                "Multiply or divide an ExactDecimal column by whole numbers only; see its docstring."
            )
        return Integer()


_FACTOR_OPERATORS = frozenset({operators.mul, operators.truediv, operators.floordiv, operators.mod})
