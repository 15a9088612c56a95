"""Number formats: what people type and read, and the canonical texts that are kept."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column as SqlColumn
from sqlalchemy import Integer, Text

from batchbook.grid import (
    CellError,
    Column,
    Kind,
    NumberFormat,
    canonical_text,
    parse,
    render,
    shown_text,
    to_text,
)
from batchbook.grid.number_formats import format_of, seen_text, without_signs

PRICE = Column("price", "Price", SqlColumn("price", Integer), Kind.DECIMAL, scale=2)
ANY = Column("any", "Any", SqlColumn("any", Text), Kind.DECIMAL)
COUNT = Column("count", "Count", SqlColumn("count", Integer), Kind.INTEGER)
NAME = Column("name", "Name", SqlColumn("name", Integer), Kind.TEXT)

FORMATS = list(NumberFormat)
_NARROW, _FIXED = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"

formats = st.sampled_from(FORMATS)
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4)
#: Texts of figures and of all signs that some format has.
typed = st.text(alphabet="0123456789.,'’- " + _NARROW, min_size=1, max_size=12)  # noqa: RUF001


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        (NumberFormat.POINT, "1,234.50", "1234.50"),
        (NumberFormat.COMMA, "1.234,50", "1234.50"),
        (NumberFormat.COMMA, "1234,5", "1234.5"),
        (NumberFormat.COMMA, "1.234", "1234"),
        (NumberFormat.COMMA, "-0,5", "-0.5"),
        (NumberFormat.BLANK, "1 234,50", "1234.50"),
        (NumberFormat.BLANK, f"1{_FIXED}234,50", "1234.50"),
        (NumberFormat.BLANK, f"1{_NARROW}234{_NARROW}567", "1234567"),
        (NumberFormat.APOSTROPHE, "1’234.50", "1234.50"),  # noqa: RUF001
        (NumberFormat.APOSTROPHE, "1'234.50", "1234.50"),
    ],
)
def test_a_number_is_read_as_its_format_writes_it(name: NumberFormat, text: str, number: str) -> None:
    assert parse(ANY, text, name.conventions) == Decimal(number)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (NumberFormat.COMMA, "1.5"),
        (NumberFormat.COMMA, "1,234.50"),
        (NumberFormat.COMMA, "0.005"),
        (NumberFormat.COMMA, "1 234,50"),
        (NumberFormat.BLANK, "1.5"),
        (NumberFormat.BLANK, "1.234,50"),
        (NumberFormat.APOSTROPHE, "1,5"),
        (NumberFormat.APOSTROPHE, "1,234.50"),
        (NumberFormat.POINT, "1.234,50"),
    ],
)
def test_a_number_of_another_format_is_refused_with_the_decimal_sign(name: NumberFormat, text: str) -> None:
    sign = name.conventions.decimal_sign
    with pytest.raises(CellError, match=f"is not a number: use digits, with {sign} as the decimal sign"):
        parse(ANY, text, name.conventions)


def test_numbers_are_rendered_with_the_signs_of_the_format() -> None:
    value = Decimal("-1234567.5")
    written = {one: render(PRICE, value, conventions=one.conventions) for one in FORMATS}
    assert written == {
        NumberFormat.POINT: "-1,234,567.50",
        NumberFormat.COMMA: "-1.234.567,50",
        NumberFormat.BLANK: f"-1{_NARROW}234{_NARROW}567,50",
        NumberFormat.APOSTROPHE: "-1’234’567.50",  # noqa: RUF001
    }
    assert render(COUNT, 1234, conventions=NumberFormat.COMMA.conventions) == "1.234"
    assert render(NAME, "1.5", conventions=NumberFormat.COMMA.conventions) == "1.5"


def test_a_format_is_called_as_people_type_it() -> None:
    assert NumberFormat.called(f"1{_FIXED}234,56") is NumberFormat.BLANK
    assert NumberFormat.called("1'234.56") is NumberFormat.APOSTROPHE
    assert NumberFormat.called("1_234.56") is None
    assert [format_of(one.conventions) for one in FORMATS] == FORMATS
    assert NumberFormat.BLANK.label == f"1{_NARROW}234,56"


def test_texts_that_are_no_numbers_are_shown_as_they_are() -> None:
    comma = NumberFormat.COMMA.conventions
    assert shown_text(PRICE, "1.555", comma) == "1,555"
    assert shown_text(PRICE, "1,234.5", comma) == "1234,5"
    assert shown_text(PRICE, "ask", comma) == "ask"
    assert shown_text(NAME, "1.5", comma) == "1.5"
    # What is sent back as it was shown stands for what is there, even where it is a number of the format.
    assert seen_text(PRICE, "1,5", "1,5 EUR", comma) == "1.5"
    assert seen_text(PRICE, "ask", "ask", comma) == "ask"
    assert without_signs("1.234,5", comma) == "1234.5"


@given(formats, numbers)
def test_a_canonical_text_that_is_written_out_and_read_back_is_the_same(
    name: NumberFormat, number: Decimal
) -> None:
    text = to_text(ANY, number)
    shown = shown_text(ANY, text, name.conventions)
    assert canonical_text(ANY, shown, name.conventions) == text
    assert parse(ANY, shown, name.conventions) == number
    rendered = render(ANY, number, conventions=name.conventions)
    assert parse(ANY, rendered, name.conventions) == number
    assert seen_text(ANY, shown, text, name.conventions) == text


@given(formats, typed)
def test_no_text_is_silently_read_as_another_number(name: NumberFormat, text: str) -> None:
    conventions = name.conventions
    try:
        value = parse(ANY, text, conventions)
    except CellError:
        return
    if value is None:  # Nothing but blanks.
        return
    # Its figures are those of the text, and the decimal sign is where the text has it.
    figures = [char for char in text if char.isdecimal()]
    behind = text.partition(conventions.decimal_sign)[2].strip()
    number = Decimal("".join(figures)).scaleb(-len(behind))
    assert abs(value) == number
    assert (value < 0) == (text.strip().startswith("-") and bool(number))
    assert Decimal(canonical_text(ANY, text, conventions).replace(",", "")) == value
