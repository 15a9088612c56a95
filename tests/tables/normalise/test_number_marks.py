"""Numbers with what people write around them."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables.typed_cells import COMMA, POINT, understood

from batchbook.grid import Kind
from batchbook.grid.cells import CellError
from batchbook.tables.normalise import normaliser
from batchbook.tables.report import ColumnReading


@pytest.mark.parametrize(
    ("text", "reading", "value"),
    [
        ("$1,234.50", POINT, "1234.50"),
        ("1.234,50 €", COMMA, "1234.50"),
        ("EUR 12", POINT, "12"),
        ("$12.50 USD", POINT, "12.50"),
        ("$ .50", POINT, "0.50"),
        ("Fr. 12.50", POINT, "12.50"),
        ("(12.00)", POINT, "-12.00"),
        ("$ (12.00)", POINT, "-12.00"),
        ("-$12", POINT, "-12"),
        ("$-12", POINT, "-12"),
        ("12-", POINT, "-12"),
        ("1.234,50- EUR", COMMA, "-1234.50"),
        ("\u22123,5", COMMA, "-3.5"),
        ("+12", POINT, "12"),
        ("1'234.50", POINT, "1234.50"),
        ("1\u2019234\u2019567.5", POINT, "1234567.5"),
        ("1\u00a0234,50", COMMA, "1234.50"),
        ("1\u202f234\u202f567,5\u00a0€", COMMA, "1234567.5"),
        ("1 234", COMMA, "1234"),
        ("12,-", COMMA, "12"),
        ("12,\u2013 €", COMMA, "12"),
        ("12 kg", POINT, "12"),
        ("12 pcs", POINT, "12"),
        ("12 Stk.", COMMA, "12"),
        ("5.125 OZ", POINT, "5.125"),
        ("$2.99/lb", POINT, "2.99"),
        ("2,99 € je kg", COMMA, "2.99"),
        ("12 %", POINT, "12"),
        ("\u200e12.50\u200b", POINT, "12.50"),
    ],
)
def test_a_number_is_read_with_what_people_write_around_it(
    text: str, reading: ColumnReading, value: str
) -> None:
    assert understood(Kind.DECIMAL, text, reading) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        *("1.234,50", "1,23,4", "12 34", "1'2345", "1 234'567", "1,234 567", "12.", "1.2.3", "1..2"),
        *("--12", "(-12)", "-12-", "(12", "12)", "12 -", "+-12", "-(12)", "12,-"),
        *("12 dozen", "12k", "12 MM", "50 ct", "50 ¢", "12 kg kg", "kg 12", "kr.50", "12 x 5", "1/2"),
        *("1e5", "0x12", "NaN", "1_000", "१२ किलो", "12²", "½", "call us", "#REF!", "#N/A", "12 or so", "$"),
    ],
)
def test_what_is_not_clearly_a_number_comes_back_as_it_is(text: str) -> None:
    assert normaliser(Kind.DECIMAL, POINT)(text) == text
    with pytest.raises(CellError):
        understood(Kind.DECIMAL, text, POINT)


def test_a_point_means_thousands_where_the_column_has_decimal_commas() -> None:
    assert understood(Kind.DECIMAL, "1.234 €", COMMA) == 1234
    assert understood(Kind.DECIMAL, "1.234 €", POINT) == Decimal("1.234")
    for text in ("1.5 €", "0.005", "$0.500"):
        with pytest.raises(CellError):
            understood(Kind.DECIMAL, text, COMMA)


@pytest.mark.parametrize(("text", "plain"), [("12.00", "12"), ("12.0 pcs", "12"), ("1,200.0", "1,200")])
def test_a_whole_number_may_have_an_empty_part(text: str, plain: str) -> None:
    assert normaliser(Kind.INTEGER, POINT)(text) == plain


@pytest.mark.parametrize("text", ["12.000", "12.5"])
def test_a_whole_number_is_never_cut_and_never_divided_by_a_thousand(text: str) -> None:
    with pytest.raises(CellError):
        understood(Kind.INTEGER, text, POINT)


_BLANKS = ("\u00a0", "\u202f", "\u2009", " ", "'", "\u2019")


_AROUND = ("{}", "${}", "€ {}", "{} €", "{}\u00a0EUR", "CHF {}", "{} kg", "{} pcs", "{}%", " {} ")


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[Decimal, str, ColumnReading]:
    """Return a number, a way to write it, and how its column is read."""
    value = draw(st.decimals(-(10**12), 10**12, places=draw(st.integers(0, 6))))
    sign = draw(st.sampled_from((".", ",")))
    group = draw(st.sampled_from(("", "." if sign == "," else ",", *_BLANKS)))
    digits = f"{abs(value):,f}".replace(",", "g").replace(".", sign).replace("g", group)
    around = draw(st.sampled_from(_AROUND))
    if value >= 0:
        return value, around.format(digits), ColumnReading(decimal_sign=sign)
    negative = draw(st.sampled_from(("-{}", "({})", "\u2212{}", "{}-")))
    outside = draw(st.booleans()) and negative != "{}-"
    text = (
        negative.format(around.format(digits).strip()) if outside else around.format(negative.format(digits))
    )
    return value, text, ColumnReading(decimal_sign=sign)


@given(written_numbers())
def test_a_number_written_in_any_way_keeps_its_value(written: tuple[Decimal, str, ColumnReading]) -> None:
    value, text, reading = written
    assert understood(Kind.DECIMAL, text, reading) == value


@given(
    st.text(st.sampled_from("0123456789.,'-+() $€%kgEURx\u00a0\u2212\u2019"), max_size=14),
    st.sampled_from((POINT, COMMA)),
)
def test_digits_stay_in_their_order_whatever_a_text_is(text: str, reading: ColumnReading) -> None:
    tidy = normaliser(Kind.DECIMAL, reading)(text)
    assert re.findall("[0-9]", tidy) == re.findall("[0-9]", text)
    # A decimal sign neither comes nor goes either, but for the one of “12,-” and the point of an abbreviation, as in “kg.”.
    goes = re.search(r"[.,]-|[A-Za-z$€]\.", text) is not None
    assert goes or tidy.count(reading.decimal_sign) == text.count(reading.decimal_sign)
