"""Heuristics that tell headings from records by the form of their cells."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Something with a digit and without a letter: a number, an amount, a day, a code of digits.
_DATA = re.compile(r"[\W_]*\d[\W\d_]*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")

# Which part of the cells below must look alike.
_MOST = 0.8


def is_data(text: str) -> bool:
    """Tell whether ``text`` is a number, an amount, a day or digits of another kind, as no heading is."""
    return bool(_DATA.fullmatch(text.strip())) and not _LETTER.search(text)


def is_label(text: str) -> bool:
    """Tell whether ``text`` is made of words alone."""
    return bool(_LETTER.search(text)) and not _DIGIT.search(text)


def resembles_record(head: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell whether ``head`` holds the same kinds of values as the rows below it, so that it is no row of headings."""
    against, for_it = 0, 0
    for place, text in enumerate(head):
        column = _column_below(below, place)
        if is_data(text):
            against += (_mostly_data(column) or not column) and not _is_year_above(text, column)
        elif text.strip():
            for_it += _mostly_data(column)
    return against > for_it


def resembles_second_header(head: Sequence[str], row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell whether ``row``, right below ``head``, goes on with headings: words where numbers are further below.

    One such word may be a record's “missing”; so there must be two, or one below a place that ``head`` leaves empty.
    """
    texts = [text for text in row if text.strip()]
    if not texts or not all(map(is_label, texts)) or any(map(is_data, head)) or len(texts) * 2 < len(head):
        return False
    words = [
        place for place, text in enumerate(row) if text.strip() and _mostly_data(_column_below(below, place))
    ]
    fills = any(place >= len(head) or not head[place].strip() for place in words)
    return len(words) > 1 or (fills and len(words) == 1)


def _column_below(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    return [row[place] for row in rows if place < len(row) and row[place].strip()]


def _mostly_data(column: Sequence[str]) -> bool:
    return bool(column) and sum(map(is_data, column)) >= _MOST * len(column)


def _is_year_above(text: str, column: Sequence[str]) -> bool:
    """Tell whether a year stands above amounts, as in a table with a column for each year."""
    return bool(_YEAR.fullmatch(text.strip())) and not all(map(_YEAR.fullmatch, column)) and bool(column)


def header_names(header: Sequence[str]) -> tuple[str, ...]:
    """Return the names that a header row gives, in lower case and without surrounding blanks."""
    return tuple(name.strip().lower() for name in header)
