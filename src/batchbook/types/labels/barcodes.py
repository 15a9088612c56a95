"""Barcodes: retail codes with their check digits, and the bars of EAN-13, UPC-A, EAN-8, Code 128 and QR codes.

The patterns and quiet zones are those of the GS1 General Specifications (5.2 and 5.4) and of ISO/IEC 15417 and 18004.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, SQLColumnExpression, and_, case, cast, func, literal

_GTIN_DIGITS = 14
#: The lengths of retail codes: EAN-8, UPC-A, EAN-13 and GTIN-14.
_LENGTHS = (8, 12, 13, _GTIN_DIGITS)
#: The modules of digits in the left half of an EAN-13, of odd parity.
_LEFT = (
    "0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011",
)  # fmt: skip
#: For each first digit of an EAN-13, the digits of its left half that are of the other parity.
_PARITIES = (
    "000000",
    "001011",
    "001101",
    "001110",
    "010011",
    "011001",
    "011100",
    "010101",
    "010110",
    "011010",
)
_GUARD, _MIDDLE = "101", "01010"
_FIRST_PRINTABLE, _LAST_PRINTABLE = " ", "~"
_CODE_128_QUIET, _QR_QUIET = 10, 4


@dataclass(frozen=True)
class Bar:
    """A dark bar: the modules from the symbol's left edge, its width in modules, and whether it reaches down between the digits."""

    start: int
    width: int
    is_long: bool = False


@dataclass(frozen=True)
class Digits:
    """Digits below a symbol, spread over ``width`` modules from ``start``; small ones stand in a quiet zone of UPC-A."""

    text: str
    start: float
    width: float
    is_small: bool = False


@dataclass(frozen=True)
class Symbol:
    """A barcode: its symbology, its text, its width in modules with the quiet zones on both sides, and its bars.

    A QR code has ``rows`` of bars, each a module high, and ``bars`` is empty.
    """

    symbology: str
    data: str
    modules: int
    bars: tuple[Bar, ...]
    digits: tuple[Digits, ...] = ()
    rows: tuple[tuple[Bar, ...], ...] = ()


# --- Retail codes ----------------------------------------------------------------------------------------------------


