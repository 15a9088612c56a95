"""Scans: a text from a scanner or a keyboard, read as a code with a quantity, and with the price or weight in it.

Sources: GS1 General Specifications (check digits 7.9, application identifiers 3, restricted circulation numbers 2.1.11 and
UPC-E 5.2.2), and ISO/IEC 15424 for the symbology identifiers that scanners put before a code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pyramid.exceptions import ConfigurationError
from stdnum import ean
from stdnum.exceptions import ValidationError

from batchbook.errors import BadInput
from batchbook.settings import Setting

EMBEDDED = Setting(
    "batchbook.scan.embedded",
    "02IIIIIVPP.PPC",
    "The layouts of scanned codes with a price or weight in them, separated by blanks. Each has thirteen digits: its first ones, 02 or 20 to 29, then I for a digit of the item, P of the price or W of the weight with the decimal point among them, V for a check digit of the price, which is passed over, 0 for a digit that means nothing, and C for the check digit. Codes of twelve digits are read with a zero before them.",
)
PREFIXES = Setting(
    "batchbook.scan.prefixes",
    "",
    "Texts, separated by blanks, that scanners put before a code and that are left out. The symbology identifiers of ISO/IEC 15424, such as ]E0, are always left out.",
)
SUFFIXES = Setting(
    "batchbook.scan.suffixes",
    "",
    "Texts, separated by blanks, that scanners put after a code and that are left out. Line ends and tabs are always left out.",
)
SETTINGS = (EMBEDDED, PREFIXES, SUFFIXES)

#: The lengths of a GTIN: EAN-8, UPC-A, EAN-13 and GTIN-14.
GTIN_LENGTHS = frozenset({8, 12, 13, 14})
#: The separator of GS1 between elements of variable length, and the characters that scanners put around a code.
_FNC1, _AROUND = "\x1d", " \t\r\n\v\f\x02\x03\x04"
_QUANTITY = re.compile(
    "([+-]?[0-9]{1,9}(?:[.,][0-9]{1,6})?)\\s*[*\N{MULTIPLICATION SIGN}]\\s*(.+)", re.DOTALL
)
_SYMBOLOGY = re.compile(r"\]([A-Za-z])([0-9A-Za-z])")
#: The symbology identifiers of EAN and UPC, whose last digit is always a check digit, and of codes with GS1 elements.
_EAN, _GS1 = "E", frozenset({"C1", "d2", "e0", "e1", "J1", "Q3"})
#: The most characters of a scan. No code has more than a QR code, and the time for reading GS1 elements grows by their square.
_LONGEST = 7_089
#: A quantity that is a thousand times as much in some countries as in others.
_AMBIGUOUS = re.compile("[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_DIGITAL_LINK = re.compile(r"https?://[^\s?#]+/01/([0-9]{8,14})(?:[/?#].*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Scan:
    """A text that was scanned or typed into a quick entry box, as it is understood.

    ``text`` is the text itself, without blanks around it; ``code`` the code in it, without what scanners put around it, the quantity before it, and,
    where a price or weight is embedded, with zeros in its place. ``quantity`` is the number before the code, as in ``3*CODE``, times the count in the
    code itself. ``price`` is in the currency of the shop and ``weight`` in the unit of the layout; in kg where GS1 elements
    have it. ``candidates`` are the spellings, the likeliest first, under which a record may know the code. ``problem`` is the sentence on
    a check digit that is wrong; the code may still be one of the shop's own, without a check digit, unless it ``is_certain``.
    """

    text: str
    code: str
    quantity: Decimal = Decimal(1)
    price: Decimal | None = None
    weight: Decimal | None = None
    candidates: tuple[str, ...] = ()
    problem: str | None = None
    is_certain: bool = False


def read_scan(text: str, settings: Mapping[str, Any]) -> Scan:
    """Return what ``text`` means by the ``settings`` of the application; raise ``BadInput`` if it has no code."""
    text = text.strip(_AROUND)
    if len(text) > _LONGEST:
        raise BadInput(
            f"The text has {len(text):,} characters, more than any code has, so nothing was entered."
        )
    quantity, rest = _quantity_in(text)
    rest = _without(rest, PREFIXES.text(settings).split(), SUFFIXES.text(settings).split()).strip(_AROUND)
    symbology = _SYMBOLOGY.match(rest)
    code = rest[3:] if symbology else rest
    if not code:
        raise BadInput(f"“{text[:80]}” has no code, so nothing was entered.")
    found = _elements(code, is_gs1=symbology is not None and "".join(symbology.groups()) in _GS1)
    scan = replace(found, text=text, quantity=quantity * found.quantity)
    if scan.code.isascii() and scan.code.isdigit():
        is_ean = symbology is not None and symbology[1] == _EAN
        scan = replace(scan, problem=_problem(scan.code), is_certain=is_ean or scan.is_certain)
    layouts = read_layouts(EMBEDDED.text(settings))
    embedded = next(filter(None, (layout.read(scan) for layout in layouts)), None)
    return embedded or replace(scan, candidates=tuple(dict.fromkeys(spellings(scan.code))))


def _quantity_in(text: str) -> tuple[Decimal, str]:
    """Return the quantity before a code, by default 1, and the rest of ``text``."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return Decimal(1), text
    quantity = Decimal(found[1].replace(",", "."))
    if _AMBIGUOUS.fullmatch(found[1]):
        raise BadInput(
            f"“{found[1]}” before the code may be {found[1].replace(',', '')} or {quantity.normalize():f}, so nothing was entered."
            " Write it without the comma."
        )
    if not quantity:
        raise BadInput(f"“{text[:80]}” has the quantity zero, so nothing was entered.")
    return quantity, found[2]


