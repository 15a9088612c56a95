"""Conditions of filters and of the search in SQL, the same on SQLite and PostgreSQL, and the values that they take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from unicodedata import normalize

from sqlalchemy import BinaryExpression, ColumnElement, Enum, String, and_, false, or_, true
from sqlalchemy.types import TypeDecorator

from batchbook.db.folding import contains_folded, fold
from batchbook.grid.cells import is_readable, parse, to_text
from batchbook.grid.columns import Column, Kind
from batchbook.grid.parsers import CellError, quoted
from batchbook.grid.verbs import Filter, Verb, value_count, verbs_of
from batchbook.words import is_storable, storable
from batchbook.zones import start_of_day

#: How many values "any of" and "none of" take; databases limit the parameters of a statement.
MAX_VALUES = 1000
#: How many words a search takes.
MAX_WORDS = 10

_MAX_TEXT = 200


def condition(
    column: Column, verb: Verb, values: Sequence[Any], user: str | None, zone: tzinfo = UTC
) -> ColumnElement[bool]:
    """Return the SQL that keeps the rows of which ``verb`` is true.

    ``values`` are typed as :func:`read_values` returns them. A day that is compared with moments is a whole day in
    ``zone``. Without a ``user`` nothing "is me". Raises ``ValueError`` for a verb that the column's kind lacks.
    """
    if verb not in verbs_of(column):
        raise ValueError(f"The verb {verb} does not fit {column.name}, which is of kind {column.kind}.")
    if verb in column.conditions:
        return column.conditions[verb](*values)
    if verb is Verb.IS_ME:
        return false() if user is None else column.expression == user
    if column.kind is Kind.DATETIME and values:
        return _DAYS[verb](
            column.expression, *(None if day is None else _bounds(day, zone) for day in values)
        )
    return _CONDITIONS[verb](column.expression, *values)


def search_columns(columns: Iterable[Column]) -> list[Column]:
    """Return those of ``columns`` in which the search looks: all texts and names of users."""
    return [column for column in columns if column.is_searched]


def search_words(text: str) -> list[str]:
    """Return the words of a search, each once.

    Raises :class:`CellError` for more than :data:`MAX_WORDS` words, a text that is too long, or one that cannot be stored.
    """
    if not is_storable(text):
        raise CellError("not-storable", f"{quoted(storable(text))} holds a character that cannot be stored.")
    words = list(dict.fromkeys(text.split()))
    if len(words) > MAX_WORDS or len(text) > _MAX_TEXT:
        raise CellError("too-many", f"It takes {MAX_WORDS} words of {_MAX_TEXT} characters together at most.")
    return words


def search_condition(columns: Iterable[Column], text: str) -> ColumnElement[bool]:
    """Return the SQL that keeps the rows in whose :func:`search_columns` each word of ``text`` is contained somewhere."""
    searched = search_columns(columns)
    words = search_words(text)
    return and_(
        true(), *(or_(false(), *(_contains(one.expression, word) for one in searched)) for word in words)
    )


def same_as(column: Column, value: Any, zone: tzinfo = UTC) -> Filter | None:
    """Return the filter for the rows that have the ``value`` of ``column``, too; moments are of the same day in ``zone``.

    There is none for a column that is not filtered, nor for a text that no filter can hold.
    """
    if not column.filterable or column.conditions:
        return None
    if value is None or value == "":
        return Filter(column.name, Verb.EMPTY)
    if not is_readable(column, value):
        return None
    if column.kind is Kind.BOOLEAN:
        return Filter(column.name, Verb.IS_TRUE if value else Verb.IS_FALSE)
    if column.kind in (Kind.DATE, Kind.DATETIME):
        day = value.astimezone(zone).date() if isinstance(value, datetime) else value
        return Filter(column.name, Verb.ON, (str(day),))
    text = to_text(column, value)
    try:
        return (
            Filter(column.name, Verb.EQUAL, (text,))
            if read_values(column, Verb.EQUAL, (text,)) == (value,)
            else None
        )
    except CellError:
        return None


def read_values(column: Column, verb: Verb, texts: Sequence[str]) -> tuple[Any, ...]:
    """Return ``texts`` as the values that ``verb`` takes; an open end of "between" is ``None``.

    Raises :class:`CellError` when there are too few or too many, or one is no value of the column.
    """
    values = tuple(parse(_searchable(column), text) for text in _counted(verb, texts))
    if verb is Verb.BETWEEN and None not in values and values[0] > values[1]:
        raise CellError("order", "Its first value is above its second.")
    return values


def check_values(column: Column, verb: Verb, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the texts to keep for a filter, without surrounding space; raises as :func:`read_values` does."""
    read_values(column, verb, texts)
    return tuple(_counted(verb, texts))


