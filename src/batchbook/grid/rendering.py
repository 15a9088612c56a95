"""Values as texts: for a page or a file (``render``), and for the field that edits them (``to_text``)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from batchbook.db.stored_values import raw_text
from batchbook.grid.columns import Column
from batchbook.grid.kinds import Kind
from batchbook.grid.parsers import Conventions, choice_text

_CONVENTIONS = Conventions()


def render(column: Column, value: Any, *, grouped: bool = True) -> str:
    """Return ``value`` as people read it; thousands are ``grouped`` on pages and not in files.

    Decimals show the column's scale, choices their label, moments UTC to the second; ``None`` is empty. What is no
    value of the column, as it may stand in a database, is shown as it is and said to be not readable.
    """
    if value is None:
        return ""
    if not is_readable(column, value):
        return not_readable(value)
    return _RENDERERS[column.kind](column, value, "," if grouped else "")


def to_text(column: Column, value: Any, conventions: Conventions = _CONVENTIONS) -> str:
    """Return ``value`` as a field shows it for editing: by the same conventions it parses to the same value.

    What is no value of the column is shown as it is; it does not parse, or to another value.
    """
    if value is None:
        return ""
    return (
        _WRITERS[column.kind](column, value, conventions) if is_readable(column, value) else raw_text(value)
    )


def not_readable(value: Any) -> str:
    """Return what is shown of a ``value`` that is none of its column: its text, and that it is not readable."""
    return f"“{raw_text(value)}” (not readable)"


def is_readable(column: Column, value: Any) -> bool:
    """Return whether ``value``, which is not ``None``, is of the column's kind, so that it can be shown as such."""
    return _READABLE[column.kind](value)


def _render_decimal(column: Column, value: Any, group: str) -> str:
    places = "" if column.scale is None else f".{column.scale}"
    number = Decimal(value)
    if column.scale is not None and -number.as_tuple().exponent > column.scale:  # type: ignore[operator]
        places = ""  # More digits than the column keeps are a fact to be seen, not to be rounded away.
    return f"{number:{group}{places}f}"


def _render_choice(column: Column, value: Any, _group: str) -> str:
    choice = column.choice_of(value)
    return choice.label if choice else choice_text(value)


def _write_decimal(column: Column, value: Any, conventions: Conventions) -> str:
    return _render_decimal(column, value, "").replace(".", conventions.decimal_sign)


def _write_datetime(_column: Column, value: datetime, conventions: Conventions) -> str:
    moment = value.astimezone(conventions.zone)
    # Outside UTC the offset is written out: an hour that the clocks repeat would not read back otherwise.
    return (moment.replace(tzinfo=None) if conventions.zone is UTC else moment).isoformat(" ")


def _iso(_column: Column, value: date, _extra: Any) -> str:
    return value.isoformat()


def _plain(_column: Column, value: Any, _extra: Any) -> str:
    return str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and Decimal(value).is_finite()


_READABLE: dict[Kind, Callable[[Any], bool]] = {
    Kind.TEXT: lambda value: not isinstance(value, bytes),
    Kind.USER: lambda value: not isinstance(value, bytes),
    Kind.INTEGER: lambda value: isinstance(value, int),
    Kind.DECIMAL: _is_number,
    Kind.BOOLEAN: lambda value: isinstance(value, int) and value in (0, 1),
    Kind.DATE: lambda value: isinstance(value, date),
    Kind.DATETIME: lambda value: isinstance(value, datetime),
    Kind.CHOICE: lambda value: not isinstance(value, bytes),
}

_RENDERERS: dict[Kind, Callable[[Column, Any, str], str]] = {
    Kind.TEXT: _plain,
    Kind.USER: _plain,
    Kind.INTEGER: lambda _column, value, group: f"{value:{group}d}",
    Kind.DECIMAL: _render_decimal,
    Kind.BOOLEAN: lambda _column, value, _group: "Yes" if value else "No",
    Kind.DATE: _iso,
    Kind.DATETIME: lambda _column, value, _group: f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
    Kind.CHOICE: _render_choice,
}

_WRITERS: dict[Kind, Callable[[Column, Any, Conventions], str]] = {
    Kind.TEXT: _plain,
    Kind.USER: _plain,
    Kind.INTEGER: _plain,
    Kind.DECIMAL: _write_decimal,
    Kind.BOOLEAN: lambda _column, value, _conventions: "yes" if value else "no",
    Kind.DATE: _iso,
    Kind.DATETIME: _write_datetime,
    Kind.CHOICE: lambda _column, value, _conventions: choice_text(value),
}
