"""Many whole numbers fetched as one value: an aggregate, because a row for each of a million takes its time.

While the database works, other threads of the process run: it is one step for them, not a million.
"""

from __future__ import annotations

import sys
from array import array
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement


class _packed(FunctionElement[Any]):  # noqa: N801 - Reads as a function of SQL, like func.sum.
    """The values of a column of whole numbers in the order of the rows, as text or bytes; null without rows."""

    name = "packed"
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(cast(column, BigInteger))


@compiles(_packed, "sqlite")
def _packed_on_sqlite(element: _packed, compiler: Any, **options: Any) -> str:
    # SQLite keeps the order of a subquery for this function.
    return f"group_concat({compiler.process(element.clauses, **options)})"


@compiles(_packed, "postgresql")
def _packed_on_postgresql(element: _packed, compiler: Any, **options: Any) -> str:
    return f"string_agg(int8send({compiler.process(element.clauses, **options)}), ''::bytea)"


def fetch_numbers(session: Session, statement: Select[Any]) -> array[int]:
    """Return the whole numbers that ``statement`` selects, in one column without nulls and in its order."""
    (column,) = statement.subquery().c
    value = session.scalar(select(_packed(column)))
    if isinstance(value, str):
        return array("q", map(int, value.split(",")))
    numbers = array("q")
    if value:
        numbers.frombytes(value)
        if sys.byteorder == "little":
            numbers.byteswap()
    return numbers
