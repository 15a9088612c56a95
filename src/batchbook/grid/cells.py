"""Cells: texts parsed into values of a column, and values rendered as texts for a page, a file or a field."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from batchbook.db.stored_values import raw_text
from batchbook.grid.columns import NUMERIC_KINDS, Column, Kind
from batchbook.grid.number_formats import with_signs
from batchbook.grid.parsers import (
    CANONICAL,
    CellError,
    Conventions,
    DateOrder,
    boolean_parser,
    choice_parser,
    choice_text,
    date_parser,
    datetime_parser,
    decimal_parser,
    integer_parser,
    text_parser,
)


def render(column: Column, value: Any, *, grouped: bool = True, conventions: Conventions = CANONICAL) -> str:
    """Return ``value`` as people read it; thousands are ``grouped`` on pages and not in files.

    Numbers have the signs of ``conventions``. Decimals show the column's scale, choices their label, moments UTC to the second; ``None`` is empty. A value that
    does not fit the column, as a database may hold it, is shown as it is stored and marked as not readable.
    """
    return renderer_for(column, grouped=grouped, conventions=conventions)(value)


def renderer_for(
    column: Column, *, grouped: bool = True, conventions: Conventions = CANONICAL
) -> Callable[[Any], str]:
    """Return :func:`render` made ready for one column: faster for many cells."""
    is_readable = _READABLE[column.kind]
    write = _RENDERERS[column.kind](column, "," if grouped else "")
    if conventions != CANONICAL and column.kind in NUMERIC_KINDS:
        write = _with_signs(write, conventions)

    def render_cell(value: Any) -> str:
        if value is None:
            return ""
        return write(value) if is_readable(value) else not_readable(value)

    return render_cell


def _with_signs(write: Callable[[Any], str], conventions: Conventions) -> Callable[[Any], str]:
    return lambda value: with_signs(write(value), conventions)


def to_text(column: Column, value: Any, conventions: Conventions = CANONICAL) -> str:
    """Return ``value`` as a field shows it for editing: by the same conventions it parses to the same value.

    A value that does not fit the column is written as it is; it may not parse, or parse to another value.
    """
    # A column alone is found faster than one with its conventions, which are hashed for each cell.
    writer = writer_for(column) if conventions is CANONICAL else writer_for(column, conventions)
    return writer(value)


@lru_cache(maxsize=4096)
def writer_for(column: Column, conventions: Conventions = CANONICAL) -> Callable[[Any], str]:
    """Return :func:`to_text` made ready for one column: faster for many cells."""
    is_readable = _READABLE[column.kind]
    write = _WRITERS[column.kind](column, conventions)

    def write_cell(value: Any) -> str:
        if value is None:
            return ""
        return write(value) if is_readable(value) else raw_text(value)

    return write_cell


def not_readable(value: Any) -> str:
    """Return the text for a ``value`` that does not fit its column, marked as not readable."""
    return f"“{raw_text(value)}” (not readable)"


def is_readable(column: Column, value: Any) -> bool:
    """Return whether ``value``, which is not ``None``, is of the column's kind."""
    return _READABLE[column.kind](value)


@lru_cache(maxsize=1024)
def _decimal_renderer(column: Column, group: str) -> Callable[[Any], str]:
    scale = column.scale
    as_stored, to_scale = f"{group}f", f"{group}.{scale}f"
    removable = 0 if scale is None or column.least_scale is None else scale - column.least_scale
    plain = len("999.") + (scale or 0) if group else sys.maxsize

    def render_decimal(value: Any) -> str:
        number = value if isinstance(value, Decimal) else Decimal(value)
        text = str(number)
        # Most numbers have the column's scale and no thousands: they are written as they are.
        is_plain = scale and text[-scale - 1 : -scale] == "." and len(text) <= plain and "E" not in text
        # More digits than the column keeps are a fact to be seen, not to be rounded away.
        if not is_plain:
            if scale is None or -number.as_tuple().exponent > scale:  # type: ignore[operator]
                return format(number, as_stored)
            text = format(number, to_scale)
        return text[:-removable] + text[-removable:].rstrip("0") if removable else text

    return render_decimal