def _without(text: str, prefixes: list[str], suffixes: list[str]) -> str:
    """Return ``text`` without the first of ``prefixes`` and of ``suffixes`` that it has."""
    before = next((one for one in prefixes if text.startswith(one)), "")
    after = next((one for one in suffixes if text.endswith(one)), "")
    return text[len(before) : len(text) - len(after)]


def _elements(code: str, *, is_gs1: bool) -> Scan:
    """Return the scan of ``code``, which may have GS1 elements: number, count, weight, price."""
    link = _DIGITAL_LINK.fullmatch(code)
    if link is not None:
        return Scan(code, link[1], is_certain=True)
    if not is_gs1 and not code.startswith(("(01)", _FNC1)):
        return Scan(code, code)
    # Read when it is needed: the table of elements takes a while to load.
    from stdnum import gs1_128

    try:
        parts = gs1_128.info(code, _FNC1)
    except (ValidationError, ValueError, ArithmeticError):
        # A keyboard may have swallowed the separators; the number comes first, and has a fixed length.
        number = re.match(r"(?:\(01\)|01)([0-9]{14})", code.lstrip(_FNC1))
        return Scan(code, number[1], is_certain=True) if number else Scan(code, code)
    number = parts.get("01") or parts.get("02")
    if number is None:
        return Scan(code, code)
    count = Decimal(parts.get("30") or parts.get("37") or 1)
    # The last digit of these identifiers is the number of digits behind the decimal point.
    price, weight = (next((parts[ai] for ai in parts if ai[:3] == wanted), None) for wanted in ("392", "310"))
    return Scan(code, number, quantity=count, price=price, weight=weight, is_certain=True)


def _problem(code: str) -> str | None:
    """Return the sentence on the check digit of ``code``, digits of the length of a GTIN; ``None`` if it is right."""
    if len(code) not in GTIN_LENGTHS or ean.is_valid(code) or upc_a_of(code) is not None:
        return None
    return f"The check digit of “{code}” is wrong: it should end in {ean.calc_check_digit(code[:-1])}."


