"""Parsers of the cells that are not numbers: texts, yes and no, days, moments and choices."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from batchbook.db.storable import UNSTORABLE
from batchbook.grid.columns import Column
from batchbook.grid.conventions import CellError, Conventions, DateOrder, quoted

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
            text = _storable(text)
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
    """Return the parser of choices: the stored value itself, or its label in any case."""
    values = {choice.label.casefold(): choice.value for choice in reversed(column.choices)}
    by_text = {choice_text(choice.value): choice.value for choice in column.choices}

    def parse_choice(text: str) -> Any:
        try:
            return by_text[text] if text in by_text else values[text.casefold()]
        except KeyError:
            raise CellError("not-a-choice", _no_such_choice(column, text)) from None

    return parse_choice


def choice_text(value: Any) -> str:
    """Return the text that stands for a choice's value in a link or a form."""
    return str(getattr(value, "value", value))


def _no_such_choice(column: Column, text: str) -> str:
    labels = [choice.label for choice in column.choices[:_SHOWN_CHOICES]]
    more = ", …" if len(column.choices) > _SHOWN_CHOICES else ""
    return f"{quoted(text)} is not one of the choices: {', '.join(labels)}{more}."


def _storable(text: str) -> str:
    if UNSTORABLE.search(text):
        raise CellError(
            "not-storable", f"{quoted(UNSTORABLE.sub('�', text))} holds a character that cannot be stored."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


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
