from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Numeric, literal

from batchbook.grid import Column, Kind
from batchbook.grid.cells import CellError, parse
from batchbook.tables.normalise.cells import conventions_of, normaliser
from batchbook.tables.report import ColumnReading

POINT, COMMA = ColumnReading(decimal_sign="."), ColumnReading(decimal_sign=",")
DAY_FIRST, MONTH_FIRST, UNKNOWN = (ColumnReading(date_order=order) for order in ("dmy", "mdy", ""))


def column(kind: Kind) -> Column:
    return Column("cell", "Cell", literal(None, Numeric(asdecimal=True)), kind)


def understood(kind: Kind, text: str, reading: ColumnReading) -> Any:
    """Return the value that a cell's text has once it is tidy."""
    return parse(column(kind), normaliser(kind, reading)(text), conventions_of(reading))


# --- Numbers ---------------------------------------------------------------------------------------------------------


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
        *("1e5", "0x12", "NaN", "1_000", "١٢", "12²", "½", "call us", "#REF!", "#N/A", "12 or so", "$"),
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


@pytest.mark.parametrize(
    "word", ["N/A", "n.a.", "-", "--", "\u2014", "null", "None", " NA ", "\u00a0-\u00a0"]
)
def test_a_word_for_nothing_is_empty_among_numbers_and_days_but_not_among_texts(word: str) -> None:
    for kind in (Kind.INTEGER, Kind.DECIMAL, Kind.DATE, Kind.DATETIME, Kind.BOOLEAN):
        assert normaliser(kind, POINT)(word) == ""
    assert normaliser(Kind.TEXT, POINT)(word) == word.strip()
    assert normaliser(Kind.CHOICE, POINT)(word) == word.strip()


def test_what_was_said_to_be_nothing_is_empty_in_every_kind() -> None:
    reading = ColumnReading(nothing=("tbd", "#N/A"))
    assert [normaliser(kind, reading)(" tbd ") for kind in Kind] == [""] * len(Kind)
    assert normaliser(Kind.DECIMAL, reading)("#N/A") == ""


def test_texts_are_only_stripped() -> None:
    assert normaliser(Kind.TEXT, COMMA)("\u00a0 007  (12,00 €) \u202f") == "007  (12,00 €)"


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
    # A decimal sign neither comes nor goes either, but for the one of “12,-”.
    dash = re.search(r"[.,]-", text) is not None
    assert dash or tidy.count(reading.decimal_sign) == text.count(reading.decimal_sign)


# --- Days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("31.12.2017", DAY_FIRST),
        ("12/31/2017", MONTH_FIRST),
        ("31.12.17", DAY_FIRST),
        ("12/31/17", MONTH_FIRST),
        ("31. 12. 2017", DAY_FIRST),
        ("31.12.2017 00:00", DAY_FIRST),
        ("12/31/2017 12:00:00 AM", MONTH_FIRST),
        *((text, order) for order in (DAY_FIRST, MONTH_FIRST, UNKNOWN) for text in (
            "2017-12-31", "2017/12/31", "2017.12.31", "2017-12-31 00:00:00", "2017-12-31T00:00:00.000Z",
            "31 Dec 2017", "31-Dec-17", "Dec 31, 2017", "December 31st, 2017", "31. Dezember 2017", "31 dez 2017",
            "31 décembre 2017", "31 decembre 2017", "31 de diciembre de 2017", "31 december 2017", "2017-Dec-31",
        )),
        ("20171231", UNKNOWN),
    ],
)  # fmt: skip
def test_a_day_is_read_as_people_write_it(text: str, reading: ColumnReading) -> None:
    assert understood(Kind.DATE, text, reading) == date(2017, 12, 31)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("12/31/2017", DAY_FIRST),
        ("31.12.2017", MONTH_FIRST),
        ("01/02/2017", UNKNOWN),
        ("30.02.2017", DAY_FIRST),
        ("17-12-31", UNKNOWN),
        ("31.12.2017 14:30", DAY_FIRST),
        ("2017-12-31T00:00:00+02:00", DAY_FIRST),
        ("31.12.2017 13:00 PM", DAY_FIRST),
        ("2017-12-31 25:00", DAY_FIRST),
        ("31 Foo 2017", DAY_FIRST),
        ("Dec-17", DAY_FIRST),
        ("31.12/2017", DAY_FIRST),
        ("43100", DAY_FIRST),
    ],
)
def test_what_is_no_day_in_the_order_of_its_column_is_refused(text: str, reading: ColumnReading) -> None:
    assert normaliser(Kind.DATE, reading)(text) == text
    with pytest.raises(CellError):
        understood(Kind.DATE, text, reading)


