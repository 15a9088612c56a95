"""Normalisation of cells into plain text that the grid's parsers understand; dates and numbers have modules of their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Literal

from batchbook.grid.columns import Kind
from batchbook.grid.parsers import Conventions, DateOrder
from batchbook.tables.normalise.dates import iso_day, iso_moment
from batchbook.tables.normalise.number_marks import (
    NO,
    NOTHING,
    YES,
    MarkedNumber,
    parse_marked_number,
    plain_digits,
    strip_invisible,
)
from batchbook.tables.report import ColumnReading, Percent, TextMarks

MarkKind = Literal["formula", "guard", "code", "word", "other"]

_FORMULA = re.compile(r'= *"((?:[^"]|"")*)"', re.DOTALL)
# A mark after a line end and blanks. Blanks may be beyond ASCII, so all such bytes count: a match is only a candidate.
_MAY_BE_MARKED = re.compile(rb"""\n[ \t\x80-\xff]*(?:'|= *")""")
#: An apostrophe by which programs guard a text against being run as a formula; ``grid.export`` guards an apostrophe and a
#: blank in front of a text as well.
GUARD = re.compile("'[\\s'=+\\-@\uff1d\uff0b\uff0d\uff20]")
_CODE = re.compile(r"'(?=(?:.*[0-9]){3})[0-9]+(?:[.,/:-][0-9]+)*")
# 't Hooft, 's-Hertogenbosch, 'n Sync, '90s, 'em: letters or digits were left out in front.
_WORD = re.compile(r"'(?:[a-z]|[A-Z][ -]|[0-9]{2}(?:s\b|\b(?![.,/:-]?[0-9])))")
_SHARE_OF_MARKED = 0.9

_REMOVED: dict[str, frozenset[MarkKind]] = {
    "formulas": frozenset({"formula", "guard"}),
    "codes": frozenset({"formula", "guard", "code"}),
    "all": frozenset({"formula", "guard", "code", "word", "other"}),
}


def may_be_marked(joined: bytes) -> bool:
    """Return whether one of several texts, joined by line ends, may begin with a marker."""
    return _MAY_BE_MARKED.search(joined) is not None


def text_mark(text: str) -> MarkKind | None:
    """Return the kind of marker that ``text`` begins with; ``None`` for none."""
    if text.startswith("="):
        return "formula" if _FORMULA.fullmatch(text) else None
    if not text.startswith("'") or len(text) < 2:
        return None
    if GUARD.match(text):
        return "guard"
    if _CODE.fullmatch(text):
        return "code"
    return "word" if _WORD.match(text) else "other"


def mark_remover(marks: TextMarks) -> Callable[[str], str] | None:
    """Return a function that removes the markers from a text; ``None`` where there are none to remove."""
    removed_kinds = _REMOVED.get(marks)
    return None if removed_kinds is None else partial(_without_mark, removed_kinds)


def text_cleaner(reading: ColumnReading) -> Callable[[str], str] | None:
    """Return a function that removes a text's marker and reads digits of other scripts; ``None`` where neither is done."""
    remove = mark_remover(reading.text_marks)
    if reading.other_digits != "plain":
        return remove
    return plain_digits if remove is None else lambda text: plain_digits(remove(text))


def _without_mark(removed_kinds: frozenset[MarkKind], text: str) -> str:
    if text[:1] not in ("=", "'"):
        return text
    mark = text_mark(text)
    if mark not in removed_kinds:
        return text
    return text[text.index('"') + 1 : -1].replace('""', '"') if mark == "formula" else text[1:]


def decide_marks(counts: Counter[MarkKind], filled: int, requested: TextMarks) -> TextMarks:
    """Return the markers to remove from a column with ``filled`` cells; ``counts`` has the number of cells with each."""
    if requested or not counts:
        return requested
    apostrophes = counts.total() - counts["formula"]
    if (
        counts["other"]
        and not counts["word"]
        and apostrophes + counts["formula"] >= _SHARE_OF_MARKED * filled
    ):
        return "all"
    if counts["code"] > 3 * counts["word"]:
        return "codes"
    return "formulas" if counts["formula"] or counts["guard"] else ""


def find_marks(texts: Sequence[str]) -> dict[int, MarkKind]:
    """Return the positions of the texts that begin with a marker, and its kind."""
    found = (
        (place, text_mark(text.strip()))
        for place, text in enumerate(texts)
        if text.lstrip()[:1] in ("=", "'")
    )
    return {place: mark for place, mark in found if mark is not None}


_OTHER_SIGN = {".": ",", ",": "."}
# Groups of three digits behind blanks or apostrophes, the same ones all along.
_SPACED = re.compile(r"[0-9]{1,3}([\s'\u2019])[0-9]{3}(?:\1[0-9]{3})*")

# No day that is read has as many characters.
_LONGEST_DAY = 100

Normaliser = Callable[[str], str]


def conventions_of(reading: ColumnReading) -> Conventions:
    """Return the conventions by which the grid's parsers read the normalised cells of a column."""
    sign = reading.decimal_sign or "."
    return Conventions(
        decimal_sign=sign, group_sign=_OTHER_SIGN[sign], date_order=reading.date_order or "ymd"
    )


@lru_cache(maxsize=1024)
def normaliser(kind: Kind, reading: ColumnReading) -> Normaliser:
    """Return the function that normalises texts for the parser of ``kind`` with :func:`conventions_of` the reading.

    Texts in the reading's ``nothing`` become empty in every kind. The usual words for an empty cell, such as “N/A” and “-”, do so
    where they can be no value: among numbers, dates, and yes and no. Texts and choices are otherwise only stripped.
    """
    nothing = frozenset(map(str.strip, reading.nothing))
    plain = _normaliser_of_values(kind, reading)

    def normalise(text: str) -> str:
        stripped = text.strip()
        if stripped in nothing:
            return ""
        if plain is None:
            return stripped
        bare = plain_digits(strip_invisible(text))
        return "" if bare.casefold() in NOTHING else plain(bare)

    return normalise


def _normaliser_of_values(kind: Kind, reading: ColumnReading) -> Normaliser | None:
    """Return the normaliser of a kind whose cells are values rather than texts; None for other kinds."""
    sign, order = reading.decimal_sign or ".", reading.date_order or "ymd"
    if kind in (Kind.INTEGER, Kind.DECIMAL):
        return partial(_plain_number, sign=sign, whole_only=kind is Kind.INTEGER, percent=reading.percent)
    if kind in (Kind.DATE, Kind.DATETIME):
        return partial(_iso_or_text, iso_day if kind is Kind.DATE else iso_moment, order)
    return _yes_or_no if kind is Kind.BOOLEAN else None


def _plain_number(text: str, sign: str, whole_only: bool, percent: Percent = "") -> str:
    number = parse_marked_number(text)
    digits = None if number is None else _plain_digits(number, sign)
    if number is None or digits is None:
        return text
    if percent == "fraction" and number.unit == "%":
        digits = hundredth(digits, sign)
    if whole_only:
        # Three zeros stay, and are refused: 12.000 may be twelve thousand if the sign was decided wrongly.
        whole, _, part = digits.partition(sign)
        digits = whole if part and not part.strip("0") and len(part) != 3 else digits
    return f"-{digits}" if number.negative else digits


def _plain_digits(number: MarkedNumber, sign: str) -> str | None:
    """Return the number's digits with the column's decimal sign and groups only; None where these are misplaced."""
    whole, mark, part = number.core.partition(sign)
    if _SPACED.fullmatch(whole):
        whole = re.sub(r"[\s'\u2019]", "", whole)
    group = re.escape(_OTHER_SIGN[sign])
    in_order = re.fullmatch(f"[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+", whole) or (not whole and mark)
    if not in_order or (mark and not re.fullmatch("[0-9]+", part)) or number.dash not in ("", sign):
        return None
    return None if mark and number.dash else f"{whole}{mark}{part}"


def hundredth(digits: str, sign: str = ".") -> str:
    """Return the hundredth part of a number in plain digits, whose decimal sign is ``sign``, and which may be grouped."""
    whole, _, part = digits.replace(_OTHER_SIGN[sign], "").partition(sign)
    whole = whole.rjust(3, "0")
    return f"{whole[:-2]}{sign}{whole[-2:]}{part}"


def _iso_or_text(iso: Callable[[str, DateOrder], str | None], order: DateOrder, text: str) -> str:
    return text if len(text) > _LONGEST_DAY else iso(" ".join(text.split()), order) or text


def _yes_or_no(text: str) -> str:
    word = text.casefold()
    return "yes" if word in YES else "no" if word in NO else text
