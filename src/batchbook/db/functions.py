"""SQL functions that both databases lack or spell differently."""

from __future__ import annotations

from typing import Any

from sqlalchemy import SQLColumnExpression
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from batchbook.db.types import ExactDecimal

_PRECISION = 14
#: The largest result in hundredths of a per cent.
_MOST = 10**_PRECISION - 1


class percent_change(FunctionElement[Any]):  # noqa: N801 - Reads as a function of SQL, like func.round.
    """By how many per cent the second of two :class:`ExactDecimal` columns of one scale differs from the first.

    Rounded to two digits behind the point; null where the first is null or zero. A change beyond what the result's
    type holds, such as from a cent to billions, is given as the largest that it holds.
    """

    name = "percent_change"
    inherit_cache = True
    type = ExactDecimal(_PRECISION, 2)

    def __init__(self, old: SQLColumnExpression[Any], new: SQLColumnExpression[Any]) -> None:
        super().__init__(old, new)


@compiles(percent_change)
def _postgresql(element: percent_change, compiler: Any, **options: Any) -> str:
    old, new = (compiler.process(clause, **options) for clause in element.clauses)
    change = f"({new} - {old}) * 100 / nullif({old}, 0)"
    # LEAST and GREATEST skip nulls, so no change would become the largest; CASE keeps it null.
    most = f"{_MOST / 100:.2f}"
    return f"CASE WHEN abs({change}) > {most} THEN sign({change}) * {most} ELSE round({change}, 2) END"


@compiles(percent_change, "sqlite")
def _sqlite(element: percent_change, compiler: Any, **options: Any) -> str:
    # Both are whole numbers of smallest units, and so is the result: hundredths of a per cent.
    old, new = (compiler.process(clause, **options) for clause in element.clauses)
    change = f"({new} - {old}) * 10000.0 / nullif({old}, 0)"
    return f"CAST(max(min(round({change}), {_MOST}), -{_MOST}) AS INTEGER)"
