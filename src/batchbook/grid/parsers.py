"""Parsers of cells: numbers, texts, yes and no, days, moments and choices, with the conventions they follow."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from decimal import Context, Decimal
from typing import Any, Literal, NamedTuple, TypeVar

from batchbook.db.folding import fold
from batchbook.grid.columns import Column, limits_of
from batchbook.words import is_storable, storable

DateOrder = Literal["ymd", "dmy", "mdy"]

_LONGEST_QUOTED = 40


class Conventions(NamedTuple):
    """The conventions by which numbers, dates and moments are written.

    An empty ``group_sign`` allows no grouping. ISO dates are understood in every ``date_order``. A moment without an
    offset is one in ``zone``.
    """

    decimal_sign: str = "."
    group_sign: str = ","
    date_order: DateOrder = "ymd"
    zone: tzinfo = UTC


#: The conventions of everything that is kept, compared, exported or read by programs.
CANONICAL = Conventions()


class CellError(ValueError):
    """A text that is not a value of its column: ``code`` for programs, ``message`` a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def quoted(text: str) -> str:
    """Return ``text`` in quotation marks, cut to a length that fits into a sentence."""
    return f"“{text if len(text) <= _LONGEST_QUOTED else text[: _LONGEST_QUOTED - 1] + '…'}”"


# The largest number where neither the column nor its database type has a limit.
_LARGEST = 10**27
# Sixty digits before and sixty behind the decimal sign are the most that is read.
_EXACT = Context(prec=200)


def integer_parser(column: Column, conventions: Conventions) -> Callable[[str], int]:
    """Return the parser of whole numbers for ``column``."""
    is_plain = re.compile(r"[+-]?[0-9]{1,60}").fullmatch
    low, high = _bounds(column)

    def parse_integer(text: str) -> int:
        digits = text if is_plain(text) else _ungrouped(text, conventions)
        if not is_plain(digits):
            raise CellError("not-a-whole-number", f"{quoted(text)} is not a whole number: use digits only.")
        value = int(digits)
        if not low <= value <= high:
            raise _out_of_bounds(column, text, value < low, conventions)
        return value

    return parse_integer


def decimal_parser(column: Column, conventions: Conventions) -> Callable[[str], Decimal]:
    """Return the parser of exact decimals for ``column``; values have exactly its ``scale`` digits, if it has one."""
    is_plain = re.compile(r"[+-]?(?:[0-9]{1,60}(?:\.[0-9]{1,60})?|\.[0-9]{1,60})").fullmatch
    low, high = (Decimal(bound) for bound in _bounds(column))
    scale, unit = column.scale, Decimal(1).scaleb(-(column.scale or 0))
    usual = conventions.decimal_sign == "."

    def parse_decimal(text: str) -> Decimal:
        digits = text
        if not (usual and is_plain(text)):
            digits = plain_number(text, conventions)
            if not is_plain(digits):
                raise not_a_number(text, conventions)
        value = Decimal(digits)
        if not low <= value <= high:
            raise _out_of_bounds(column, text, value < low, conventions)
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


def plain_number(text: str, conventions: Conventions) -> str:
    """Return ``text`` with ``.`` as its decimal sign and without groups; nothing when it has another ``.``."""
    whole, sign, rest = text.partition(conventions.decimal_sign)
    whole = _ungrouped(whole, conventions)
    return "" if "." in whole + rest else whole + (f".{rest}" if sign else "")


#: Further group signs that people type, by the one that is written: keyboards have other blanks and apostrophes.
OTHER_GROUP_SIGNS = {
    "\N{NARROW NO-BREAK SPACE}": " \N{NO-BREAK SPACE}\N{THIN SPACE}",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
}
_TYPED = {sign: str.maketrans(dict.fromkeys(others, sign)) for sign, others in OTHER_GROUP_SIGNS.items()}


def _ungrouped(text: str, conventions: Conventions) -> str:
    """Return ``text`` without its group signs, or as it is when they do not stand at thousands."""
    group = conventions.group_sign
    typed = text.translate(_TYPED[group]) if group in _TYPED else text
    if not group or group not in typed:
        return text
    head, *groups = typed.split(group)
    # No thousands begin with a zero: 0.005 among decimal commas is a thousandth, not five.
    right = re.fullmatch(r"[+-]?[1-9][0-9]{0,2}", head) and all(
        re.fullmatch("[0-9]{3}", part) for part in groups
    )
    return "".join((head, *groups)) if right else text


def not_a_number(text: str, conventions: Conventions) -> CellError:
    """Return the error for a ``text`` that is no number by these conventions."""
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


