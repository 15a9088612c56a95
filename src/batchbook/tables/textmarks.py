"""Marks by which a spreadsheet is told that a cell is a text: ``="000801228"``, and an apostrophe in front.

A formula that is nothing but a text in quotation marks means that text. An apostrophe may as well belong to the text, as in
't Hooft, so it is decided for each column from all of its cells which ones are marks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

#: Which marks are left out of a column: none; those of formulas and of what would be one; those before codes of digits as
#: well; every apostrophe in front. Empty where that is to be decided.
TextMarks = Literal["", "kept", "formulas", "codes", "all"]
MarkKind = Literal["formula", "guard", "code", "word", "other"]

_FORMULA = re.compile(r'= *"((?:[^"]|"")*)"', re.DOTALL)
# A mark after a line end and blanks. Blanks may be no ASCII, so other such bytes count too: this only says what may be.
_MAY_BE_MARKED = re.compile(rb"""\n[ \t\x80-\xff]*(?:'|= *")""")
# What programs put an apostrophe before, so that it is not run as a formula; this one does, see ``grid.export``.
_GUARD = re.compile("''*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_CODE = re.compile(r"'(?=(?:.*[0-9]){3})[0-9]+(?:[.,/:-][0-9]+)*")
# 't Hooft, 's-Hertogenbosch, 'n Sync, '90s, 'em: letters or digits were left out in front.
_WORD = re.compile(r"'(?:[a-z]|[A-Z][ -]|[0-9]{2}(?:s\b|\b(?![.,/:-]?[0-9])))")
_MOST = 0.9

_LEFT_OUT: dict[str, frozenset[MarkKind]] = {
    "formulas": frozenset({"formula", "guard"}),
    "codes": frozenset({"formula", "guard", "code"}),
    "all": frozenset({"formula", "guard", "code", "word", "other"}),
}


def may_be_marked(joined: bytes) -> bool:
    """Tell whether one of several texts, joined by line ends, may begin with a mark."""
    return _MAY_BE_MARKED.search(joined) is not None


def mark_of(text: str) -> MarkKind | None:
    """Return which mark ``text`` begins with; ``None`` for none."""
    if text.startswith("="):
        return "formula" if _FORMULA.fullmatch(text) else None
    if not text.startswith("'") or len(text) < 2:
        return None
    if _GUARD.match(text):
        return "guard"
    if _CODE.fullmatch(text):
        return "code"
    return "word" if _WORD.match(text) else "other"


def unmarker(marks: TextMarks) -> Callable[[str], str] | None:
    """Return what leaves the marks out of a text; ``None`` where there are none to leave out."""
    left_out = _LEFT_OUT.get(marks)
    return None if left_out is None else partial(_unmarked, left_out)


def _unmarked(left_out: frozenset[MarkKind], text: str) -> str:
    if text[:1] not in ("=", "'"):
        return text
    mark = mark_of(text)
    if mark not in left_out:
        return text
    return text[text.index('"') + 1 : -1].replace('""', '"') if mark == "formula" else text[1:]


def decide_marks(counts: Counter[MarkKind], filled: int, said: TextMarks) -> TextMarks:
    """Return which marks are left out of a column with ``filled`` cells, of which so many begin with each of them."""
    if said or not counts:
        return said
    apostrophes = counts.total() - counts["formula"]
    if counts["other"] and not counts["word"] and apostrophes + counts["formula"] >= _MOST * filled:
        return "all"
    if counts["code"] > 3 * counts["word"]:
        return "codes"
    return "formulas" if counts["formula"] or counts["guard"] else ""


def marked(texts: Sequence[str]) -> dict[int, MarkKind]:
    """Return the places of the texts that begin with a mark, and which."""
    found = (
        (place, mark_of(text.strip())) for place, text in enumerate(texts) if text.lstrip()[:1] in ("=", "'")
    )
    return {place: mark for place, mark in found if mark is not None}
