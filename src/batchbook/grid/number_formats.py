"""Number formats in which people write and read numbers, and the translation of texts between them and the canonical one.

Everything that is kept or compared has the canonical format, with ``.`` as the decimal sign. Texts are translated where
they come from a person (:func:`canonical_text`) and where they go to one (:func:`shown_text`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Self

from batchbook.grid.columns import NUMERIC_KINDS, Column
from batchbook.grid.parsers import (
    CANONICAL,
    OTHER_GROUP_SIGNS,
    CellError,
    Conventions,
    not_a_number,
    plain_number,
)

#: The parameter of a form that names the format in which its numbers were typed.
NUMBER_FORMAT = "number_format"

_IS_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)").fullmatch


class NumberFormat(StrEnum):
    """A number format, called as it writes a number; settings, addresses and the database have this name."""

    POINT = "1,234.56"
    COMMA = "1.234,56"
    BLANK = "1 234,56"
    APOSTROPHE = "1’234.56"  # noqa: RUF001 - As it is written.

    @classmethod
    def called(cls, text: str) -> Self | None:
        """Return the format called ``text``, with any blank and any apostrophe; ``None`` if there is none."""
        name = re.sub(r"\s", " ", text.strip()).replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")
        return cls(name) if name in list(cls) else None

    @property
    def conventions(self) -> Conventions:
        """The signs of the format."""
        return _CONVENTIONS[self]

    @property
    def label(self) -> str:
        """The format's example as it is written, with a narrow blank that does not break."""
        return self.replace(" ", self.conventions.group_sign)


_CONVENTIONS: Mapping[str, Conventions] = {
    NumberFormat.POINT: CANONICAL,
    NumberFormat.COMMA: Conventions(",", "."),
    NumberFormat.BLANK: Conventions(",", "\N{NARROW NO-BREAK SPACE}"),
    NumberFormat.APOSTROPHE: Conventions(".", "\N{RIGHT SINGLE QUOTATION MARK}"),
}


def format_of(conventions: Conventions) -> NumberFormat:
    """Return the number format with the signs of ``conventions``."""
    return next(one for one in NumberFormat if one.conventions[:2] == conventions[:2])


def shown_text(column: Column, text: str, conventions: Conventions) -> str:
    """Return ``text``, for editing and canonical, as a person with ``conventions`` reads it.

    Only numbers in columns of numbers are translated, and have no groups then. A text that could not be stored is as it was
    written.
    """
    if conventions == CANONICAL or column.kind not in NUMERIC_KINDS:
        return text
    plain = text if _IS_PLAIN(text) else plain_number(text, CANONICAL)
    return plain.replace(".", conventions.decimal_sign) if _IS_PLAIN(plain) else text


def canonical_text(column: Column, text: str, conventions: Conventions) -> str:
    """Return the canonical text of what a person with ``conventions`` typed into a cell of ``column``.

    In columns of numbers it is a number, else :class:`~batchbook.grid.CellError` is raised. Texts of other columns, and
    those of somebody who writes canonical numbers, are returned as they are.
    """
    if conventions == CANONICAL or column.kind not in NUMERIC_KINDS or not text.strip():
        return text
    return canonical_number(text.strip(), conventions)


def canonical_number(text: str, conventions: Conventions) -> str:
    """Return the canonical text of the number ``text``; raise :class:`~batchbook.grid.CellError` if it is none."""
    plain = plain_number(text, conventions)
    if not _IS_PLAIN(plain):
        raise not_a_number(text, conventions)
    return plain


def seen_text(column: Column, text: str, current: str, conventions: Conventions) -> str:
    """Return the canonical text of what a person was shown: ``current`` where that is shown like ``text``.

    A text that is no number in the person's format was shown as it is.
    """
    if conventions == CANONICAL:
        return text
    if text == shown_text(column, current, conventions):
        return current
    try:
        return canonical_text(column, text, conventions)
    except CellError:
        return text


@lru_cache(maxsize=16)
def _signs(conventions: Conventions) -> dict[int, str]:
    return str.maketrans({",": conventions.group_sign, ".": conventions.decimal_sign})


def with_signs(text: str, conventions: Conventions) -> str:
    """Return ``text``, a number as it is rendered canonically with groups, with the signs of ``conventions``."""
    return text if conventions == CANONICAL else text.translate(_signs(conventions))


def without_signs(text: str, conventions: Conventions) -> str:
    """Return ``text``, a part of a number as ``conventions`` write it, without groups and with ``.`` as the decimal sign."""
    whole = text.translate(_UNGROUPED.get(conventions.group_sign, {})).replace(conventions.group_sign, "")
    return whole if conventions.decimal_sign == "." else whole.translate(_SWAPPED)


_UNGROUPED = {sign: str.maketrans(dict.fromkeys(others, "")) for sign, others in OTHER_GROUP_SIGNS.items()}
# Without their meaning in another format, points find nothing.
_SWAPPED = str.maketrans({",": ".", ".": ","})
