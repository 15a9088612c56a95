"""SQL functions that both databases lack or spell differently."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from batchbook.db.types import ExactDecimal


class percent_change(FunctionElement[Any]):  # noqa: N801 - Reads as a function of SQL, like func.round.
    """By how many per cent the second of two :class:`ExactDecimal` columns of one scale differs from the first.

    Rounded to two digits behind the point; null where the first is null or zero.
    """

    name = "percent_change"
    inherit_cache = True
    type = ExactDecimal(14, 2)

    def __init__(self, old: ColumnElement[Any], new: ColumnElement[Any]) -> None:
        super().__init__(old, new)


@compiles(percent_change)
def _postgresql(element: percent_change, compiler: Any, **options: Any) -> str:
    old, new = (compiler.process(clause, **options) for clause in element.clauses)
    return f"round(({new} - {old}) * 100 / nullif({old}, 0), 2)"


@compiles(percent_change, "sqlite")
def _sqlite(element: percent_change, compiler: Any, **options: Any) -> str:
    # Both are whole numbers of smallest units, and so is the result: hundredths of a per cent.
    old, new = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(round(({new} - {old}) * 10000.0 / nullif({old}, 0)) AS INTEGER)"