def check_digit(digits: str) -> str:
    """Return the check digit that belongs behind ``digits``: they count 3 and 1 in turn, from the right."""
    total = sum(int(digit) * (3 - number % 2 * 2) for number, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def gtin_of(code: str | None) -> str | None:
    """Return the 14 digits of a retail code with the right check digit; ``None`` for any other text."""
    text = (code or "").strip()
    is_code = len(text) in _LENGTHS and text.isascii() and text.isdigit() and text.strip("0")
    return text.zfill(_GTIN_DIGITS) if is_code and check_digit(text[:-1]) == text[-1] else None


def is_gtin(code: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Return in SQL whether ``code`` is a retail code: what :func:`gtin_of` finds to be one."""
    text = func.trim(code)
    padded = func.substr(literal("0" * _GTIN_DIGITS).op("||")(text), func.length(text) + 1, _GTIN_DIGITS)
    digits = [cast(func.substr(padded, number, 1), Integer) for number in range(1, _GTIN_DIGITS + 1)]
    total = sum((digit * (3 - number % 2 * 2) for number, digit in enumerate(digits)), literal(0))
    plain = and_(
        func.length(text).in_(_LENGTHS),
        func.length(func.ltrim(text, "0123456789")) == 0,
        func.length(func.ltrim(text, "0")) > 0,
    )
    # A text with letters is no number, and CASE does not look at the second condition then.
    return case((plain, total % 10), else_=1) == 0


def retail_symbol(code: str | None) -> Symbol | None:
    """Return the EAN-8, UPC-A or EAN-13 of a retail code; ``None`` where it is none, or is a GTIN-14 of a case."""
    gtin = gtin_of(code)
    if gtin is None or gtin[0] != "0":
        return None
    if len((code or "").strip()) == _LENGTHS[0]:
        return _ean_8(gtin[6:])
    return _upc_a(gtin[2:]) if gtin.startswith("00") else _ean_13(gtin[1:])


def _ean_13(code: str) -> Symbol:
    quiet, right_quiet = 11, 7
    bars = _bars(_thirteen(code), quiet, lambda start: start in (0, 2, 46, 48, 92, 94))
    digits = (
        Digits(code[0], quiet - 9, 7),
        Digits(code[1:7], quiet + 3, 42),
        Digits(code[7:], quiet + 50, 42),
    )
    return Symbol("EAN-13", code, quiet + 95 + right_quiet, bars, digits)


def _upc_a(code: str) -> Symbol:
    """Return the symbol of 12 digits, whose first and last ones have long bars and stand in the quiet zones."""
    quiet = 9
    bars = _bars(_thirteen(f"0{code}"), quiet, lambda start: start < 10 or start in (46, 48) or start >= 85)
    digits = (
        Digits(code[0], quiet - 7, 5, is_small=True),
        Digits(code[1:6], quiet + 11, 34),
        Digits(code[6:11], quiet + 50, 34),
        Digits(code[11], quiet + 97, 5, is_small=True),
    )
    return Symbol("UPC-A", code, quiet + 95 + quiet, bars, digits)


def _ean_8(code: str) -> Symbol:
    quiet = 7
    left = "".join(_LEFT[int(digit)] for digit in code[:4])
    right = "".join(_inverted(_LEFT[int(digit)]) for digit in code[4:])
    bars = _bars(
        f"{_GUARD}{left}{_MIDDLE}{right}{_GUARD}", quiet, lambda start: start in (0, 2, 32, 34, 64, 66)
    )
    digits = (Digits(code[:4], quiet + 3, 28), Digits(code[4:], quiet + 36, 28))
    return Symbol("EAN-8", code, quiet + 67 + quiet, bars, digits)


def _thirteen(code: str) -> str:
    """Return the modules of an EAN-13: ``1`` for a dark one."""
    parities = _PARITIES[int(code[0])]
    left = (
        _inverted(_LEFT[int(digit)])[::-1] if parity == "1" else _LEFT[int(digit)]
        for digit, parity in zip(code[1:7], parities, strict=True)
    )
    right = (_inverted(_LEFT[int(digit)]) for digit in code[7:])
    return f"{_GUARD}{''.join(left)}{_MIDDLE}{''.join(right)}{_GUARD}"


def _inverted(pattern: str) -> str:
    return pattern.translate({ord("0"): "1", ord("1"): "0"})


def _bars(modules: str, quiet: int, is_long: Any) -> tuple[Bar, ...]:
    return tuple(Bar(quiet + start, width, is_long(start)) for start, width in _runs(modules))


def _runs(modules: str) -> Iterator[tuple[int, int]]:
    """Yield start and width of each run of dark modules."""
    end = 0
    while (start := modules.find("1", end)) >= 0:
        end = modules.find("0", start)
        end = len(modules) if end < 0 else end
        yield start, end - start


# --- Other codes -----------------------------------------------------------------------------------------------------


def code_128_symbol(text: str) -> Symbol | None:
    """Return ``text`` as Code 128; ``None`` for an empty one and for one with characters that it does not have."""
    # Reportlab takes longer to import than commands take to start.
    from reportlab.graphics.barcode.code128 import Code128

    if not text or not all(_FIRST_PRINTABLE <= character <= _LAST_PRINTABLE for character in text):
        return None
    encoder = Code128(text)
    encoder.validate()
    encoder.encode()
    start, bars = _CODE_128_QUIET, []
    # It names the widths of bars by capital letters, those of the spaces between them by small ones.
    for letter in encoder.decompose():
        width = ord(letter.upper()) - ord("A") + 1
        if letter.isupper():
            bars.append(Bar(start, width))
        start += width
    digits = (Digits(text, _CODE_128_QUIET, start - _CODE_128_QUIET),)
    return Symbol("Code 128", text, start + _CODE_128_QUIET, tuple(bars), digits)


def qr_symbol(text: str) -> Symbol | None:
    """Return ``text`` as QR code with medium error correction; ``None`` for an empty one and for one that is too long."""
    import segno

    if not text:
        return None
    try:
        code = segno.make_qr(text, error="m", boost_error=False)
    except segno.DataOverflowError:
        return None
    lines = ("".join("1" if dark else "0" for dark in row) for row in code.matrix)
    rows = tuple(_bars(line, _QR_QUIET, lambda _start: False) for line in lines)
    return Symbol("QR", text, len(rows) + 2 * _QR_QUIET, (), (), rows)
