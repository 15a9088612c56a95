"""Numbers in cells: strict, exact and fast.

Only ASCII digits count, so ``1_000``, ``NaN``, ``1e3`` and Arabic digits are refused, which ``int`` and ``Decimal``
accept. Nothing is ever rounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any

from batchbook.grid.columns import Column, limits_of
from batchbook.grid.conventions import CellError, Conventions, quoted

# What a number may be where neither the column nor its database type says less.
_LARGEST = 10**27
# Sixty digits before and sixty behind the decimal sign are the most that is read.
_EXACT = Context(prec=200)


def integer_parser(column: Column, conventions: Conventions) -> Callable[[str], int]:
    """Return the parser of whole numbers for ``column``."""
    is_plain = re.compile(r"[+-]?[0-9]{1,60}").fullmatch
    low, high = _bounds(column)

    def parse_integer(text: str) -> int:
        plain = text if is_plain(text) else _ungrouped(text, conventions)
        if not is_plain(plain):
            raise CellError("not-a-whole-number", f"{quoted(text)} is not a whole number: use digits only.")
        value = int(plain)
        if not low <= value <= high:
            raise _out_of_bounds(column, text, value < low)
        return value

    return parse_integer


def decimal_parser(column: Column, conventions: Conventions) -> Callable[[str], Decimal]:
    """Return the parser of exact decimals for ``column``; values have exactly its ``scale`` digits, if it has one."""
    is_plain = re.compile(r"[+-]?(?:[0-9]{1,60}(?:\.[0-9]{1,60})?|\.[0-9]{1,60})").fullmatch
    low, high = (Decimal(bound) for bound in _bounds(column))
    scale, unit = column.scale, Decimal(1).scaleb(-(column.scale or 0))
    usual = conventions.decimal_sign == "."

    def parse_decimal(text: str) -> Decimal:
        plain = text
        if not (usual and is_plain(text)):
            plain = _pointed(text, conventions)
            if not is_plain(plain):
                raise _not_a_number(text, conventions)
        value = Decimal(plain)
        if not low <= value <= high:
            raise _out_of_bounds(column, text, value < low)
        if scale is not None and not value.same_quantum(unit):
            value = _scaled(value, unit, text, scale)
        return value or abs(value)  # There is no minus zero among prices.

    return parse_decimal


def _scaled(value: Decimal, unit: Decimal, text: str, scale: int) -> Decimal:
    exact = value.quantize(unit, context=_EXACT)
    if exact != value:
        digits = "digit" if scale == 1 else "digits"
        raise CellError(
            "too-many-decimals",
            f"{quoted(text)} has more than {scale} {digits} behind the decimal sign; it is not rounded for you.",
        )
    return exact


def _pointed(text: str, conventions: Conventions) -> str:
    """Return ``text`` with ``.`` as its decimal sign and without groups; nothing when it has another ``.``."""
    whole, sign, rest = text.partition(conventions.decimal_sign)
    whole = _ungrouped(whole, conventions)
    return "" if "." in whole + rest else whole + (f".{rest}" if sign else "")


def _ungrouped(text: str, conventions: Conventions) -> str:
    """Return ``text`` without its group signs, or as it is when they do not stand at thousands."""
    group = conventions.group_sign
    if not group or group not in text:
        return text
    head, *groups = text.split(group)
    # No thousands begin with a zero: 0.005 among decimal commas is a thousandth, not five.
    right = re.fullmatch(r"[+-]?[1-9][0-9]{0,2}", head) and all(
        re.fullmatch("[0-9]{3}", part) for part in groups
    )
    return "".join((head, *groups)) if right else text


def _not_a_number(text: str, conventions: Conventions) -> CellError:
    sign = conventions.decimal_sign
    return CellError(
        "not-a-number", f"{quoted(text)} is not a number: use digits, with {sign} as the decimal sign."
    )


def _bounds(column: Column) -> tuple[Any, Any]:
    low, high = limits_of(column) or (-_LARGEST, _LARGEST)
    return (
        low if column.minimum is None else max(low, column.minimum),
        high if column.maximum is None else min(high, column.maximum),
    )


def _out_of_bounds(column: Column, text: str, below: bool) -> CellError:
    bound = _bounds(column)[0 if below else 1]
    if below:
        return CellError("too-small", f"{quoted(text)} is too small: the least is {bound}.")
    return CellError("too-large", f"{quoted(text)} is too large: the most is {bound}.")
