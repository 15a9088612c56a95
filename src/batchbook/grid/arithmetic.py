"""Numbers that are worked out when they are entered: ``=1.2*3``, ``=(2+3)/4``, and ``+5%`` or ``-3%`` of what is there.

They are written as the person writes numbers, without groups. Everything is exact until the result is rounded, once, half up, to the digits that its column keeps. There are numbers,
the four operations, brackets and per cent, and nothing that could take long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import NoReturn

from batchbook.grid.columns import NUMERIC_KINDS, Column, Kind
from batchbook.grid.parsers import CANONICAL, CellError, Conventions, not_a_number, quoted

#: Limits of what is worked out: characters, and brackets within brackets.
_LONGEST, _DEEPEST = 200, 20
#: Digits that are kept where a column has no scale.
_USUAL_SCALE = 10
_EXACT = Context(prec=400)

_CHANGE = re.compile(r"([+-])\s*([0-9.]+)\s*%")
_TOKENS = re.compile(r"\s*(?:([0-9]+(?:\.[0-9]*)?|\.[0-9]+)|([-+*/()%]))")


@dataclass(frozen=True)
class WorkedOut:
    """The result of arithmetic as the text of a plain number; ``note`` tells if it was rounded, else it is empty."""

    text: str
    note: str = ""


def may_be_arithmetic(text: str) -> bool:
    """Return whether ``text``, without white space around it, begins and ends as arithmetic does: a quick look."""
    return text.startswith("=") or (text.endswith("%") and text[0] in "+-")


def worked_out(
    column: Column, text: str, current: str, conventions: Conventions = CANONICAL
) -> WorkedOut | None:
    """Return the result of ``text`` in a cell of ``column`` that has the text ``current``; ``None`` if it is no arithmetic.

    The ``text`` has the decimal sign of ``conventions``; ``current`` and the result are canonical. Raises
    :class:`~batchbook.grid.CellError` for arithmetic that has no result. A number with a sign is a plain number.
    """
    if column.kind not in NUMERIC_KINDS:
        return None
    typed = text.strip()
    text = _pointed(typed, conventions)
    change = None if text.startswith("=") else _CHANGE.fullmatch(text)
    if change is None and not text.startswith("="):
        return None
    if len(text) > _LONGEST:
        raise CellError(
            "not-a-number", f"A calculation may have {_LONGEST} characters, and this one has {len(text)}."
        )
    if change is None:
        exact = _Sum(text, typed, conventions.decimal_sign).result()
    else:
        exact = _changed(typed, change, current, conventions.decimal_sign)
    return _rounded(column, text, exact)


def _pointed(typed: str, conventions: Conventions) -> str:
    sign = conventions.decimal_sign
    if sign == ".":
        return typed
    if "." in typed and may_be_arithmetic(typed):
        raise not_a_number(typed, conventions)
    return typed.replace(sign, ".")


def _changed(text: str, change: re.Match[str], current: str, sign: str) -> Fraction:
    before = _number_in(current)
    if before is None:
        raise CellError(
            "not-a-number", f"{quoted(text)} changes the number in a cell, and there is none in this cell."
        )
    return before * (1 + _Sum(f"={change[1]}{change[2]}", text, sign).result() / 100)


def _number_in(current: str) -> Fraction | None:
    """Return the number that a cell has; ``None`` if its text is no number, or one beyond all columns."""
    # The text may be one that could not be stored: a billion digits of 1e999999999 would never be worked out.
    try:
        number = Decimal(current) if len(current) <= _LONGEST else Decimal("NaN")
    except InvalidOperation:
        return None
    return Fraction(number) if number.is_finite() and abs(number.adjusted()) <= _LONGEST else None


def _rounded(column: Column, text: str, exact: Fraction) -> WorkedOut:
    scale = 0 if column.kind is Kind.INTEGER else _USUAL_SCALE if column.scale is None else column.scale
    value = _half_up(exact, scale)
    shown = format(value, "f")
    note = "" if Fraction(value) == exact else f"{quoted(text)} rounded to {shown}"
    return WorkedOut(shown, note)


def _half_up(exact: Fraction, scale: int) -> Decimal:
    """Return ``exact`` with ``scale`` digits behind the decimal sign; what lies half way goes away from zero."""
    units = int(abs(exact) * 10**scale + Fraction(1, 2))
    return Decimal(-units if exact < 0 else units).scaleb(-scale, context=_EXACT)


class _Sum:
    """The parser of ``text``, an equals sign and a calculation, which was ``typed`` with the decimal ``sign``."""

    def __init__(self, text: str, typed: str, sign: str) -> None:
        self._text, self._typed, self._sign = text, typed, sign
        self._place = 1
        self._depth = 0
        self._part = self._next()

    def result(self) -> Fraction:
        value = self._sum()
        return value if self._part == "" else self._refuse()

    def _sum(self) -> Fraction:
        value = self._product()
        while self._part in ("+", "-"):
            sign, other = self._take(), self._product()
            value = value + other if sign == "+" else value - other
        return value

    def _product(self) -> Fraction:
        value = self._signed()
        while self._part in ("*", "/"):
            sign, other = self._take(), self._signed()
            if sign == "/" and not other:
                raise CellError("not-a-number", f"{quoted(self._typed)} divides by zero.")
            value = value * other if sign == "*" else value / other
        return value

    def _signed(self) -> Fraction:
        negative = False
        while self._part in ("+", "-"):
            negative ^= self._take() == "-"
        value = self._single()
        return -value if negative else value

    def _single(self) -> Fraction:
        part = self._take()
        if part == "(":
            value = self._bracketed()
        elif part and (part[0].isdecimal() or part[0] == "."):
            value = Fraction(part)
        else:
            self._refuse()
        while self._part == "%":
            self._take()
            value /= 100
        return value

    def _bracketed(self) -> Fraction:
        self._depth += 1
        value = self._sum() if self._depth <= _DEEPEST else self._refuse()
        self._depth -= 1
        return value if self._take() == ")" else self._refuse()

    def _take(self) -> str:
        part, self._part = self._part, self._next()
        return part

    def _next(self) -> str:
        found = _TOKENS.match(self._text, self._place)
        if found is None:
            return "" if not self._text[self._place :].strip() else "?"
        self._place = found.end()
        return found[1] or found[2]

    def _refuse(self) -> NoReturn:
        raise CellError(
            "not-a-number",
            f"{quoted(self._typed)} can't be worked out: use numbers, + - * / and brackets, such as =1{self._sign}2*3.",
        )
