"""What people write around a number: signs, currencies, units. And the words that stand for nothing at all.

Only what leaves the number's value as it is written is known here. A word that multiplies (dozen, k, mio.) or that
means a hundredth (cents) is none of the units, so that a number with it is refused instead of being taken for another.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_CODES = frozenset(
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KRW MAD MXN MYR NOK NZD"
    " PEN PHP PLN RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR".split()
)
_SYMBOLS = frozenset(
    "$ € £ ¥ ₹ ₽ ₩ ₺ ₪ ₫ ₴ ₱ ฿ US$ C$ CA$ A$ AU$ NZ$ R$ HK$ S$ MX$ zł Kč kr Fr SFr".split()
) | {"Euro", "euro", "Euros", "euros", "eur", "usd", "Dollar", "dollar", "Dollars", "dollars"}

# In these, capital letters mean something else: MM are millions, M a thousand or a million, ct are cents.
_EXACT_UNITS = frozenset("g l L m t mm CT h".split())
_UNITS = frozenset(
    "kg mg lb lbs oz ml cl dl hl ltr gal qt pt cm km ft yd m² m³"
    " ea each pc pcs pce piece pieces st stk stück stuks pièce pièces unit units pk pack packs pkg pkt"
    " cs case cases ctn carton cartons bx box boxes bg bag bags btl bottle bottles can cans day days".split()
)
_PER = frozenset({"per", "pro", "je", "par"})

#: What stands for an empty cell among numbers and dates, in lower case.
NOTHING = frozenset(
    (
        "n/a",
        "n.a.",
        "n.a",
        "na",
        "-",
        "--",
        "---",
        "–",
        "—",
        "null",
        "none",
        "nil",
        "(null)",
        "(none)",
        "k.a.",
        "n.v.t.",
    )
)
#: What spreadsheets show where a formula went wrong, in capital letters, in English, German, French, Spanish and Dutch.
ERRORS = frozenset(
    "#N/A #REF! #VALUE! #DIV/0! #NAME? #NULL! #NUM! #SPILL! #CALC! #GETTING_DATA #NV #BEZUG! #WERT! #ZAHL!"
    " #VALEUR! #NOM? #NOMBRE! #NUL! #¡REF! #¡VALOR! #¡DIV/0! #¿NOMBRE? #¡NUM! #VERW! #WAARDE! #DEEL/0! #NAAM?".split()
)
#: The words for yes and no, in lower case. Digits are none of them: they are numbers.
YES = frozenset("yes y true on ja j oui o si sí s wahr vrai verdadero waar x ✓ ✔ ☑".split())
NO = frozenset("no n false off nein non nee falsch faux falso onwaar ☐ ✗ ✘".split())

# Marks of no width, which browsers and mail programs leave around what is copied from them.
_NO_WIDTH = "\u200b\u200e\u200f\u2060\ufeff"

_NUMBER = re.compile(
    r"(?P<sign>[-+−])?\s*(?P<open>\()?\s*(?P<before>[^-+−()0-9.,]*?\.?)\s*(?P<inner>\()?\s*(?P<late>[-−])?\s*"
    r"(?P<core>[0-9](?:[0-9.,'’\s]*[0-9])?|[.,][0-9]+)"
    r"(?:(?P<dash>[.,])[-–—]{1,2}|(?P<trailing>[-−]))?\s*"
    r"(?P<after>[^-+−()0-9]*?)\s*(?P<close>\))?"
)


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
    found = _NUMBER.fullmatch(trimmed(text))
    if found is None:
        return None
    style = _style(found)
    before, after = found["before"].strip(), _parts(found["after"])
    if style is None or after is None or (before and not _is_currency(before)):
        return None
    return Marked(found["core"], found["dash"] or "", before or after[0], after[1], style)


def _style(found: re.Match[str]) -> str | None:
    """Return how the number is negative; None where that is said twice, or a parenthesis stands alone."""
    opened = (found["open"] is not None) + (found["inner"] is not None)
    ways = ["-"] * (found["sign"] not in (None, "+")) + ["-"] * (found["late"] is not None)
    ways += ["trailing"] * (found["trailing"] is not None) + ["()"] * opened
    balanced = opened == (found["close"] is not None)
    if not balanced or len(ways) > 1 or (ways and found["sign"] == "+"):
        return None
    return ways[0] if ways else ""


def _parts(after: str) -> tuple[str, str] | None:
    """Return the currency and the unit behind a number; None where there is anything else."""
    words = [word for word in re.split(r"\s*/\s*|\s+", after.strip()) if word and word.casefold() not in _PER]
    currency = words.pop(0) if words and _is_currency(words[0]) else ""
    if not words:
        return currency, ""
    if len(words) > 1 or not (_is_unit(words[0]) or (words[0] == "%" and not currency)):
        return None
    return currency, words[0]


def _is_currency(word: str) -> bool:
    return word in _CODES or word in _SYMBOLS or word.removesuffix(".") in _SYMBOLS


def _is_unit(word: str) -> bool:
    plain = word.removesuffix(".")
    return plain in _EXACT_UNITS or (plain != "MM" and plain.casefold() in _UNITS)
