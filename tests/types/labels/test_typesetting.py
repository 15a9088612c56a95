"""Labels are set so that everything is on them, readable, and nothing leaves its box."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchbook.types.labels.fonts import Fonts, fonts_of
from batchbook.types.labels.shipped_templates import SHIPPED
from batchbook.types.labels.templates import (
    Barcode,
    BarcodeKind,
    Box,
    LabelSize,
    LabelTemplate,
    Paper,
    Price,
    Text,
)
from batchbook.types.labels.typesetting import (
    POINT,
    BoxMark,
    SymbolMark,
    TextMark,
    Typesetter,
    rectangles_of,
    symbol_of,
)


def set_label(*elements: Box, **fields: str) -> list[Any]:
    template = LabelTemplate(
        paper=Paper.ROLL, size=LabelSize.LARGE, title="A label", width=100, height=60, elements=elements
    )
    return Typesetter(template, fonts_of()).marks(fields)


def text(**more: Any) -> Text:
    defaults = {"field": "description", "x": 10, "y": 10, "width": 40, "height": 10, "font": 10}
    return Text(**defaults | more)


def price(**more: Any) -> Price:
    return Price(**{"x": 10, "y": 10, "width": 50, "height": 15, "font": 40, **more})


def barcode(**more: Any) -> Barcode:
    return Barcode(**{"x": 10, "y": 10, "width": 45, "height": 15, **more})


# --- Texts ---


def test_a_short_text_stands_on_one_line_in_its_size() -> None:
    (mark,) = set_label(text(), description="Tea")
    assert (mark.text, mark.font, mark.x) == ("Tea", 10, 10)
    assert mark.y == pytest.approx(10 + 10 * POINT * Fonts.CAPITALS)


def test_an_empty_field_has_no_marks() -> None:
    assert set_label(text(), price(), barcode(), description="", price="") == []
    assert set_label(text(field="size")) == []


def test_a_text_of_the_template_is_on_every_label() -> None:
    (mark,) = set_label(text(field="", text="SALE", align="center"))
    assert mark.text == "SALE"
    assert mark.x + mark.width / 2 == pytest.approx(30)
    (right,) = set_label(text(field="", text="SALE", align="right"))
    assert right.x + right.width == pytest.approx(50)


def test_a_long_text_shrinks_before_it_is_cut() -> None:
    long = "A fairly long description of tea"
    (mark,) = set_label(text(least=6), description=long)
    assert mark.text == long
    assert 6 <= mark.font < 10
    (cut,) = set_label(text(least=10), description=long)
    assert cut.font == 10
    assert cut.text.endswith("…")
    assert long.startswith(cut.text[:-1])
    assert cut.width <= 40


def test_lines_are_of_similar_length() -> None:
    marks = set_label(text(lines=2, font=8, width=36), description="Tortilla chips with chilli 13 OZ")
    assert [mark.text for mark in marks] == ["Tortilla chips", "with chilli 13 OZ"]
    assert marks[1].y - marks[0].y == pytest.approx(8 * POINT * 1.14)


@pytest.mark.parametrize("description", ["a b", "W W W", "i i", "WW WW"])
def test_words_that_just_fit_are_set(description: str) -> None:
    marks = set_label(text(lines=9, width=3.2, height=40, font=8, least=8), description=description)
    assert "".join(mark.text for mark in marks).replace(" ", "") == description.replace(" ", "")


def test_a_word_without_blanks_is_broken() -> None:
    marks = set_label(text(lines=2, font=8, least=8), description="x" * 40)
    assert len(marks) == 2
    assert all(mark.width <= 40 for mark in marks)
    assert "".join(mark.text for mark in marks).rstrip("…") == "x" * len(
        "".join(mark.text for mark in marks).rstrip("…")
    )


def test_lines_that_the_box_is_too_low_for_are_not_made() -> None:
    marks = set_label(text(lines=5, height=4, font=8, least=8), description="one two three " * 10)
    assert len(marks) == 1


# --- Prices ---


@pytest.mark.parametrize(
    ("shown", "parts"),
    [
        ("2.49", ["2.", "49"]), ("$1,234.50", ["$", "1,234.", "50"]), ("2,49\xa0€", ["2,", "49", " €"]),
        ("1\u202f249,00\xa0₽", ["1 249,", "00", " ₽"]), ("¥250", ["¥250"]), ("CHF 0.05", ["CHF ", "0.", "05"]),
    ],
)  # fmt: skip
def test_decimals_and_currency_are_small_and_raised(shown: str, parts: list[str]) -> None:
    marks = set_label(price(), price=shown)
    assert [mark.text for mark in marks] == parts
    assert all(mark.bold for mark in marks)
    bottom = max(mark.y for mark in marks)
    assert bottom == pytest.approx(25)
    # What is small is as high as the large digits reach.
    tops = [mark.y - mark.font * POINT * Fonts.CAPITALS for mark in marks]
    assert tops == pytest.approx([tops[0]] * len(tops))
    assert marks[-1].x + marks[-1].width == pytest.approx(60)


def test_a_long_price_is_set_smaller() -> None:
    (small, *_), (normal, *_) = set_label(price(), price="123456789.00"), set_label(price(), price="1.00")
    assert normal.font == 40
    assert small.font < 25
    assert small.x >= 10


# --- Barcodes ---


def test_the_kind_of_barcode_follows_the_product() -> None:
    retail = {"upc": "4006381333931", "item_code": "000032265"}
    unknown = {"upc": "4006381333930", "item_code": "000032265"}
    kinds = [
        (barcode(), retail, "EAN-13"),
        (barcode(), unknown, "Code 128"),
        (barcode(), {"item_code": "ABCDEFGHIJKLMNOPQRST"}, "QR"),
        (barcode(width=80), {"item_code": "ABCDEFGHIJKLMNOPQRST"}, "Code 128"),
        (barcode(), {"item_code": "Tee-Grün"}, "QR"),
        (barcode(kind=BarcodeKind.CODE_128), retail, "Code 128"),
        (barcode(kind=BarcodeKind.QR, content="https://x.example/{item_code}"), retail, "QR"),
    ]
    for element, fields, symbology in kinds:
        symbol = symbol_of(element, fields)
        assert symbol is not None
        assert symbol.symbology == symbology
    assert symbol_of(barcode(kind=BarcodeKind.RETAIL), unknown) is None
    assert symbol_of(barcode(), {}) is None
    qr = symbol_of(kinds[-1][0], retail)
    assert qr is not None
    assert qr.data == "https://x.example/000032265"


def test_bars_are_as_wide_as_the_template_says_where_they_fit() -> None:
    (mark, *_) = set_label(barcode(), upc="4006381333931")
    assert mark.module == 0.33
    (narrow, *_) = set_label(barcode(width=30), upc="4006381333931")
    assert narrow.module == pytest.approx(30 / 113)
    (dots, *_) = set_label(barcode(width=40, module=0.375, step=0.125), upc="4006381333931")
    assert dots.module == 0.25
    (squares, *_) = set_label(barcode(kind=BarcodeKind.QR, step=0.125), item_code="1")
    assert squares.module == 0.375


def test_digits_are_below_the_bars_and_guards_between_them() -> None:
    symbol, *digits = set_label(barcode(), upc="4006381333931")
    assert [one.text for one in digits] == ["4", "006381", "333931"]
    assert symbol.height < symbol.long_height <= 15
    for digit in digits:
        assert digit.y == 25
        assert digit.y - digit.font * POINT * Fonts.CAPITALS >= symbol.y + symbol.height
    (bare,) = set_label(barcode(digits=False), upc="4006381333931")
    assert bare.height == bare.long_height == 15


@pytest.mark.parametrize("template", SHIPPED, ids=[f"{one.paper}-{one.size}" for one in SHIPPED])
@settings(max_examples=12)
@given(
    description=st.text(max_size=80),
    size=st.text(max_size=40),
    unit=st.text(max_size=10),
    item_code=st.text(min_size=1, max_size=20),
    upc=st.sampled_from(["", "4006381333931", "012000161155", "96385074", "1"]),
    shown=st.decimals(min_value=0, max_value=10**9, places=2).map(lambda number: f"${number:,}"),
)
def test_nothing_leaves_its_label(template: LabelTemplate, shown: str, **fields: str) -> None:
    marks = Typesetter(template, fonts_of()).marks({**fields, "price": shown, "date": "30 Nov 2026"})
    assert any(isinstance(mark, TextMark) for mark in marks)
    for mark in marks:
        if isinstance(mark, TextMark):
            boxes = [(mark.x, mark.y - mark.font * POINT * Fonts.CAPITALS, mark.width, 0)]
        else:
            assert isinstance(mark, BoxMark | SymbolMark)
            boxes = [*rectangles_of(mark)]
        for x, y, width, height in boxes:
            assert x >= -0.001
            assert y >= -0.001
            assert x + width <= template.width + 0.01
            assert y + height <= template.height + 0.01
