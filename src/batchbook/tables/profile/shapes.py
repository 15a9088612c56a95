"""Shapes: texts with every digit made a 9. Thousands of cells have a few of them, so each is classified once."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple

from batchbook.tables.normalise.dates import is_unambiguous_day, possible_orders
from batchbook.tables.normalise.number_marks import (
    CURRENCY_CODES,
    ERRORS,
    NO,
    NOTHING,
    TOTALS,
    YES,
    MarkedNumber,
    parse_marked_number,
    strip_invisible,
)

ShapeKind = Literal["text", "number", "day", "yes-no", "nothing", "error", "total", "blank"]

_DIGITS = bytes.maketrans(b"012345678", b"999999999")

#: Digits beyond this many are lost by a spreadsheet.
SURE_DIGITS = 15

# Shapes that can be more than a text: a number has few characters around its digits, a date may have the name of a month
# and a year there, and a text that begins with a blank may be a word. The bytes that are not ASCII belong to
# apostrophes and to blanks that do not break.
_SHORT = re.compile(
    rb"[^9]{0,14}+9[9.,'/: \x80\x89\x99\xa0\xaf\xc2\xe2-]{0,80}+"
    rb"(?:[^9]{0,24}|[eE][+-]?9{1,3}|(?:st|nd|rd|th|er)?[ -]?(?:de )?[A-Za-z\x80-\xff]{3,11}[., -]{0,2}(?:de )?9{2,4}(?:[ T,].{1,30})?"
    rb"|(?:st|nd|rd|th)[, -]{1,2}9{4}(?:[ T,].{1,30})?)"
    rb"|[\s\xc2].{0,24}",
    re.DOTALL,
)
_EXPONENT = re.compile(r"[-+]?9(?:[.,]9+)?[eE][-+]?9{1,3}")
_GROUPED = re.compile(r"9{1,3}(?:([.,])999)+")


class ShapeClass(NamedTuple):
    """The class of a shape: the kind of its texts, and details of it.

    ``sign`` is the decimal sign of a number: ``.`` or ``,``; with a question mark, as in ``.?``, where it may as well group
    thousands; empty where there is none. ``digits`` counts those of a text of digits only, ``long`` marks a number with more digits
    than a spreadsheet keeps, ``open`` a date whose order depends on its digits, ``exponent`` a number such as 1.2E+15. ``currency``
    is a code where there is one, ``unit`` is in lower case, ``style`` that of
    :class:`~batchbook.tables.normalise.number_marks.MarkedNumber`. ``word`` is a word for an empty cell or an error.
    """

    what: ShapeKind
    sign: Literal["", ".", ",", ".?", ",?"] = ""
    digits: int = 0
    long: bool = False
    open: bool = False
    exponent: bool = False
    currency: str = ""
    unit: str = ""
    style: str = ""
    word: str = ""


#: The class of mere texts.
TEXT = ShapeClass("text")


def shapes_of(data: bytes) -> bytes:
    """Return texts with every digit made a 9."""
    return data.translate(_DIGITS)


#: Quick check whether a shape may be more than a text. It does not find words: see :data:`WORDS`.
needs_classifying: Callable[[bytes], object] = _SHORT.fullmatch


@lru_cache(maxsize=50_000)
def classify_shape(shape: bytes) -> ShapeClass:
    """Return the class of the texts with ``shape``."""
    text = strip_invisible(shape.decode("utf-8", "surrogatepass"))
    return _word(text) or _number(text) or _day(text) or TEXT


def _word(text: str) -> ShapeClass | None:
    folded = text.casefold()
    if not text:
        return ShapeClass("blank")
    if folded in NOTHING:
        return ShapeClass("nothing", word=text)
    if folded in YES or folded in NO:
        return ShapeClass("yes-no")
    if folded.rstrip(": ") in TOTALS:
        return ShapeClass("total")
    return ShapeClass("error", word=text) if text.upper() in _ERRORS else None


def _number(text: str) -> ShapeClass | None:
    if _EXPONENT.fullmatch(text):
        return ShapeClass("number", exponent=True)
    number = parse_marked_number(text)
    if number is None or _day(text):
        return None
    sign = _sign(number)
    if sign is None:
        return None
    return ShapeClass(
        "number",
        sign,
        digits=len(text) if text.isdigit() else 0,
        long=number.core.count("9") > SURE_DIGITS,
        currency=CURRENCY_CODES.get(number.currency.removesuffix("."), number.currency.removesuffix(".")),
        unit=number.unit.removesuffix(".").lower(),
        style=number.style,
    )


def _sign(number: MarkedNumber) -> Literal["", ".", ",", ".?", ",?"] | None:
    """Return the decimal sign that a number shows; None where its separators are those of no number."""
    core = re.sub(r"(?<=9)[\s'\u2019](?=999)", "", number.core)
    spaced = core != number.core
    if number.dash:
        return number.dash if re.fullmatch("9+", core) or _GROUPED.fullmatch(core) else None  # type: ignore[return-value]
    if re.fullmatch("9+", core):
        return ""
    for sign, group in ((".", ","), (",", ".")):
        if re.fullmatch(rf"(?:9{{1,3}}(?:{re.escape(group)}999)+|9*){re.escape(sign)}9+", core):
            open_ = not spaced and re.fullmatch(rf"9{{1,3}}{re.escape(sign)}999", core)
            return f"{sign}?" if open_ else sign  # type: ignore[return-value]
    grouped = _GROUPED.fullmatch(core)
    if grouped is None or spaced or len(set(core) & {".", ","}) > 1:
        return None
    return "," if grouped[1] == "." else "."


def _day(text: str) -> ShapeClass | None:
    # The digits are gone, so some are put in that are a day in every order, with the year first or last.
    day = re.sub(r"[\s]+", " ", text).replace("9999", "2001").replace("99", "01").replace("9", "1")
    if possible_orders(day):
        return ShapeClass("day", open=True)
    return ShapeClass("day") if is_unambiguous_day(day) else None


# One of them has a digit: #DIV/0!
_ERRORS = frozenset(re.sub("[0-9]", "9", word) for word in ERRORS)


#: The words that are more than texts, in the ways that they are usually written.
WORDS = frozenset(
    shapes_of(spelling.encode())
    for word in NOTHING | YES | NO | ERRORS | TOTALS
    for spelling in (word, word.lower(), word.upper(), word.capitalize())
)
