"""Searches in the rows of a view, loaded or not: the next match of a condition, and the edge of data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, cast, false, or_

from batchbook.db.column_types import ExactDecimal
from batchbook.db.folding import contains_folded, fold
from batchbook.db.functions import decimal_text
from batchbook.db.packed_numbers import fetch_numbers
from batchbook.grid.cells import render, to_text
from batchbook.grid.columns import NUMERIC_KINDS, Column, Kind
from batchbook.grid.filters import is_empty
from batchbook.grid.key_cache import Keys
from batchbook.grid.number_formats import without_signs
from batchbook.grid.parsers import CANONICAL, Conventions
from batchbook.grid.state import GridState
from batchbook.grid.windows import Windows, among

#: The numbers of rows that are looked at, one part after the other, before all rows are searched at once.
_PARTS = (500, 5_000)


def contains_text(
    columns: Iterable[Column], text: str, conventions: Conventions = CANONICAL
) -> ColumnElement[bool]:
    """Return the condition that a cell of one of ``columns`` reads as something that contains ``text``, in any case.

    Numbers in cells read as ``conventions`` write them.
    """
    digits = without_signs(text, conventions)
    return or_(false(), *(found for column in columns for found in _contains(column, text, digits)))


def cell_with(
    columns: Iterable[Column], values: Any, text: str, conventions: Conventions = CANONICAL
) -> Column | None:
    """Return the first of ``columns`` whose cell contains ``text``; ``values`` are those of a row by the column's name."""
    wanted, digits = fold(text), without_signs(text, conventions)
    for column in columns:
        value = values[column.name]
        if wanted in fold(render(column, value, conventions=conventions)):
            return column
        plain = digits if column.kind in NUMERIC_KINDS else wanted
        if plain and plain in fold(to_text(column, value)):
            return column
    return None


def is_filled(column: Column) -> ColumnElement[bool]:
    """Return the condition that a cell of ``column`` is not empty."""
    return ~is_empty(column.expression)


def first_match(
    windows: Windows,
    state: GridState,
    condition: ColumnElement[bool],
    start: int,
    token: str = "",
    *,
    upwards: bool = False,
) -> int | None:
    """Return the position of the first row from ``start`` on that satisfies ``condition``, or ``None``.

    Positions are those of all pages of ``state``, from 0; ``token`` is that of an earlier window.
    """
    token, kept = windows.find_keys(state, start, start + 1, token)
    if not 0 <= start < kept.total:
        return None
    if isinstance(kept.keys, range):
        return _numbered_match(windows, kept.keys, condition, start, upwards=upwards)
    at = start
    for size in _PARTS:
        first, end = (max(at - size + 1, 0), at + 1) if upwards else (at, min(at + size, kept.total))
        _, part = windows.find_keys(state, first, end, token)
        keys = part.between(first, end)
        within = among(windows.grid.identity, keys, windows.session.get_bind().dialect)
        found = _place(keys, _matches(windows, within & condition), upwards=upwards)
        if found is not None:
            return first + found
        at = first - 1 if upwards else end
        if not 0 <= at < kept.total:
            return None
    _, whole = windows.find_keys(state, 0, kept.total, token)
    first, end = (0, at + 1) if upwards else (at, kept.total)
    found = _place(whole.between(first, end), _matches(windows, condition), upwards=upwards)
    return None if found is None else first + found


def edge_of_data(
    windows: Windows, state: GridState, column: Column, start: int, token: str = "", *, upwards: bool = False
) -> int | None:
    """Return the position to which Ctrl and an arrow lead in ``column``; ``None`` if there is no row at ``start``.

    Within filled cells it is the last of them, else the next one that is filled; without any it is the last row of the view.
    """
    step = -1 if upwards else 1
    beside = windows.window(state, max(min(start, start + step), 0), 2, token)
    values = {at: row._mapping[column.name] for at, row in beside.rows}
    if start not in values:
        return None
    if start + step not in values:
        return start
    is_within = all(values[at] not in (None, "") for at in (start, start + step))
    condition = is_empty(column.expression) if is_within else is_filled(column)
    found = first_match(windows, state, condition, start + step, beside.token, upwards=upwards)
    if found is None:
        return 0 if upwards else beside.total - 1
    return found - step if is_within else found


def _contains(column: Column, text: str, digits: str) -> Iterable[ColumnElement[bool]]:
    expression: Any = column.expression
    match column.kind:
        case Kind.TEXT | Kind.USER:
            yield contains_folded(expression, fold(text))
        case Kind.DATE:
            yield cast(expression, String).contains(text, autoescape=True)
        case Kind.INTEGER if digits:
            yield cast(expression, String).contains(digits, autoescape=True)
        case Kind.DECIMAL if digits:
            exact = isinstance(expression.type, ExactDecimal)
            number = decimal_text(expression) if exact else cast(expression, String)
            yield number.contains(digits, autoescape=True)
        case Kind.CHOICE:
            yield expression.in_([one.value for one in column.choices if fold(text) in fold(one.label)])
        case Kind.BOOLEAN if fold(text) in "yes":
            yield expression.is_(True)


def _numbered_match(
    windows: Windows, numbers: range, condition: ColumnElement[bool], start: int, *, upwards: bool
) -> int | None:
    (number,) = windows.grid.identity
    is_rising = (numbers.step > 0) != upwards
    beyond = number >= numbers[start] if is_rising else number <= numbers[start]
    order = number.asc() if is_rising else number.desc()
    found = windows.session.scalar(windows.grid.identities(condition, beyond).order_by(order).limit(1))
    return None if found is None else numbers.index(found)


def _matches(windows: Windows, condition: ColumnElement[bool]) -> set[Any]:
    """Return the keys of all rows, whatever the filters, that satisfy ``condition``."""
    statement = windows.grid.identities(condition)
    if windows.grid.is_numbered:
        return {*fetch_numbers(windows.session, statement)}
    return {tuple(row) for row in windows.session.execute(statement)}


def _place(keys: Keys, matches: set[Any], *, upwards: bool) -> int | None:
    """Return the place of the first, or the last if it is looked for upwards, of ``keys`` that is among ``matches``."""
    places: Sequence[int] = range(len(keys))
    ordered = reversed(places) if upwards else places
    return next((place for place in ordered if keys[place] in matches), None)
