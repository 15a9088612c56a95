"""Counts with their nouns, and texts that databases can store."""

from __future__ import annotations

import re
from collections.abc import Sequence


def plural(one: str) -> str:
    """Return the regular English plural of ``one``, whose last word changes: labels, batches, categories."""
    if re.search("(?:s|x|z|ch|sh)$", one, re.IGNORECASE):
        return f"{one}es"
    return f"{one[:-1]}ies" if re.search("[^aeiou]y$", one, re.IGNORECASE) else f"{one}s"


def noun(count: int, one: str, many: str = "") -> str:
    """Return ``one`` for a count of 1, else ``many``, by default the regular plural."""
    return one if count == 1 else many or plural(one)


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun, with grouped thousands: ``1 row``, ``2 rows``, ``1,234 boxes``.

    More than a noun may change with the count: ``counted(count, "row matches", "rows match")``.
    """
    return f"{count:,} {noun(count, one, many)}"


def in_sentence(label: str) -> str:
    """Return a label in the middle of a sentence; one that begins with an abbreviation, such as UPC, keeps its capitals."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def quoted_list(names: Sequence[str]) -> str:
    """Return ``names`` in quotation marks for a sentence, each cut to 60 characters."""
    return ", ".join(f"“{name[:60]}”" for name in names)


# PostgreSQL stores neither NUL nor halves of surrogate pairs, in texts or in JSON.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Return whether databases can store every character of ``text``."""
    return ("\0" not in text) if text.isascii() else not _UNSTORABLE.search(text)


def storable(text: str) -> str:
    """Return ``text`` with ``�`` in place of each character that databases cannot store."""
    return _UNSTORABLE.sub("�", text)


def written_like(text: str, others: Sequence[str]) -> str:
    """Return the words that the key ``text`` differs from ``others`` in its writing only."""
    return f"{quoted_list([text])} is written like {quoted_list(others)} but for case, blanks, width or Unicode form"
