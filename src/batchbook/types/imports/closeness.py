"""Texts that are close to another one, among thousands: only those that share parts with it are compared letter by letter."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import chain

#: How many texts are returned, and how much alike they must be, from 0 to 1.
_RETURNED, _CLOSE = 3, 0.7
#: How many of those that share most are compared, and what is looked at of a text.
_COMPARED, _LONGEST = 40, 100


class CloseTexts:
    """Finds those of ``texts`` that are close to another one, whatever its capital letters."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = {text.casefold()[:_LONGEST]: text for text in reversed(list(texts))}
        self._with: dict[str, list[str]] = defaultdict(list)
        for plain in self._texts:
            for pair in _pairs(plain):
                self._with[pair].append(plain)

    def closest(self, text: str) -> list[str]:
        """Return the texts that are close to ``text``, the closest first."""
        plain = text.casefold()[:_LONGEST]
        shared = Counter(chain.from_iterable(self._with.get(pair, ()) for pair in _pairs(plain)))
        # Of two that share as much, the shorter one is more alike.
        likely = sorted(shared, key=lambda other: (-shared[other], len(other)))[:_COMPARED]
        return [self._texts[other] for other in get_close_matches(plain, likely, _RETURNED, _CLOSE)]


def _pairs(plain: str) -> set[str]:
    """Return the neighbouring letters of a text, with its ends; so a letter that is wrong spoils two of them only."""
    framed = f"\x02{plain}\x03"
    return {framed[place : place + 2] for place in range(len(framed) - 1)}