def upc_a_of(code: str) -> str | None:
    """Return the twelve digits of UPC-A that ``code``, the eight of a UPC-E, stands for; ``None`` if it is none."""
    if not re.fullmatch(r"[01][0-9]{7}", code):
        return None
    body, last = code[1:7], code[6]
    if last in "012":
        number = f"{body[:2]}{last}0000{body[2:5]}"
    elif last == "3":
        number = f"{body[:3]}00000{body[3:5]}"
    elif last == "4":
        number = f"{body[:4]}00000{body[4]}"
    else:
        number = f"{body[:5]}0000{last}"
    whole = f"{code[0]}{number}"
    return whole + code[7] if ean.calc_check_digit(whole) == code[7] else None


def spellings(code: str) -> Iterator[str]:
    """Yield the spellings under which a record may know ``code``, the likeliest first; some of them twice.

    Digits may have leading zeros more or less, and a number of GS1 its check digit or not. A wrong check digit is never
    left out: the code may be that of another product.
    """
    yield code
    if not (code.isascii() and code.isdigit()):
        yield code.upper()
        return
    yield from _with_zeros(code)
    whole = upc_a_of(code)
    if whole is not None:
        yield from _with_zeros(whole)
        yield from _with_zeros(whole[:-1])
    if len(code) in GTIN_LENGTHS and ean.is_valid(code):
        yield from _with_zeros(code[:-1])
    elif len(code) in (7, 11):
        yield from _with_zeros(code + ean.calc_check_digit(code))


def _with_zeros(digits: str) -> Iterator[str]:
    plain = digits.lstrip("0") or "0"
    if len(digits) <= max(GTIN_LENGTHS):
        yield from (plain.zfill(length) for length in range(len(plain), max(GTIN_LENGTHS) + 1))


# --- Prices and weights in a code ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EmbeddedLayout:
    """The layout of a code of thirteen digits with a price or weight in it, as the setting writes it."""

    places: str
    digits_behind: int

    @classmethod
    def parse(cls, text: str) -> EmbeddedLayout:
        """Return the layout that ``text`` describes; raise ``ValueError`` if it describes none."""
        pattern = r"(?:02|2[0-9])(?=[^.]*\.?[^.]*\Z)0*I{4,6}[0V]?(?:[P.]{4,7}|[W.]{4,7})C"
        places = text.replace(".", "")
        if not re.fullmatch(pattern, text) or len(places) != 13:
            raise ValueError(text)
        value = re.sub("[^PW.]", "", text)
        return cls(places, len(value.partition(".")[2]))

    def read(self, scan: Scan) -> Scan | None:
        """Return ``scan`` with what its code has of price or weight; ``None`` if the code is of another layout."""
        code = scan.code.zfill(13)
        if len(scan.code) not in (12, 13) or scan.problem or not self._fits(code):
            return None
        item, value = self._part(code, "I"), self._part(code, "PW")
        amount = Decimal(value).scaleb(-self.digits_behind)
        plain = "".join(
            "0" if place in "PWV" else digit for place, digit in zip(self.places, code, strict=True)
        )
        plain = plain[:-1] + ean.calc_check_digit(plain[:-1])
        known = [*spellings(plain), *_with_zeros(item)]
        return replace(
            scan,
            code=plain[-len(scan.code) :],
            price=amount if "P" in self.places else None,
            weight=amount if "W" in self.places else None,
            candidates=tuple(dict.fromkeys([scan.code, *known])),
        )

    def _fits(self, code: str) -> bool:
        pairs = zip(self.places, code, strict=True)
        return code.isdigit() and all(place == digit for place, digit in pairs if place.isdigit())

    def _part(self, code: str, letters: str) -> str:
        return "".join(digit for place, digit in zip(self.places, code, strict=True) if place in letters)


@lru_cache(maxsize=16)
def read_layouts(text: str) -> tuple[EmbeddedLayout, ...]:
    """Return the layouts of the setting; raise ``ConfigurationError`` for one that is none."""
    layouts = []
    for one in text.split():
        try:
            layouts.append(EmbeddedLayout.parse(one))
        except ValueError as error:
            raise ConfigurationError(
                f"The setting {EMBEDDED.name} has the layout {one!r}, which is none: write thirteen digits and letters, such as"
                " 02IIIIIVPP.PPC for a price or 21IIIIIWW.WWWC for a weight."
            ) from error
    return tuple(layouts)
