"""Cells: from a text to a value of the column and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from batchbook.grid.columns import Column
from batchbook.grid.kinds import Kind
from batchbook.grid.parsers import (
    CellError,
    Conventions,
    DateOrder,
    boolean_parser,
    choice_parser,
    date_parser,
    datetime_parser,
    decimal_parser,
    integer_parser,
    text_parser,
)
from batchbook.grid.rendering import render, to_text

__all__ = ["CellError", "Conventions", "DateOrder", "parse", "parser_for", "render", "to_text"]

Parser = Callable[[str], Any]

_CONVENTIONS = Conventions()

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


def parse(column: Column, text: str, conventions: Conventions = _CONVENTIONS) -> Any:
    """Return the value that ``text`` means in ``column``; ``column.blank``, usually ``None``, for an empty one.

    Surrounding white space does not count. Raises :class:`CellError` for a text that is no value of the column:
    nothing is guessed, cut or rounded.
    """
    return parser_for(column, conventions)(text)


@lru_cache(maxsize=4096)
def parser_for(column: Column, conventions: Conventions = _CONVENTIONS) -> Parser:
    """Return :func:`parse` made ready for one column: faster where many cells are read."""
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