def _choice_renderer(column: Column, _group: str) -> Callable[[Any], str]:
    def render_choice(value: Any) -> str:
        choice = column.choice_of(value)
        return choice.label if choice else choice_text(value)

    return render_choice


def _decimal_writer(column: Column, conventions: Conventions) -> Callable[[Any], str]:
    write, sign = _decimal_renderer(column, ""), conventions.decimal_sign
    return write if sign == "." else lambda value: write(value).replace(".", sign)


def _datetime_writer(_column: Column, conventions: Conventions) -> Callable[[Any], str]:
    zone = conventions.zone

    def write_datetime(value: datetime) -> str:
        moment = value.astimezone(zone)
        # Outside UTC the offset is written out: an hour that the clocks repeat would not read back otherwise.
        return (moment.replace(tzinfo=None) if zone is UTC else moment).isoformat(" ")

    return write_datetime


def _is_number(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, (int, float)) and Decimal(value).is_finite()


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

_RENDERERS: dict[Kind, Callable[[Column, str], Callable[[Any], str]]] = {
    Kind.TEXT: lambda _column, _group: str,
    Kind.USER: lambda _column, _group: str,
    Kind.INTEGER: lambda _column, group: lambda value: f"{value:{group}d}",
    Kind.DECIMAL: _decimal_renderer,
    Kind.BOOLEAN: lambda _column, _group: lambda value: "Yes" if value else "No",
    Kind.DATE: lambda _column, _group: lambda value: value.isoformat(),
    Kind.DATETIME: lambda _column, _group: lambda value: f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
    Kind.CHOICE: _choice_renderer,
}

_WRITERS: dict[Kind, Callable[[Column, Conventions], Callable[[Any], str]]] = {
    Kind.TEXT: lambda _column, _conventions: str,
    Kind.USER: lambda _column, _conventions: str,
    Kind.INTEGER: lambda _column, _conventions: str,
    Kind.DECIMAL: _decimal_writer,
    Kind.BOOLEAN: lambda _column, _conventions: lambda value: "yes" if value else "no",
    Kind.DATE: lambda _column, _conventions: lambda value: value.isoformat(),
    Kind.DATETIME: _datetime_writer,
    Kind.CHOICE: lambda _column, _conventions: choice_text,
}


__all__ = ["CellError", "Conventions", "DateOrder", "parse", "parser_for", "render", "to_text"]

Parser = Callable[[str], Any]


_MAKERS: dict[Kind, Callable[[Column, Conventions], Parser]] = {
    Kind.TEXT: text_parser,
    Kind.USER: text_parser,
    Kind.INTEGER: integer_parser,
    Kind.DECIMAL: decimal_parser,
    Kind.BOOLEAN: boolean_parser,
    Kind.DATE: date_parser,
    Kind.DATETIME: datetime_parser,
    Kind.CHOICE: choice_parser,
}


def parse(column: Column, text: str, conventions: Conventions = CANONICAL) -> Any:
    """Return the value that ``text`` means in ``column``; ``column.blank``, usually ``None``, for an empty one.

    Surrounding white space does not count. Raises :class:`CellError` for a text that is no value of the column:
    nothing is guessed, cut or rounded.
    """
    parser = parser_for(column) if conventions is CANONICAL else parser_for(column, conventions)
    return parser(text)


@lru_cache(maxsize=4096)
def parser_for(column: Column, conventions: Conventions = CANONICAL) -> Parser:
    """Return :func:`parse` made ready for one column: faster for many cells."""
    convert = _MAKERS[column.kind](column, conventions)
    required, label, blank = column.required, column.label, column.blank

    def parse_cell(text: str) -> Any:
        text = text.strip()
        if text:
            return convert(text)
        if required:
            raise CellError("required", f"{label} needs a value.")
        return blank

    return parse_cell
