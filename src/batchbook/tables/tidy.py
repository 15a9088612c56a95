"""From the text of a cell to the plain text that the grid's parsers understand.

Nothing is guessed here: what is not clearly a number, a day or a word for yes or no comes back as it is, so that the
parser refuses it with a sentence. A number keeps its digits in their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial

from batchbook.grid.conventions import Conventions, DateOrder
from batchbook.grid.kinds import Kind
from batchbook.tables.choices import ColumnReading, date_order
from batchbook.tables.days import iso_day, iso_moment
from batchbook.tables.marks import Marked, marked_number, trimmed
from batchbook.tables.vocabulary import NO, NOTHING, YES

_OTHER = {".": ",", ",": "."}
# Groups of three digits behind blanks or apostrophes, the same ones all along.
_SPACED = re.compile(r"[0-9]{1,3}([\s'\u2019])[0-9]{3}(?:\1[0-9]{3})*")

# No day that is read has as many characters.
_LONGEST_DAY = 100

Tidier = Callable[[str], str]


def conventions_of(reading: ColumnReading) -> Conventions:
    """Return how the numbers and days of a column are written once they are tidy; a point where nothing is said."""
    sign = reading.decimal_sign or "."
    return Conventions(decimal_sign=sign, group_sign=_OTHER[sign], date_order=date_order(reading))


@lru_cache(maxsize=1024)
def tidier(kind: Kind, reading: ColumnReading) -> Tidier:
    """Return what makes a cell's text plain for the parser of ``kind`` with :func:`conventions_of` the reading.

    The reading's ``nothing`` becomes an empty text in every kind. The usual words for nothing, such as “N/A” and “-”,
    do so where they can be no value: among numbers, days, and yes and no. Texts and choices are otherwise only
    stripped.
    """
    nothing = frozenset(map(str.strip, reading.nothing))
    plain = _PLAIN.get(kind, _stripped)(reading)
    usual = NOTHING if kind in _PLAIN else frozenset()

    def tidy(text: str) -> str:
        stripped = text.strip()
        if stripped in nothing:
            return ""
        bare = trimmed(text) if usual else stripped
        return "" if bare.casefold() in usual else plain(bare)

    return tidy


def _stripped(_reading: ColumnReading) -> Tidier:
    return str.strip


def _number(reading: ColumnReading) -> Tidier:
    return partial(_plain_number, sign=reading.decimal_sign or ".", whole_only=False)


def _whole_number(reading: ColumnReading) -> Tidier:
    return partial(_plain_number, sign=reading.decimal_sign or ".", whole_only=True)


def _plain_number(text: str, sign: str, whole_only: bool) -> str:
    number = marked_number(text)
    digits = None if number is None else _plain_digits(number, sign)
    if number is None or digits is None:
        return text
    if whole_only:
        digits = _without_empty_part(digits, sign)
    return f"-{digits}" if number.negative else digits


def _plain_digits(number: Marked, sign: str) -> str | None:
    """Return the number's digits with no other signs than the column's; None where they stand as they should not."""
    whole, mark, part = number.core.partition(sign)
    if _SPACED.fullmatch(whole):
        whole = re.sub(r"[\s'\u2019]", "", whole)
    group = re.escape(_OTHER[sign])
    in_order = re.fullmatch(f"[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+", whole) or (not whole and mark)
    if not in_order or (mark and not re.fullmatch("[0-9]+", part)) or number.dash not in ("", sign):
        return None
    return None if mark and number.dash else f"{whole}{mark}{part}"


def _without_empty_part(digits: str, sign: str) -> str:
    # Three zeros stay, and are refused: 12.000 may be twelve thousand where the sign was decided wrongly.
    whole, _, part = digits.partition(sign)
    return whole if part and not part.strip("0") and len(part) != 3 else digits


def _day(reading: ColumnReading) -> Tidier:
    return partial(_known, iso_day, date_order(reading))


def _moment(reading: ColumnReading) -> Tidier:
    return partial(_known, iso_moment, date_order(reading))


def _known(iso: Callable[[str, DateOrder], str | None], order: DateOrder, text: str) -> str:
    return text if len(text) > _LONGEST_DAY else iso(" ".join(text.split()), order) or text


def _yes_or_no(_reading: ColumnReading) -> Tidier:
    def plain(text: str) -> str:
        word = text.casefold()
        return "yes" if word in YES else "no" if word in NO else text

    return plain


_PLAIN: dict[Kind, Callable[[ColumnReading], Tidier]] = {
    Kind.INTEGER: _whole_number,
    Kind.DECIMAL: _number,
    Kind.DATE: _day,
    Kind.DATETIME: _moment,
    Kind.BOOLEAN: _yes_or_no,
}
