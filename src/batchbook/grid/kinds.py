"""The kinds of value that a grid knows: each has its verbs, its parser and its way to be shown."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Enum, Integer, Numeric, String
from sqlalchemy.types import TypeDecorator, TypeEngine


class Kind(StrEnum):
    """What a column's values are to the people who read, filter and edit them."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    USER = "user"


#: Kinds whose figures are compared digit by digit, so they stand at the right edge of a column.
NUMERIC_KINDS = frozenset({Kind.INTEGER, Kind.DECIMAL})

# Enum comes before String, which it extends.
_KINDS: tuple[tuple[type[TypeEngine[Any]], Kind], ...] = (
    (Enum, Kind.CHOICE),
    (Boolean, Kind.BOOLEAN),
    (Integer, Kind.INTEGER),
    (DateTime, Kind.DATETIME),
    (Date, Kind.DATE),
    (String, Kind.TEXT),
    (Numeric, Kind.DECIMAL),
)


def kind_of(column_type: TypeEngine[Any]) -> Kind:
    """Return the kind that fits a SQLAlchemy type; a decorated type counts as what it decorates.

    Raises ``TypeError`` for a type that no kind fits, such as JSON, UUID or an inexact float.
    """
    plain = column_type.impl_instance if isinstance(column_type, TypeDecorator) else column_type
    for known, kind in _KINDS:
        if isinstance(plain, known):
            return kind
    raise TypeError(f"A grid cannot show {column_type!r}; leave the column out or give it a kind of its own.")
