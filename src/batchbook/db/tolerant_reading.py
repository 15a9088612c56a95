"""Stored values that the types of their columns cannot read: they are given as they are stored, and nothing fails.

Somebody may have put them there by SQL, or an older version did: SQLite takes a text for a number or a date, and
PostgreSQL has days that Python's calendar has not. Whoever shows a value sees by its type that it is none of its column.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Boolean, Engine
from sqlalchemy.types import TypeEngine

_BOOLEAN_OF = {0: False, 1: True}


def _tolerant_reader(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return what reads a value by ``read``, and gives the value itself where that fails."""

    def read_or_leave(value: Any) -> Any:
        try:
            return read(value)
        except Exception:  # noqa: BLE001 - Types are anybody's, and may raise anything.
            return value

    return read_or_leave


def read_tolerantly(engine: Engine) -> None:
    """Let no stored value keep a row from being read by ``engine``."""
    dialect: Any = engine.dialect
    bases = (_TolerantContext, dialect.execution_ctx_cls)
    dialect.execution_ctx_cls = type("TolerantContext", bases, {})


class _TolerantContext:
    """The part of SQLAlchemy's execution context that tells how the values of a column are read."""

    dialect: Any

    def get_result_processor(self, column_type: TypeEngine[Any], name: str, database_type: Any) -> Any:
        """Return what reads a value; ``None`` where the driver does."""
        if isinstance(column_type, Boolean) and not self.dialect.supports_native_boolean:
            return _read_boolean
        base: Any = super()
        read = base.get_result_processor(column_type, name, database_type)
        return None if read is None else _tolerant_reader(read)


def _read_boolean(value: Any) -> Any:
    return _BOOLEAN_OF.get(value, value)  # SQLAlchemy would take every text for yes.


def read_json(text: Any) -> Any:
    """Return what a JSON ``text`` says, itself if that is nothing."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return text


def read_text(data: bytes) -> str:
    """Return a text of SQLite, with what is not UTF-8 written out as numbers of bytes."""
    return data.decode(errors="backslashreplace")
