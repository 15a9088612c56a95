"""The names of months in the languages of the lists that people send."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache

from babel import Locale

#: Languages whose names of months are understood.
LANGUAGES = ("en", "de", "fr", "es", "nl")

# How programs write months beside what the locale data has.
_MORE = {"mrz": 3, "mär": 3, "sept": 9, "set": 9, "juli": 7}


@cache
def month_numbers() -> dict[str, int]:
    """Return the numbers of the months by their names: in lower case, without a full stop, with and without accents.

    A name that means different months in two of the languages is left out.
    """
    numbers: dict[str, set[int]] = {}
    for name, number in (*_names(), *_MORE.items()):
        plain = name.casefold().removesuffix(".")
        for spelling in (plain, _without_accents(plain), plain.replace("ä", "ae")):
            numbers.setdefault(spelling, set()).add(number)
    return {name: min(found) for name, found in numbers.items() if len(found) == 1}


def _names() -> Iterator[tuple[str, int]]:
    for language in LANGUAGES:
        months = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                yield from ((name, number) for number, name in months[context][width].items())


def _without_accents(name: str) -> str:
    return "".join(mark for mark in unicodedata.normalize("NFKD", name) if not unicodedata.combining(mark))
