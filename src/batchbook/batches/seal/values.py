"""Canonical texts of stored values: the same on both databases, whichever driver reads them.

Each sealed column has a kind, such as ``integer`` or ``decimal:2``, which is part of the seal. A value is a JSON token; what
a column of that kind cannot have, such as text that SQL put into a number on SQLite, is an object that tells how it is
stored, so that it equals no proper value. ``docs/reference/seal-format.md`` describes kinds and tokens.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from json.encoder import encode_basestring
from types import NoneType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Time,
    Uuid,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from batchbook.db import ExactDecimal, UTCDateTime
from batchbook.db.stored_values import raw_text

NULL: Final = "null"
#: The kind of bytes of which the size and the SHA-256 are sealed, instead of the bytes themselves.
DIGEST = "digest"
#: The kind of types that are not known here. Their values are sealed as the texts that the driver's values have.
OTHER = "other"

#: The most values whose tokens are remembered, for each column.
_REMEMBERED = 10_000

#: Converts one value, which is not ``None``, to its token.
Convert = Callable[[Any], str]


def kind_of(column_type: TypeEngine[Any], dialect: Dialect) -> str:
    """Return the kind of the values of a column of that type."""
    if isinstance(column_type, ExactDecimal):
        return f"decimal:{column_type.scale}"
    if isinstance(column_type, UTCDateTime):
        return "moment"
    if isinstance(column_type, TypeDecorator):
        return kind_of(column_type.load_dialect_impl(dialect), dialect)
    if isinstance(column_type, Float):
        return "number"
    if isinstance(column_type, Numeric):
        return "numeric" if column_type.scale is None else f"numeric:{column_type.scale}"
    if isinstance(column_type, DateTime):
        return "moment" if column_type.timezone else "datetime"
    return next((kind for known, kind in _KINDS if isinstance(column_type, known)), OTHER)


_KINDS: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (Boolean, "boolean"),
    (Integer, "integer"),
    (String, "text"),
    (Date, "date"),
    (Time, "time"),
    (JSON, "json"),
    (LargeBinary, "bytes"),
    (Uuid, "uuid"),
)


def canonical_json(value: Any) -> str:
    """Return ``value`` as JSON without blanks, the keys of objects in order; raise ``ValueError`` if JSON cannot hold it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


