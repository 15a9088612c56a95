"""Check digits, retail codes in Python and in SQL, and symbols that a decoder reads back."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, literal, select
from tests.types.labels.printed import barcodes, pdf_of

from batchbook.types.labels.barcodes import (
    Symbol,
    check_digit,
    code_128_symbol,
    gtin_of,
    is_gtin,
    qr_symbol,
    retail_symbol,
)
from batchbook.types.labels.templates import Barcode, BarcodeKind, LabelSize, LabelTemplate, Paper

#: Codes with their 14 digits, or None where they are no retail code.
CODES = (
    ("4006381333931", "04006381333931"), ("4006381333930", None), ("012000161155", "00012000161155"),
    ("12000161155", None), ("4011", None), ("96385074", "00000096385074"), ("10012345678902", "10012345678902"),
    (" 4006381333931 ", "04006381333931"), ("", None), ("0", None), ("00000000000000", None), ("abc", None),
    ("40063813339 31", None), ("004006381333931", None), ("123456789012345", None), ("-4006381333931", None),
    ("4006381333931x", None), ("٤٠٠٦٣٨١٣٣٣٩٣١", None),
)  # fmt: skip


def label_with(kind: BarcodeKind, **more: str) -> LabelTemplate:
    barcode = Barcode(x=5, y=5, width=90, height=40, kind=kind, content=more.get("content", ""))
    return LabelTemplate(
        paper=Paper.ROLL, size=LabelSize.LARGE, title="A barcode", width=100, height=50, elements=(barcode,)
    )


def dark_modules(symbol: Symbol | None) -> str:
    """Return a linear symbol from its first bar to its last one, a letter for each module."""
    assert symbol is not None
    modules = [" "] * symbol.modules
    for bar in symbol.bars:
        modules[bar.start : bar.start + bar.width] = "#" * bar.width
    return "".join(modules)


@pytest.mark.parametrize(
    ("digits", "expected"),
    [("400638133393", "1"), ("01200016115", "5"), ("9638507", "4"), ("1001234567890", "2"), ("1", "7")],
)
def test_check_digits(digits: str, expected: str) -> None:
    assert check_digit(digits) == expected


@pytest.mark.parametrize(("code", "gtin"), CODES)
def test_a_retail_code_has_its_check_digit(code: str, gtin: str | None) -> None:
    assert gtin_of(code) == gtin
    assert gtin_of(None) is None


def test_sql_finds_the_same_retail_codes(engine: Engine) -> None:
    chance = random.Random(7)
    others = [
        "".join(chance.choices(string.digits, k=chance.choice((8, 11, 12, 13, 14, 15)))) for _ in range(100)
    ]
    right = [f"{text[:-1]}{check_digit(text[:-1])}" for text in others if len(text) > 1]
    codes = [*(code for code, _ in CODES), *others, *right]
    with engine.connect() as connection:
        found = [connection.scalar(select(is_gtin(literal(code)))) for code in codes]
        assert not connection.scalar(select(is_gtin(literal(None, literal("").type))))
    assert [bool(one) for one in found] == [gtin_of(code) is not None for code in codes]
    assert sum(map(bool, found)) > 50


def test_retail_codes_are_read_back() -> None:
    chance = random.Random(3)
    wanted = []
    for first in range(10):  # Each first digit has a parity of its own.
        body = f"{first}{''.join(chance.choices(string.digits, k=11))}"
        wanted.append(("EAN-13", body + check_digit(body)))
    for length, kind in ((11, "UPC-A"), (7, "EAN-8")):
        body = f"6{''.join(chance.choices(string.digits, k=length - 1))}"
        wanted.append((kind, body + check_digit(body)))
    symbols = [retail_symbol(code) for _, code in wanted]
    # An EAN-13 that begins with 0 is a UPC-A, bar for bar.
    assert [one.symbology for one in symbols if one] == ["UPC-A", *["EAN-13"] * 9, "UPC-A", "EAN-8"]
    pdf = pdf_of(label_with(BarcodeKind.RETAIL), *({"upc": code} for _, code in wanted))
    assert [text for _, text in barcodes(pdf)] == [
        code.zfill(13) if kind == "UPC-A" else code for kind, code in wanted
    ]


def test_quiet_zones_and_guard_bars_are_those_of_the_standard() -> None:
    for code, quiet, right_quiet, modules in (
        ("4006381333931", 11, 7, 95),
        ("012000161155", 9, 9, 95),
        ("96385074", 7, 7, 67),
    ):
        symbol = retail_symbol(code)
        assert symbol is not None
        pattern = dark_modules(symbol)
        assert symbol.modules == quiet + modules + right_quiet
        assert pattern.startswith(" " * quiet + "# #")
        assert pattern.endswith("# #" + " " * right_quiet)
        assert symbol.bars[0].is_long
        assert symbol.bars[-1].is_long


def test_digits_stand_below_their_bars() -> None:
    symbol = retail_symbol("012000161155")
    assert symbol is not None
    assert [(one.text, one.is_small) for one in symbol.digits] == [
        ("0", True), ("12000", False), ("16115", False), ("5", True),
    ]  # fmt: skip
    assert all(one.start >= 0 and one.start + one.width <= symbol.modules for one in symbol.digits)
    ean = retail_symbol("4006381333931")
    assert ean is not None
    assert "".join(one.text for one in ean.digits) == "4006381333931"


def test_the_code_of_a_case_is_no_retail_code() -> None:
    assert retail_symbol("10012345678902") is None


def test_texts_are_read_back_from_code_128() -> None:
    chance = random.Random(5)
    texts = ["000035334", "12345678", "1", "AB-1/x>^~", "0 1", "~" * 6, "12a34567b8", 'q"w_\\{}[]@']
    texts += ["".join(chance.choices(string.ascii_letters + string.digits, k=12)) for _ in range(8)]
    pdf = pdf_of(label_with(BarcodeKind.CODE_128), *({"item_code": text} for text in texts))
    assert barcodes(pdf) == [("Code 128", text) for text in texts]


@pytest.mark.parametrize("text", ["", "é", "中", "a\tb", "\x7f"])
def test_code_128_has_no_other_characters(text: str) -> None:
    assert code_128_symbol(text) is None


def test_quiet_zones_of_code_128_are_ten_modules() -> None:
    pattern = dark_modules(code_128_symbol("AB"))
    assert pattern.startswith(" " * 10 + "#")
    assert pattern.endswith("#" + " " * 10)


def test_texts_are_read_back_from_qr_codes() -> None:
    texts = ["https://shop.example/000032265", "Гречка, молоко", "中国茶", "a" * 200, "1234567890"]
    pdf = pdf_of(
        label_with(BarcodeKind.QR, content="{description}"), *({"description": text} for text in texts)
    )
    assert barcodes(pdf) == [("QR Code", text) for text in texts]


def test_qr_codes_have_their_limits() -> None:
    assert qr_symbol("") is None
    assert qr_symbol("x" * 3000) is None
    symbol = qr_symbol("x")
    assert symbol is not None
    assert symbol.modules == len(symbol.rows) + 8


@given(st.integers(min_value=1, max_value=10**12 - 1))
def test_any_other_check_digit_is_found_out(number: int) -> None:
    body = f"{number:012d}"
    right = check_digit(body)
    assert gtin_of(body + right) is not None
    assert all(gtin_of(body + digit) is None for digit in string.digits if digit != right)
