"""Dates and times as people write them, converted to ISO 8601, with the names of months in several languages."""

from __future__ import annotations

import re
from datetime import date, time
from functools import cache
from itertools import product
from typing import Literal
from unicodedata import combining, normalize

from batchbook.grid.parsers import DateOrder

#: Locales of Babel whose names of months are understood. Italian and Portuguese also have "set", which Spanish lists use.
LOCALES = ("en", "de", "de_AT", "fr", "es", "it", "nl", "pt")

# The one name that lists have and no locale: German versions of Excel write it for March.
_EXCEL_NAMES = {"mrz": 3}

#: Two digits of a year up to this one are of this century.
LAST_SHORT_YEAR = 68

# A day whose order is open: 31.12.2017, 12/31/17.
_AMBIGUOUS = re.compile(r"([0-9]{1,2})([./-])\s?([0-9]{1,2})\2\s?([0-9]{4}|[0-9]{2})")
_YEAR_FIRST = re.compile(r"([0-9]{4})([./-])([0-9]{1,2})\2([0-9]{1,2})")
_COMPACT = re.compile(r"((?:19|20|21)[0-9]{2})([0-9]{2})([0-9]{2})")
_WORD = r"([^\W\d_]{3,10}\.?)"
_NAMED_DAY_FIRST = re.compile(
    rf"([0-9]{{1,2}})(?:\.|st|nd|rd|th|er)?[ -]?(?:de )?{_WORD}[ -]?(?:de )?,?\s?([0-9]{{4}}|[0-9]{{2}})"
)
_NAMED_MONTH_FIRST = re.compile(rf"{_WORD}[ -]([0-9]{{1,2}})(?:st|nd|rd|th)?(?:, ?| |-)([0-9]{{4}})")
_NAMED_YEAR_FIRST = re.compile(rf"([0-9]{{4}})[ -]{_WORD}[ -]([0-9]{{1,2}})")
_TIME = re.compile(
    r"(?P<day>.*[0-9])(?:T|,?\s+)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?P<part>\.[0-9]{1,6})?)?(?:\s?(?P<half>[AaPp])\.?[Mm]\.?)?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
)


@cache
def month_numbers() -> dict[str, int]:
    """Return the numbers of the months by their names: in lower case, without a full stop, with and without accents.

    A name that means different months in two of the languages is left out. The locale data is loaded when the first date
    with a name is met, not when a program starts.
    """
    from babel import Locale

    numbers: dict[str, set[int]] = {name: {number} for name, number in _EXCEL_NAMES.items()}
    for months in (Locale.parse(locale).months for locale in LOCALES):
        for context, width in product(("format", "stand-alone"), ("wide", "abbreviated")):
            for number, name in months[context][width].items():
                plain = name.casefold().removesuffix(".")
                bare = "".join(char for char in normalize("NFKD", plain) if not combining(char))
                for spelling in (plain, bare, plain.replace("ä", "ae")):
                    numbers.setdefault(spelling, set()).add(number)
    return {name: min(found) for name, found in numbers.items() if len(found) == 1}


def iso_day(text: str, order: DateOrder) -> str | None:
    """Return the date that ``text`` means in ISO format; None for anything else, such as a date with a time.

    ``order`` matters only where the text does not show its order. A time of midnight without a zone, or in UTC, is ignored.
    """
    day, clock, zone = split_moment(text)
    if clock is not None and (any(map(int, re.findall("[0-9]+", clock))) or zone not in ("", "Z")):
        return None
    return _day(day, order)


def iso_moment(text: str, order: DateOrder) -> str | None:
    """Return the date and time that ``text`` means in ISO format, with its offset if it has one; None for anything else."""
    day, clock, zone = split_moment(text)
    iso = _day(day, order)
    return None if iso is None or clock is None else f"{iso} {clock}{zone}"


def split_moment(text: str) -> tuple[str, str | None, str]:
    """Return the date, the time in ISO format, and the zone of ``text``; without a time, the text and None."""
    found = _TIME.fullmatch(text)
    if found is None:
        return text, None, ""
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return text, None, ""
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        time(hour, int(found["minute"]), int(found["second"] or 0))
    except ValueError:
        return text, None, ""
    seconds = f":{found['second']}{found['part'] or ''}" if found["second"] else ""
    return found["day"], f"{hour:02}:{found['minute']}{seconds}", found["zone"] or ""


def possible_orders(text: str) -> Literal["dmy", "mdy", "either", "none", ""]:
    """Return the order in which ``text`` can be a date: ``either`` if in both, ``none`` if in neither of the two.

    It is empty where the order is clear, as in ISO format, or where there is no date.
    """
    found = _AMBIGUOUS.fullmatch(split_moment(text)[0])
    if found is None:
        return ""
    as_dmy, as_mdy = (_day(found[0], order) is not None for order in ("dmy", "mdy"))
    if as_dmy and as_mdy:
        return "either"
    return "dmy" if as_dmy else "mdy" if as_mdy else "none"


def is_unambiguous_day(text: str) -> bool:
    """Return whether ``text`` is a date in any order: in ISO format, with the year first, or with a month's name."""
    day = split_moment(text)[0]
    return _unambiguous_day(day) is not None


def has_short_year(text: str) -> bool:
    """Return whether an ambiguous date has two digits for its year."""
    found = _AMBIGUOUS.fullmatch(split_moment(text)[0])
    return found is not None and len(found[4]) == 2


def _day(text: str, order: DateOrder) -> str | None:
    found = _AMBIGUOUS.fullmatch(text)
    if found and order != "ymd":
        day, month = (found[1], found[3]) if order == "dmy" else (found[3], found[1])
        return _iso(found[4], int(month), day)
    compact = _COMPACT.fullmatch(text) if order == "ymd" else None
    return _iso(compact[1], int(compact[2]), compact[3]) if compact else _unambiguous_day(text)


def _unambiguous_day(text: str) -> str | None:
    if found := _YEAR_FIRST.fullmatch(text):
        return _iso(found[1], int(found[3]), found[4])
    if found := _NAMED_DAY_FIRST.fullmatch(text):
        return _iso(found[3], _month(found[2]), found[1])
    if found := _NAMED_MONTH_FIRST.fullmatch(text):
        return _iso(found[3], _month(found[1]), found[2])
    if found := _NAMED_YEAR_FIRST.fullmatch(text):
        return _iso(found[1], _month(found[2]), found[3])
    return None


def _month(name: str) -> int:
    return month_numbers().get(name.casefold().removesuffix("."), 0)


def _iso(year: str, month: int, day: str) -> str | None:
    short = len(year) == 2
    whole = int(year) + (2000 if int(year) <= LAST_SHORT_YEAR else 1900) if short else int(year)
    try:
        return date(whole, month, int(day)).isoformat()
    except ValueError:
        return None
