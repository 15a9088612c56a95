"""How people write numbers and dates, and what is said when a cell cannot be read."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Literal, NamedTuple

DateOrder = Literal["ymd", "dmy", "mdy"]

_SHOWN_CHARACTERS = 40


class Conventions(NamedTuple):
    """How numbers, dates and moments are written.

    An empty ``group_sign`` allows no grouping. ISO dates are understood in every ``date_order``. A moment without an
    offset is one in ``zone``.
    """

    decimal_sign: str = "."
    group_sign: str = ","
    date_order: DateOrder = "ymd"
    zone: tzinfo = UTC


class CellError(ValueError):
    """A text that is no value of its column: ``code`` for programs, ``message`` a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def quoted(text: str) -> str:
    """Return ``text`` in quotation marks, cut to a length that fits into a sentence."""
    shown = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
    return f"“{shown}”"
