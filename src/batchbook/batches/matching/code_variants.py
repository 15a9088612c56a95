"""Codes that a code may have been meant for: written differently, with or without its check digit, with one typing error."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from string import ascii_lowercase, digits

from batchbook.db import key_form

#: Codes of fewer characters are not compared by typing errors, because too many codes are one character away; nor are
#: longer ones, which have too many variants.
_SHORTEST, _LONGEST = 4, 24
#: The fewest digits of a code that has a check digit: one of GS1 has eight, of which leading zeros do not count here.
_CHECKED = 6


class Likeness(Enum):
    """The way in which a code is like another one: a phrase, and how likely they mean the same, from 0 to 1."""

    WRITTEN = "same code, written differently", 1.0
    WITH_CHECK_DIGIT = "same code with its check digit", 0.95
    WITHOUT_CHECK_DIGIT = "same code without its check digit", 0.95
    TYPING_ERROR = "differs by one character", 0.7

    def __init__(self, phrase: str, likelihood: float) -> None:
        self.phrase = phrase
        self.likelihood = likelihood


def comparable(code: str) -> str:
    """Return ``code`` in small letters, without blanks, width, hyphens, other signs and leading zeros.

    Codes that are equal in this form are the same to people. Empty for a code that has neither a letter nor a digit.
    """
    plain = "".join(filter(str.isalnum, key_form(code)))
    return plain.lstrip("0") or plain[:1]


def check_digit(number: str) -> str:
    """Return the check digit of ``number``, which has digits only, by the rule of GS1: EAN, UPC, GTIN and others.

    Source: GS1 General Specifications, section 7.9. Weights count from the right, so leading zeros make no difference.
    """
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(number)))
    return str(-total % 10)


def variants(code: str) -> dict[str, Likeness]:
    """Return the comparable forms of the codes that are the same as ``code`` to people, with how they are like it."""
    plain = comparable(code)
    if not plain:
        return {}
    found: dict[str, Likeness] = {plain: Likeness.WRITTEN}
    if plain.isascii() and plain.isdigit() and len(plain) >= _CHECKED:
        found.setdefault(plain + check_digit(plain), Likeness.WITH_CHECK_DIGIT)
        if check_digit(plain[:-1]) == plain[-1]:
            found.setdefault(plain[:-1], Likeness.WITHOUT_CHECK_DIGIT)
    return found


def typing_errors(code: str) -> set[str]:
    """Return the comparable forms of codes from which ``code`` differs by one typing error."""
    plain = comparable(code)
    return set(_one_error(plain)) - {plain} if _SHORTEST <= len(plain) <= _LONGEST else set()


def _one_error(plain: str) -> Iterator[str]:
    """Yield the texts with one character replaced, left out, or added, and with two neighbours swapped."""
    for place, character in enumerate(plain):
        before, behind = plain[:place], plain[place + 1 :]
        yield before + behind
        for other in _likely(character):
            yield before + other + behind
            yield before + other + character + behind
        if behind and behind[0] != character:
            yield before + behind[0] + character + behind[1:]
    yield from (plain + other for other in _likely(plain[-1]))


#: Letters and digits that are taken for each other.
_MISTAKEN = {
    "o": "0",
    "0": "o",
    "i": "1l",
    "l": "1i",
    "1": "il",
    "s": "5",
    "5": "s",
    "b": "8",
    "8": "b",
    "z": "2",
    "2": "z",
}


def _likely(character: str) -> str:
    """Return the characters that may stand in place of ``character``: of its kind, and those that look like it."""
    alike = _MISTAKEN.get(character, "")
    return (digits if character.isdigit() else ascii_lowercase) + alike
