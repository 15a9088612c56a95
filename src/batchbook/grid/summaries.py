"""Counts, sums and averages of the cells of many rows, worked out by the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any, Self

from sqlalchemy import BigInteger, ColumnElement, case, func, type_coerce
from sqlalchemy.sql.elements import Label

from batchbook.grid.cells import render
from batchbook.grid.columns import NUMERIC_KINDS, Column, Kind
from batchbook.grid.filters import is_empty
from batchbook.grid.key_cache import KeptKeys
from batchbook.grid.number_formats import with_signs
from batchbook.grid.parsers import CANONICAL, Conventions
from batchbook.grid.state import GridState
from batchbook.grid.windows import Windows, among

#: The number of rows whose keys are given to one statement.
_KEYS_AT_ONCE = 50_000
#: Digits of an average behind those that the column has.
_MORE_DIGITS = 2
#: Digits with which averages are worked out: more than any sum has.
_PRECISION = 60
#: Numbers are summed in two parts, their multiples of this number and the rest, where a sum of theirs might overflow.
_SPLIT = 10**6


@dataclass(frozen=True)
class Summary:
    """The number of the cells of a column that are not empty and, of numbers, their sum."""

    count: int = 0
    total: Decimal | int | None = None

    def __add__(self, other: Self) -> Summary:
        """Return the summary of these cells and ``other`` ones together."""
        totals = [one.total for one in (self, other) if one.total is not None]
        return Summary(self.count + other.count, sum(totals) if totals else None)

    def texts(self, column: Column, conventions: Conventions = CANONICAL) -> dict[str, Any]:
        """Return the summary as JSON with ``count``, ``sum`` and ``average``, the last two as people with ``conventions`` read them; they are null where no cell has a number, or one is not finite."""
        if self.total is None or not self.count or not Decimal(self.total).is_finite():
            return {"count": self.count, "sum": None, "average": None}
        digits = (column.scale or 0) + _MORE_DIGITS
        with localcontext(prec=_PRECISION):
            average = (Decimal(self.total) / self.count).quantize(Decimal(1).scaleb(-digits)).normalize()
        return {
            "count": self.count,
            "sum": render(column, self.total, conventions=conventions),
            "average": with_signs(f"{average:,f}", conventions),
        }


def summarize(
    windows: Windows, state: GridState, first: int, count: int, columns: Sequence[Column], token: str = ""
) -> dict[str, Summary]:
    """Return the summaries of ``columns``, by name, in the rows at the positions ``first`` to ``first + count``."""
    _, kept = windows.find_keys(state, first, first + count, token)
    summaries = {column.name: Summary() for column in columns}
    is_split = windows.session.get_bind().dialect.name == "sqlite"
    for condition in _parts(windows, state, kept, first, first + count):
        statement = windows.grid.identities(condition).with_only_columns(
            *(part for column in columns for part in _aggregates(column, is_split=is_split)),
            maintain_column_froms=True,
        )
        values = windows.session.execute(statement).one()._mapping
        for column in columns:
            summaries[column.name] += Summary(values[f"count_{column.name}"], _total(column, values))
    return summaries


def _parts(
    windows: Windows, state: GridState, kept: KeptKeys, first: int, end: int
) -> Iterator[ColumnElement[bool]]:
    """Yield conditions for the rows, part by part."""
    if first == 0 and end >= kept.total:
        yield windows.grid.where(state, windows.user)
        return
    keys = kept.between(first, end)
    size = len(keys) or 1 if isinstance(keys, range) else _KEYS_AT_ONCE
    for start in range(0, len(keys), size):
        part = keys[start : start + size]
        yield among(windows.grid.identity, part, windows.session.get_bind().dialect)


def _is_summed(column: Column) -> bool:
    return column.kind in NUMERIC_KINDS


def _aggregates(column: Column, *, is_split: bool) -> Iterator[Label[Any]]:
    """Yield the aggregates that count and sum the cells of ``column``.

    SQLite sums whole numbers of 64 bits, and fails where the sum has more: the sum is ``is_split`` there.
    """
    expression: Any = column.expression
    yield func.count(case((~is_empty(expression), 1))).label(f"count_{column.name}")
    if not _is_summed(column):
        return
    if not is_split:
        yield func.sum(expression, type_=expression.type).label(f"sum_{column.name}")
        return
    stored: Any = type_coerce(expression, BigInteger)
    yield func.sum(stored // _SPLIT).label(f"sum_{column.name}")
    yield func.sum(stored % _SPLIT).label(f"rest_{column.name}")


def _total(column: Column, values: Mapping[Any, Any]) -> Decimal | int | None:
    total: Decimal | int | None = values.get(f"sum_{column.name}")
    if total is None or f"rest_{column.name}" not in values:
        return total
    whole = Decimal(total) * _SPLIT + Decimal(values[f"rest_{column.name}"] or 0)
    return whole.scaleb(-(column.scale or 0)) if column.kind is Kind.DECIMAL else whole
