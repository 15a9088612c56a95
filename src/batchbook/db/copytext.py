"""Values as the text that COPY of PostgreSQL reads, column by column: at a fraction of what the driver takes for each row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import compress
from types import NoneType
from typing import Any

_NOTHING = "\\N"
#: What has a meaning in the text.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_TO_ESCAPE = re.compile(r"[\\\t\n\r]")
#: What such values are as text is what the database reads.
_PLAIN: tuple[type[Any], ...] = (int, Decimal, date)


def copy_text(columns: Sequence[Sequence[Any]]) -> str | None:
    """Return the lines for rows given by column; ``None`` where the driver must write them, value by value.

    It does so for kinds of values that are not known here, and for what no text of the database holds.
    """
    texts = [_texts(values) for values in columns]
    known = [column for column in texts if column is not None]
    if len(known) < len(texts):
        return None
    lines = "\n".join(map("\t".join, zip(*known, strict=True)))
    return f"{lines}\n" if lines else ""


def _texts(values: Sequence[Any]) -> Sequence[str] | None:
    kinds = set(map(type, values))
    if kinds == {NoneType}:
        return [_NOTHING] * len(values)
    if NoneType in kinds:
        return _with_nothing(values)
    if kinds == {str}:
        return _escaped(values)
    if any(kinds == {plain} for plain in _PLAIN):
        return [*map(str, values)]
    return ["t" if value else "f" for value in values] if kinds == {bool} else None


def _with_nothing(values: Sequence[Any]) -> Sequence[str] | None:
    said = [value is not None for value in values]
    texts = _texts([*compress(values, said)])
    if texts is None:
        return None
    rest = iter(texts)
    return [next(rest) if some else _NOTHING for some in said]


def _escaped(texts: Sequence[str]) -> Sequence[str] | None:
    together = "".join(texts)
    if "\0" in together:
        return None  # The driver says what is wrong with it.
    return [text.translate(_ESCAPES) for text in texts] if _TO_ESCAPE.search(together) else texts