class Column:
    """A sealed column with its ``name`` and ``kind``; it turns the driver's values into tokens, many at a time."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        self._tokens = _Remembered(_converter(kind))
        self._of_texts = _Remembered(lambda text: NULL if text == NULL else self._tokens.convert(int(text)))

    def tokens(self, values: Sequence[Any]) -> list[str]:
        """Return the tokens of ``values``, which the driver returned for the column."""
        kinds = set(map(type, values))
        if self.kind == "integer" and kinds == {int}:
            return [*map(str, values)]
        if self.kind == "text" and kinds == {str}:
            return [*map(encode_basestring, values)]
        kinds.discard(NoneType)
        known = self._tokens
        if len(kinds) > 1:  # Values of different types may be equal to each other, such as 1 and 1.0.
            return [NULL if value is None else known.convert(value) for value in values]
        if len(known) > _REMEMBERED or kinds - {known.kind}:
            known.forget(kinds)
        return [*map(known.__getitem__, values)]

    def tokens_of_numbers(self, texts: Sequence[str]) -> list[str]:
        """Return the tokens of whole numbers, or nulls, that are given as the ``texts`` that JSON has for them."""
        known = self._of_texts
        if len(known) > _REMEMBERED:
            known.forget({str})
        return [*map(known.__getitem__, texts)]


class _Remembered(dict[Any, str]):
    """The tokens of values of one type, each converted once."""

    def __init__(self, convert: Convert) -> None:
        self.convert = convert
        self.forget(set())

    def forget(self, kinds: Iterable[type[Any]]) -> None:
        """Forget all tokens; from now on the values are of the type in ``kinds``."""
        self.clear()
        self[None] = NULL
        self.kind = next(iter(kinds), None)

    def __missing__(self, value: Any) -> str:
        token = self[value] = self.convert(value)
        return token


def _converter(kind: str) -> Convert:
    name, _, scale = kind.partition(":")
    if name == "decimal":
        return _decimal(int(scale))
    if name == "numeric":
        return _numeric(int(scale) if scale else None)
    return _CONVERTERS[name]


def _improper(value: Any) -> str:
    """Return the token of a value that a column of its kind cannot have."""
    stored = {str: "text", bytes: "bytes", int: "integer", float: "number", Decimal: "number"}.get(
        type(value), type(value).__name__
    )
    text = base64.b64encode(value).decode() if isinstance(value, bytes) else raw_text(value)
    return canonical_json({"stored": stored, "value": text})


def _integer(value: Any) -> str:
    return str(value) if type(value) is int else _improper(value)


def _boolean(value: Any) -> str:
    # SQLite has the numbers 0 and 1.
    return (
        ("true" if value else "false") if type(value) in (bool, int) and value in (0, 1) else _improper(value)
    )


def _text(value: Any) -> str:
    return encode_basestring(value) if type(value) is str else _improper(value)


def _other(value: Any) -> str:
    return encode_basestring(value) if type(value) is str else encode_basestring(raw_text(value))


def _decimal(scale: int) -> Convert:
    """Return the conversion of an exact decimal, which is a whole number of the smallest unit on SQLite."""

    def convert(value: Any) -> str:
        if type(value) is int:
            digits = str(abs(value)).zfill(scale + 1)
            whole = f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits
            return f'"{"-" if value < 0 else ""}{whole}"'
        return _fixed(value, scale) if type(value) is Decimal and value.is_finite() else _improper(value)

    return convert


def _numeric(scale: int | None) -> Convert:
    """Return the conversion of a decimal that SQLite stores as a float."""

    def convert(value: Any) -> str:
        if type(value) not in (Decimal, float, int) or not math.isfinite(value):
            return _improper(value)
        exact = value if type(value) is Decimal else Decimal(repr(value))
        if scale is not None:
            return _fixed(exact, scale)
        return f'"{exact.normalize() + 0:f}"'

    return convert


def _fixed(value: Decimal, scale: int) -> str:
    text = f"{value:.{scale}f}"
    return f'"{text}"' if Decimal(text) == value else f'"{value.normalize():f}"'


def _number(value: Any) -> str:
    if type(value) not in (int, float) or not math.isfinite(value):
        return _improper(value)
    return canonical_json(int(value) if float(value).is_integer() else value)


def _whole_or_float(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):  # Python reads the last value of a key, and SQLite the first.
        raise ValueError("An object has a key twice.")
    return found


def _json(value: Any) -> str:
    # The databases write the same number differently, such as 1e20; a whole number is one however it is written.
    try:
        token = canonical_json(json.loads(value, object_pairs_hook=_object, parse_float=_whole_or_float))
    except (TypeError, ValueError, RecursionError):
        return _improper(value)
    return _improper(value) if token == NULL else token


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATETIME = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}\.\d{6})")
_TIME = re.compile(r"\d{2}:\d{2}:\d{2}\.\d{6}")


def _date(value: Any) -> str:
    if type(value) is date:
        return f'"{value.isoformat()}"'
    return f'"{value}"' if type(value) is str and _DATE.fullmatch(value) else _improper(value)


def _time(value: Any) -> str:
    if type(value) is time:
        return f'"{value.isoformat("microseconds")}"'
    return f'"{value}"' if type(value) is str and _TIME.fullmatch(value) else _improper(value)


def _moment(value: Any) -> str:
    if type(value) is datetime and value.tzinfo is not None:
        return f'"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")}Z"'
    return _stored_time(value, "Z")


def _datetime(value: Any) -> str:
    if type(value) is datetime and value.tzinfo is None:
        return f'"{value.isoformat(timespec="microseconds")}"'
    return _stored_time(value, "")


def _stored_time(value: Any, zone: str) -> str:
    found = _DATETIME.fullmatch(value) if type(value) is str else None
    return f'"{found[1]}T{found[2]}{zone}"' if found else _improper(value)


def _bytes(value: Any) -> str:
    return f'"{base64.b64encode(value).decode()}"' if type(value) is bytes else _improper(value)


def _digest(value: Any) -> str:
    if type(value) is not bytes:
        return _improper(value)
    return f'"{len(value)}:{hashlib.sha256(value).hexdigest()}"'


def _uuid(value: Any) -> str:
    try:
        return f'"{value if type(value) is UUID else UUID(value)}"'
    except (AttributeError, TypeError, ValueError):
        return _improper(value)


_CONVERTERS: dict[str, Convert] = {
    "integer": _integer,
    "boolean": _boolean,
    "text": _text,
    "date": _date,
    "time": _time,
    "moment": _moment,
    "datetime": _datetime,
    "number": _number,
    "json": _json,
    "bytes": _bytes,
    DIGEST: _digest,
    "uuid": _uuid,
    OTHER: _other,
}