def _counted(verb: Verb, texts: Sequence[str]) -> Sequence[str]:
    count = value_count(verb)
    if count == 0:
        return ()
    texts = [text.strip() for text in texts]
    values = [text for text in texts if text]
    if not values:
        raise CellError("required", "It needs a value.")
    if count is None:
        if len(values) > MAX_VALUES:
            raise CellError("too-many", f"It takes {MAX_VALUES} values at most, and there are {len(values)}.")
        return list(dict.fromkeys(values))
    if len(texts) != count:
        raise CellError("values", f"It needs {count} values." if count > 1 else "It needs one value.")
    return texts


@lru_cache(maxsize=2048)
def _searchable(column: Column) -> Column:
    # A filter may go beyond the values that can be stored: prices below zero are worth looking for, too.
    kind = Kind.DATE if column.kind is Kind.DATETIME else column.kind
    return replace(
        column, kind=kind, required=False, blank=None, minimum=None, maximum=None, max_length=_MAX_TEXT
    )


def _between(expression: Any, low: Any, high: Any) -> ColumnElement[bool]:
    parts = [] if low is None else [expression >= low]
    return and_(*parts, *([] if high is None else [expression <= high]))


def _contains(expression: Any, text: str) -> ColumnElement[bool]:
    return contains_folded(expression, fold(text))


def _spellings(value: Any) -> list[Any]:
    """Return ``value``, a text in each of its Unicode forms: people cannot see in which a text is stored."""
    if not isinstance(value, str) or value.isascii():
        return [value]
    return list(dict.fromkeys([value, normalize("NFC", value), normalize("NFD", value)]))


def _equal(expression: Any, *values: Any) -> ColumnElement[bool]:
    wanted = [spelling for value in values for spelling in _spellings(value)]
    equal: ColumnElement[bool] = expression == wanted[0] if len(wanted) == 1 else expression.in_(wanted)
    return equal


def _not_equal(expression: Any, value: Any) -> ColumnElement[bool]:
    if len(_spellings(value)) == 1:
        differs: ColumnElement[bool] = expression.is_distinct_from(value)
        return differs
    return or_(expression.is_(None), ~_equal(expression, value))


def is_empty(expression: Any) -> ColumnElement[bool]:
    """Return the condition that a cell of ``expression`` is empty: null, or for texts an empty one."""
    missing: ColumnElement[bool] = expression.is_(None)
    kind = expression.type.impl_instance if isinstance(expression.type, TypeDecorator) else expression.type
    # SQLAlchemy's enum type is a string type, but takes no value that is none of its members.
    is_text = isinstance(kind, String) and not isinstance(kind, Enum)
    return or_(missing, expression == "") if is_text else missing


def is_true(expression: Any) -> ColumnElement[bool]:
    """Return the condition that ``expression`` is true: a condition itself, so that an index may serve it."""
    found: ColumnElement[bool] = (
        expression if isinstance(expression, BinaryExpression) else expression.is_(True)
    )
    return found


_CONDITIONS: dict[Verb, Callable[..., ColumnElement[bool]]] = {
    Verb.EQUAL: _equal,
    Verb.NOT_EQUAL: _not_equal,
    Verb.ANY_OF: _equal,
    Verb.NONE_OF: lambda expression, *values: or_(expression.is_(None), ~_equal(expression, *values)),
    Verb.GREATER: lambda expression, value: expression > value,
    Verb.LESS: lambda expression, value: expression < value,
    Verb.BETWEEN: _between,
    Verb.CONTAINS: _contains,
    Verb.NOT_CONTAINS: lambda expression, text: or_(expression.is_(None), ~_contains(expression, text)),
    Verb.EMPTY: is_empty,
    Verb.NOT_EMPTY: lambda expression: ~is_empty(expression),
    Verb.IS_TRUE: is_true,
    Verb.IS_FALSE: lambda expression: expression.is_(False),
    Verb.ON: lambda expression, day: expression == day,
    Verb.BEFORE: lambda expression, day: expression < day,
    Verb.AFTER: lambda expression, day: expression > day,
}

_Day = tuple[datetime, datetime]


def _in_days(expression: Any, first: _Day | None, last: _Day | None) -> ColumnElement[bool]:
    parts = [] if first is None else [expression >= first[0]]
    return and_(*parts, *([] if last is None else [expression < last[1]]))


# A day of moments is a half-open range: from its first moment to before the first of the next day.
_DAYS: dict[Verb, Callable[..., ColumnElement[bool]]] = {
    Verb.ON: lambda expression, day: _in_days(expression, day, day),
    Verb.BEFORE: lambda expression, day: expression < day[0],
    Verb.AFTER: lambda expression, day: expression >= day[1],
    Verb.BETWEEN: _in_days,
}


def _bounds(day: date, zone: tzinfo) -> _Day:
    return start_of_day(day, zone), (
        datetime.max.replace(tzinfo=UTC) if day == date.max else start_of_day(day + timedelta(days=1), zone)
    )
