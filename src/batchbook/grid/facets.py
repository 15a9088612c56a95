"""Facets: the most frequent values of a column with their counts, and histograms of its numbers and dates."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, desc, func, null, select, type_coerce
from sqlalchemy.orm import Session

from batchbook.grid.bins import edges_of, last_before
from batchbook.grid.cells import is_readable
from batchbook.grid.columns import Column, Kind, limits_of
from batchbook.grid.filters import condition, is_empty
from batchbook.grid.query import Grid
from batchbook.grid.state import GridState
from batchbook.grid.verbs import Verb

#: Kinds whose values are shown as a histogram; of others the most frequent ones are listed.
RANGED = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.DATE, Kind.DATETIME})


@dataclass(frozen=True)
class ValueCount:
    """A value of a column, and the number of rows that have it."""

    value: Any
    count: int


@dataclass(frozen=True)
class ValueCounts:
    """The most frequent ``values`` of a column, the number of rows where it is ``empty``, and whether there are ``more`` values."""

    values: tuple[ValueCount, ...] = ()
    empty: int = 0
    more: bool = False


@dataclass(frozen=True)
class Bin:
    """A range of values, from ``first`` to ``last`` inclusive, and the number of rows whose value is in it."""

    first: Any
    last: Any
    count: int


@dataclass(frozen=True)
class Histogram:
    """The distribution of a column's values over ``bins`` of equal width, and the number of rows where it is ``empty``.

    ``low`` and ``high`` are the least and the largest value of all rows. Moments are counted by days. There are no bins if there are no
    values, or if one of them is not ``readable``.
    """

    bins: tuple[Bin, ...] = ()
    empty: int = 0
    low: Any = None
    high: Any = None
    readable: bool = True


def count_values(
    session: Session,
    grid: Grid,
    state: GridState,
    user: str | None,
    column: Column,
    most: int,
    chosen: Collection[Any] = (),
) -> ValueCounts:
    """Return the ``most`` frequent values of ``column`` under the filters of ``state``, in one pass over its rows.

    The ``chosen`` values are among them, however rare they are; that takes another pass if one is not frequent.
    """
    grouped = _grouped(_values(grid, state, user, column))
    value, rows = grouped.c
    # Empty ones come first, because they are told apart: as null, and for texts as an empty one as well.
    order = (desc(case((is_empty(value), 1), else_=0)), desc(rows), value)
    found = session.execute(select(value, rows).order_by(*order).limit(most + 3)).all()
    empty = sum(count for one, count in found if _is_blank(one))
    values = [ValueCount(one, count) for one, count in found if not _is_blank(one)]
    more = len(values) > most
    return ValueCounts(_with_chosen(session, grouped, values[:most], chosen), empty, more)


def counts_of(known: Mapping[Any, int], values: Sequence[Any]) -> ValueCounts:
    """Return the counts of ``values``, which are ``known`` already; what is known of others are empty cells."""
    counts = [ValueCount(value, known.get(value, 0)) for value in values]
    counts.sort(key=lambda one: -one.count)
    return ValueCounts(
        tuple(one for one in counts if one.count), sum(known.values()) - sum(c.count for c in counts)
    )


def histogram(session: Session, grid: Grid, state: GridState, user: str | None, column: Column) -> Histogram:
    """Return the histogram of ``column``, of one of the :data:`RANGED` kinds, under the filters of ``state``.

    The bins span the values of all rows, so that they stay as they are while filters change. One pass over all rows finds
    their bounds, which is cheap, and one pass over those of the filters counts all bins.
    """
    everything = _values(grid, GridState(), user, column)
    bounds = select(func.min(everything.c.value), func.max(everything.c.value))
    low, high = session.execute(bounds).one()
    readable = low is None or (_fits(column, low) and _fits(column, high))
    if low is None or not readable:
        rows = select(func.count()).where(everything.c.value.is_(None))
        return Histogram(empty=session.scalar(rows) or 0, readable=readable)
    low, high = (_as_counted(one, grid) for one in (low, high))
    edges = edges_of(column, low, high)
    counts = _count_bins(session, grid, _values(grid, state, user, column), column, edges[1:-1])
    bins = [
        Bin(max(first, low), min(last_before(column, end), high), counts.get(place, 0))
        for place, (first, end) in enumerate(pairwise(edges))
    ]
    return Histogram(tuple(bins), counts.get(None, 0), low, high)


def _values(grid: Grid, state: GridState, user: str | None, column: Column) -> Subquery:
    """Return the values of ``column`` in the rows under the filters of ``state``, as a table with the column ``value``."""
    rows: Select[Any] = grid.filtered(state, user)
    # With the filters, an index by which values could be grouped would cost a look-up of each row on SQLite: none serves this.
    expression: Any = column.expression
    value = (
        type_coerce(func.coalesce(expression, null()), expression.type) if state.is_narrowed else expression
    )
    return rows.with_only_columns(value.label("value"), maintain_column_froms=True).subquery()


def _grouped(values: Subquery) -> Subquery:
    value = values.c.value
    return select(value, func.count().label("rows")).group_by(value).subquery()


def _with_chosen(
    session: Session, grouped: Subquery, values: list[ValueCount], chosen: Collection[Any]
) -> tuple[ValueCount, ...]:
    there = {one.value for one in values}
    rare = [value for value in chosen if value not in there]
    if rare:
        found = select(*grouped.c).where(grouped.c.value.in_(rare))
        counts: dict[Any, int] = dict(map(tuple, session.execute(found)))
        values = [*values, *(ValueCount(value, counts.get(value, 0)) for value in rare)]
    return tuple(values)


def _is_blank(value: Any) -> bool:
    return value is None or value == ""


def _fits(column: Column, value: Any) -> bool:
    """Return whether ``value`` is of the column's kind, and within the limits of its type: others can't be compared."""
    least, most = limits_of(column) or (value, value)
    return is_readable(column, value) and least <= value <= most


def _as_counted(value: Any, grid: Grid) -> Any:
    """Return a value as bins count it: a moment as its day in the grid's zone."""
    return value.astimezone(grid.zone).date() if isinstance(value, datetime) else value


def _count_bins(
    session: Session, grid: Grid, values: Subquery, column: Column, inner: Sequence[Any]
) -> dict[int | None, int]:
    """Return the number of values in each of the bins that the ``inner`` edges part, by the place of the bin; of empty ones by None."""
    counted = replace(column, expression=values.c.value)
    # A subquery of its own: PostgreSQL takes two expressions with parameters for different ones.
    place = case((values.c.value.is_(None), null()), else_=_bin_of(counted, inner, 0, len(inner), grid))
    placed = select(place.label("place")).select_from(values).subquery()
    grouped = select(placed.c.place, func.count()).group_by(placed.c.place)
    return dict(map(tuple, session.execute(grouped)))


def _bin_of(column: Column, inner: Sequence[Any], first: int, last: int, grid: Grid) -> Any:
    """Return the place of a value's bin among those from ``first`` to ``last``: a tree of comparisons with ``inner`` edges.

    Comparisons are the same for all kinds of values on both databases, and a tree of them takes few for each row.
    """
    if first == last:
        return first
    middle = (first + last) // 2
    verb = Verb.BEFORE if isinstance(inner[middle], date) else Verb.LESS
    below: ColumnElement[bool] = condition(column, verb, [inner[middle]], None, grid.zone)
    return case(
        (below, _bin_of(column, inner, first, middle, grid)),
        else_=_bin_of(column, inner, middle + 1, last, grid),
    )
