"""Values of columns as JSON, made by the database: the same texts on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Text,
    case,
    cast,
    func,
    literal_column,
    type_coerce,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from batchbook.db import ExactDecimal, UTCDateTime

_NULL: ColumnElement[str] = literal_column("'null'", Text())


def json_value(value: ColumnElement[Any], dialect: str) -> ColumnElement[str]:
    """Return in SQL the JSON text of ``value``, an expression with the type of a column; ``null`` for no value.

    Whole numbers and truth values are as JSON has them. Decimals are texts with all their decimal places, dates and moments in
    UTC texts as ISO 8601 writes them, and values of other types are the texts as which the database casts them.
    """
    kind = _implementation(value.type)
    if dialect == "postgresql":
        return func.coalesce(_on_postgresql(value, kind), _NULL)
    return _on_sqlite(type_coerce(value, kind if isinstance(kind, Integer) else Text()), kind)


def _implementation(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    if isinstance(kind, TypeDecorator) and not isinstance(kind, (ExactDecimal, UTCDateTime)):
        return _implementation(kind.impl_instance)
    return kind


def _on_postgresql(value: ColumnElement[Any], kind: TypeEngine[Any]) -> ColumnElement[Any]:
    if isinstance(kind, (Boolean, Integer)):
        return cast(value, Text)
    if isinstance(kind, UTCDateTime):
        value = func.to_char(func.timezone("UTC", value), 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
    elif isinstance(kind, Date):
        value = func.to_char(value, "YYYY-MM-DD")
    return cast(func.to_json(cast(value, Text)), Text)


# SQLite can have a value of any type in any column. Such a one is kept as its text, too.
def _on_sqlite(value: ColumnElement[Any], kind: TypeEngine[Any]) -> ColumnElement[Any]:
    text = func.json_quote(cast(value, Text))
    if isinstance(kind, Boolean):
        number = type_coerce(value, Integer)
        return case(
            (number == 1, literal_column("'true'")), (number == 0, literal_column("'false'")), else_=text
        )
    if isinstance(kind, Integer):
        return case((func.typeof(value) == "integer", cast(value, Text)), else_=text)
    if isinstance(kind, ExactDecimal):
        number = type_coerce(value, BigInteger)
        return case((func.typeof(value) == "integer", _scaled(number, kind.scale)), else_=text)
    if isinstance(kind, UTCDateTime):
        return func.json_quote(func.substr(value, 1, 10) + "T" + func.substr(value, 12) + "+00:00")
    return text


def _scaled(number: ColumnElement[int], scale: int) -> ColumnElement[str]:
    """Return in SQL a whole number of the smallest unit as a decimal."""
    if scale == 0:
        return func.printf('"%d"', number)
    unit, sign = 10**scale, case((number < 0, "-"), else_="")
    size = func.abs(number, type_=BigInteger)
    return func.printf(f'"%s%d.%0{scale}d"', sign, size // unit, size % unit)
