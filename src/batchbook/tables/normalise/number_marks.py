"""Signs, currencies and units around numbers, and words that replace numbers."""

from __future__ import annotations

import re
from typing import NamedTuple
from unicodedata import decimal

# ruff: noqa: RUF001 - The signs are those that people write.


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


#: Codes and signs of currencies, as they are written.
CURRENCIES = _words(
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KRW MAD MXN MYR NOK NZD",
    "PEN PHP PLN RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR",
    "$ € £ ¥ ₹ ₽ ₩ ₺ ₪ ₫ ₴ ₱ ฿ US$ C$ CA$ A$ AU$ NZ$ R$ HK$ S$ MX$ zł Kč kr Fr SFr",
    "Euro euro Euros euros eur usd Dollar dollar Dollars dollars",
)
#: The codes of currencies that are also written in another way. A dollar's sign alone may be that of several.
CURRENCY_CODES = {
    "€": "EUR",
    "£": "GBP",
    "US$": "USD",
    "₹": "INR",
    "zł": "PLN",
    "Kč": "CZK",
    "eur": "EUR",
    "usd": "USD",
    **dict.fromkeys(("Euro", "euro", "Euros", "euros"), "EUR"),
    **dict.fromkeys(("Dollar", "dollar", "Dollars", "dollars"), "$"),
}
#: Units whose case matters: M is a thousand or a million, ct are cents.
EXACT_UNITS = _words("g l L m t CT mm")
#: Units in lower case, which may be written in any.
UNITS = _words(
    "kg mg lb lbs oz ml cl dl hl ltr gal qt pt cm km ft yd m² m³",
    "ea each pc pcs pce piece pieces st stk stück stuks pièce pièces unit units pk pack packs pkg pkt",
    "cs case cases ctn carton cartons bx box boxes bg bag bags btl bottle bottles can cans day days",
)
#: The words between an amount and what it is for.
PER = _words("per pro je par")
#: The texts for an empty cell among numbers and dates, in lower case.
NOTHING = _words("n/a n.a. n.a na k.a. n.v.t. - -- --- – — null none nil (null) (none)")
#: The error values of formulas, as spreadsheets show them in English, German, French, Spanish and Dutch.
ERRORS = _words(
    "#N/A #REF! #VALUE! #DIV/0! #NAME? #NULL! #NUM! #SPILL! #CALC! #GETTING_DATA #NV #BEZUG! #WERT! #ZAHL! #VALEUR!",
    "#NOM? #NOMBRE! #NUL! #¡REF! #¡VALOR! #¡DIV/0! #¿NOMBRE? #¡NUM! #VERW! #WAARDE! #DEEL/0! #NAAM?",
)
#: The words for yes, in lower case. Digits are not among them, because they are numbers.
YES = _words("yes y true t on ja j oui o si sí s wahr vrai verdadero waar x ✓ ✔ ☑")
#: The words for no, in lower case.
NO = _words("no n false f off nein non nee falsch faux falso onwaar ☐ ✗ ✘")
#: The words that a row of totals begins with, in lower case.
TOTALS = _words(
    "total totals subtotal sub-total sum sums summe gesamt gesamtsumme zwischensumme endsumme",
    "totaal subtotaal som somme totaux sous-total suma totales grandtotal totale subtotale subtotaal soma",
    "итого всего итог razem ogółem celkem součet összesen toplam ukupno skupaj yhteensä totalt summa σύνολο 合计 合計 小计 小計 총계",
)


# Characters of no width, which browsers and mail programs leave around copied texts.
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
_LONGEST_NUMBER = 200


class MarkedNumber(NamedTuple):
    """A number as it was written: its digits with their separators, its sign, and the marks around it.

    ``dash`` is the decimal sign of an amount such as “12,-”. ``currency`` and ``unit`` are as they were written; ``style`` is the
    mark of a negative number: ``-``, ``()`` or ``trailing``; it is empty for others.
    """

    core: str
    dash: str = ""
    currency: str = ""
    unit: str = ""
    style: str = ""

    @property
    def negative(self) -> bool:
        """Whether the number is less than zero."""
        return bool(self.style)


# Digits of other scripts, such as Arabic, Devanagari and full-width ones, and the signs that go with them.
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_OTHER_SIGNS = {
    "\u066b": ".", "\u066c": ",", "\u066a": "%", "\uff0e": ".", "\uff0c": ",", "\uff05": "%", "\uff0d": "-", "\uff0f": "/", "\uff1a": ":",
}  # fmt: skip
_CODE_OF_DIGITS = re.compile(rf"[\d\s.,:/%+\u2212\-{''.join(_OTHER_SIGNS)}]+")
_DIGITS = frozenset("0123456789")
_TO_PLAIN = str.maketrans(_OTHER_SIGNS)


def has_other_digits(text: str) -> bool:
    """Return whether a digit of another script than the usual 0 to 9 is in ``text``."""
    return not text.isascii() and any(map(str.isdecimal, set(text).difference(_DIGITS)))


def plain_digits(text: str) -> str:
    """Return a code or number in digits of another script with the usual ones; any other text as it is."""
    if not has_other_digits(text) or not _CODE_OF_DIGITS.fullmatch(text):
        return text
    return _OTHER_DIGIT.sub(lambda digit: str(decimal(digit[0])), text).translate(_TO_PLAIN)


def strip_invisible(text: str) -> str:
    """Return ``text`` without white space and invisible characters around it."""
    return text.strip().strip(_NO_WIDTH).strip()


def parse_marked_number(text: str) -> MarkedNumber | None:
    """Return the parts of a text that is clearly one number with known marks around it, else ``None``.

    The separators of its digits are not judged, since they depend on the column.
    """
    found = _NUMBER.fullmatch(strip_invisible(text)) if len(text) <= _LONGEST_NUMBER else None
    if found is None:
        return None
    style = _style(found)
    before, after = found["before"], _currency_and_unit(found["after"])
    if style is None or after is None or (before and not _is_currency(before)):
        return None
    return MarkedNumber(found["core"], found["dash"] or "", before or after[0], after[1], style)


def _style(found: re.Match[str]) -> str | None:
    """Return the style of a negative number, empty for others; None where it is marked twice, or parentheses do not match."""
    opened = (found["open"] is not None) + (found["inner"] is not None)
    ways = ["-"] * (found["sign"] not in (None, "+")) + ["-"] * (found["late"] is not None)
    ways += ["trailing"] * (found["trailing"] is not None) + ["()"] * opened
    balanced = opened == (found["shut"] is not None) + (found["close"] is not None)
    if not balanced or len(ways) > 1 or (ways and found["sign"] == "+"):
        return None
    return ways[0] if ways else ""


def _currency_and_unit(after: str) -> tuple[str, str] | None:
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