@pytest.mark.parametrize(("short", "year"), [("68", 2068), ("69", 1969), ("00", 2000), ("99", 1999)])
def test_two_digits_of_a_year_are_of_1969_to_2068(short: str, year: int) -> None:
    assert understood(Kind.DATE, f"1.2.{short}", DAY_FIRST) == date(year, 2, 1)


def test_a_moment_keeps_its_time() -> None:
    assert normaliser(Kind.DATETIME, DAY_FIRST)("31.12.2017 14:30") == "2017-12-31 14:30"
    assert normaliser(Kind.DATETIME, MONTH_FIRST)("12/31/2017 2:05 PM") == "2017-12-31 14:05"
    assert normaliser(Kind.DATETIME, DAY_FIRST)("31. Dez. 2017 9:05:07") == "2017-12-31 09:05:07"
    assert normaliser(Kind.DATETIME, DAY_FIRST)("31.12.2017") == "31.12.2017"


_DAYS = st.dates(date(1969, 1, 1), date(2068, 12, 31))
_PATTERNS = (
    *(("dmy", pattern) for pattern in ("dd.MM.yyyy", "d.M.yyyy", "d/M/yyyy", "dd-MM-yyyy", "d.M.yy", "dd/MM/yy")),
    *(("mdy", pattern) for pattern in ("MM/dd/yyyy", "M/d/yy", "MM-dd-yyyy")),
    *((order, pattern) for order in ("dmy", "mdy", "ymd") for pattern in (
        "yyyy-MM-dd", "yyyy/M/d", "yyyy-MM-dd 00:00:00", "d MMM yyyy", "d MMMM yyyy", "d-MMM-yyyy", "MMMM d, yyyy",
    )),
)  # fmt: skip


@given(_DAYS, st.sampled_from(_PATTERNS), st.sampled_from(("en", "de", "fr", "es", "nl")))
def test_a_day_written_in_any_way_is_the_same_day(day: date, way: tuple[Any, str], language: str) -> None:
    order, pattern = way
    pattern, _, clock = pattern.partition(" 00")
    text = format_date(day, pattern, locale=language) + (clock and f" 00{clock}")
    assert understood(Kind.DATE, text, ColumnReading(date_order=order)) == day


@given(st.datetimes(datetime(1969, 1, 1), datetime(2068, 12, 31)), st.sampled_from(("%d.%m.%Y", "%Y-%m-%d")))  # noqa: DTZ001
def test_a_moment_written_in_any_way_is_the_same_moment(moment: datetime, pattern: str) -> None:
    text = f"{moment:{pattern} %H:%M:%S.%f}"
    assert understood(Kind.DATETIME, text, DAY_FIRST).replace(tzinfo=None) - moment == timedelta(0)


# --- Yes and no ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["ja", "Oui", "sí", "WAHR", "x", "✓", "true", "Y"])
def test_the_words_for_yes(word: str) -> None:
    assert understood(Kind.BOOLEAN, word, POINT) is True


@pytest.mark.parametrize("word", ["nein", "Non", "no", "FALSCH", "onwaar", "False"])
def test_the_words_for_no(word: str) -> None:
    assert understood(Kind.BOOLEAN, word, POINT) is False


def test_another_word_is_neither_yes_nor_no() -> None:
    with pytest.raises(CellError):
        understood(Kind.BOOLEAN, "perhaps", POINT)
