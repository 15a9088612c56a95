"""Comparing headings with names as people do: case, accents, punctuation and plurals make no difference."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

#: How much of two names must agree for one to look like the other, of 1.
_CLOSE = 0.75
#: Words that are too short to be told apart by a letter.
_SHORT = 3
#: What is looked at of a heading.
_LONGEST = 80

_WORD = re.compile(r"[^\W_]+")
_INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of ``name``, in lower case, without accents and endings of plurals.

    ``item_code``, ``Item Codes``, ``ITEM-CODE`` and ``itemCode`` have the same words.
    """
    parted = _INNER_CAPITAL.sub(" ", name[:_LONGEST])
    plain = "".join(c for c in unicodedata.normalize("NFKD", parted) if not unicodedata.combining(c))
    return tuple(_singular(word) for word in _WORD.findall(plain.casefold()))


def normal(name: str) -> str:
    """Return what ``name`` has in common with all ways to write it."""
    return "".join(words_of(name))


def likeness(heading: str, name: str) -> float:
    """Return how much ``heading`` looks like ``name``: from 0, not at all, to 1."""
    theirs, ours = words_of(heading), words_of(name)
    if not theirs or not ours:
        return 0.0
    if set(ours) <= set(theirs) or set(theirs) <= set(ours):
        return _CLOSE + (1 - _CLOSE) * min(len(ours), len(theirs)) / max(len(ours), len(theirs))
    ratio = SequenceMatcher(None, "".join(theirs), "".join(ours)).ratio()
    return ratio if ratio >= _CLOSE else 0.0


def _singular(word: str) -> str:
    return word[:-1] if len(word) > _SHORT and word.endswith("s") and not word.endswith("ss") else word
