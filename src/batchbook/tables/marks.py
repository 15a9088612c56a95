"""What people write around a number: signs, currencies, units."""

from __future__ import annotations

import re
from typing import NamedTuple

from batchbook.tables.vocabulary import CURRENCIES, EXACT_UNITS, PER, UNITS

# Marks of no width, which browsers and mail programs leave around what is copied from them.
_NO_WIDTH = "\u200b\u200e\u200f\u2060\ufeff"

# A minus is a hyphen or the sign itself; a dash stands for the cents of “12,-”; an apostrophe is straight or not. A point
# belongs to an abbreviation only where a blank follows: in “$.50” it is the decimal sign. Possessive, to stay linear.
_NUMBER = re.compile(
    r"(?P<sign>[-+\u2212])?\s*+(?P<open>\()?\s*+"
    r"(?P<before>[^-+\u2212()0-9.,\s]*+(?:(?<=[A-Za-z])\.(?=\s))?)\s*+(?P<inner>\()?\s*+(?P<late>[-\u2212])?\s*+"
    r"(?P<core>[0-9](?:[0-9.,'\u2019\s]*[0-9])?|(?<![A-Za-z])[.,][0-9]+)"
    r"(?:(?P<dash>[.,])[-\u2013\u2014]{1,2}|(?P<trailing>[-\u2212]))?+(?P<shut>\))?+"
    r"(?P<after>[^-+\u2212()0-9]*+)(?P<close>\))?"
)
# No number that is read has as many characters.
_LONGEST = 200


class Marked(NamedTuple):
    """A number as it was written: its digits with what separates them, whether it is negative, what stood around it.

    ``dash`` is the decimal sign of an amount such as “12,-”. ``currency`` and ``unit`` are as they were written;
    ``style`` says how a negative number was marked: ``-``, ``()``, or ``trailing``; it is empty for others.
    """

    core: str
    dash: str = ""
    currency: str = ""
    unit: str = ""
    style: str = ""

    @property
    def negative(self) -> bool:
        """Whether it is less than nothing."""
        return bool(self.style)


def trimmed(text: str) -> str:
    """Return ``text`` without white space and marks of no width around it."""
    return text.strip().strip(_NO_WIDTH).strip()


def marked_number(text: str) -> Marked | None:
    """Return the parts of a text that is clearly one number with known marks around it, else ``None``.

    What separates its digits is not judged: it depends on the column.
    """
    found = _NUMBER.fullmatch(trimmed(text)) if len(text) <= _LONGEST else None
    if found is None:
        return None
    style = _style(found)
    before, after = found["before"], _parts(found["after"])
    if style is None or after is None or (before and not _is_currency(before)):
        return None
    return Marked(found["core"], found["dash"] or "", before or after[0], after[1], style)


def _style(found: re.Match[str]) -> str | None:
    """Return how the number is negative; None where that is said twice, or a parenthesis stands alone."""
    opened = (found["open"] is not None) + (found["inner"] is not None)
    ways = ["-"] * (found["sign"] not in (None, "+")) + ["-"] * (found["late"] is not None)
    ways += ["trailing"] * (found["trailing"] is not None) + ["()"] * opened
    balanced = opened == (found["shut"] is not None) + (found["close"] is not None)
    if not balanced or len(ways) > 1 or (ways and found["sign"] == "+"):
        return None
    return ways[0] if ways else ""


def _parts(after: str) -> tuple[str, str] | None:
    """Return the currency and the unit behind a number; None where there is anything else."""
    words = [word for word in re.split(r"\s*/\s*|\s+", after.strip()) if word and word.casefold() not in PER]
    currency = words.pop(0) if words and _is_currency(words[0]) else ""
    if not words:
        return currency, ""
    if len(words) > 1 or not (_is_unit(words[0]) or (words[0] == "%" and not currency)):
        return None
    return currency, words[0]


def _is_currency(word: str) -> bool:
    return word in CURRENCIES or word.removesuffix(".") in CURRENCIES


def _is_unit(word: str) -> bool:
    plain = word.removesuffix(".")
    return plain in EXACT_UNITS or (plain != "MM" and plain.casefold() in UNITS)