def _out_of_bounds(column: Column, text: str, below: bool, conventions: Conventions) -> CellError:
    bound = str(_bounds(column)[0 if below else 1]).replace(".", conventions.decimal_sign)
    if below:
        return CellError("too-small", f"{quoted(text)} is too small: the least is {bound}.")
    return CellError("too-large", f"{quoted(text)} is too large: the most is {bound}.")


_WORDS = {"yes": True, "y": True, "true": True, "on": True, "1": True}
_WORDS |= {"no": False, "n": False, "false": False, "off": False, "0": False}
_SHOWN_CHOICES = 10

_Time = TypeVar("_Time", date, datetime)

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOCAL_DAY = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})")
_ISO_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_EXAMPLES: dict[DateOrder, str] = {
    "ymd": "2026-11-30 (year-month-day)",
    "dmy": "30.11.2026 (day.month.year)",
    "mdy": "11/30/2026 (month/day/year)",
}


def text_parser(column: Column, _conventions: Conventions) -> Callable[[str], str]:
    """Return the parser of texts: kept as written, leading zeros too, with line ends made one character."""
    longest = column.max_length

    def parse_text(text: str) -> str:
        if not text.isprintable():
            if not is_storable(text):
                raise CellError(
                    "not-storable", f"{quoted(storable(text))} holds a character that cannot be stored."
                )
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if longest is not None and len(text) > longest:
            raise CellError("too-long", f"{quoted(text)} has {len(text)} characters: {longest} are the most.")
        return text

    return parse_text


def boolean_parser(_column: Column, _conventions: Conventions) -> Callable[[str], bool]:
    """Return the parser of yes and no."""

    def parse_boolean(text: str) -> bool:
        value = _WORDS.get(text.lower())
        if value is None:
            raise CellError("not-yes-or-no", f"{quoted(text)} is neither yes nor no: write one of these.")
        return value

    return parse_boolean


def date_parser(column: Column, conventions: Conventions) -> Callable[[str], date]:
    """Return the parser of days: ISO, or in the conventions' order with ``.``, ``/`` or ``-`` and a full year."""

    def parse_date(text: str) -> date:
        iso = _iso_day(text, conventions.date_order)
        try:
            value = date.fromisoformat(iso)
        except ValueError:
            raise CellError("not-a-date", f"{quoted(text)} is not a day of the calendar.") from None
        return _checked(column, text, value)

    return parse_date


def datetime_parser(column: Column, conventions: Conventions) -> Callable[[str], datetime]:
    """Return the parser of moments: an ISO day and time; the value is in UTC."""

    def parse_datetime(text: str) -> datetime:
        if not _ISO_MOMENT.fullmatch(text):
            example = "2026-11-30 17:45 (year-month-day hours:minutes)"
            raise CellError("not-a-moment", f"{quoted(text)} is not a day and time: write it as {example}.")
        try:
            moment = datetime.fromisoformat(text)
            value = (moment if moment.tzinfo else moment.replace(tzinfo=conventions.zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise CellError("not-a-moment", f"{quoted(text)} is no day and time of the calendar.") from None
        return _checked(column, text, value)

    return parse_datetime


def choice_parser(column: Column, _conventions: Conventions) -> Callable[[str], Any]:
    """Return the parser of choices: the stored value itself, or its label in any case, width and Unicode form."""
    values = {fold(choice.label).casefold(): choice.value for choice in reversed(column.choices)}
    by_text = {choice_text(choice.value): choice.value for choice in column.choices}

    def parse_choice(text: str) -> Any:
        try:
            return by_text[text] if text in by_text else values[fold(text).casefold()]
        except KeyError:
            labels = [choice.label for choice in column.choices[:_SHOWN_CHOICES]]
            more = ", …" if len(column.choices) > _SHOWN_CHOICES else ""
            raise CellError(
                "not-a-choice", f"{quoted(text)} is not one of the choices: {', '.join(labels)}{more}."
            ) from None

    return parse_choice


def choice_text(value: Any) -> str:
    """Return the text that stands for a choice's value in a link or a form."""
    return str(getattr(value, "value", value))


def _iso_day(text: str, order: DateOrder) -> str:
    if _ISO_DAY.fullmatch(text):
        return text
    parts = _LOCAL_DAY.fullmatch(text)
    if parts is None or order == "ymd":
        raise CellError("not-a-date", f"{quoted(text)} is not a date: write it as {_EXAMPLES[order]}.")
    first, _, second, year = parts.groups()
    day, month = (first, second) if order == "dmy" else (second, first)
    return f"{year}-{month:0>2}-{day:0>2}"


def _checked(column: Column, text: str, value: _Time) -> _Time:
    if column.minimum is not None and value < column.minimum:
        raise CellError("too-small", f"{quoted(text)} is too early: the first is {column.minimum}.")
    if column.maximum is not None and value > column.maximum:
        raise CellError("too-large", f"{quoted(text)} is too late: the last is {column.maximum}.")
    return value
