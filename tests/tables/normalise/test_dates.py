"""Dates and times as people write them."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st
from tests.tables.typed_cells import DAY_FIRST, MONTH_FIRST, UNKNOWN, understood

from batchbook.grid import Kind
from batchbook.grid.cells import CellError
from batchbook.tables.normalise import normaliser
from batchbook.tables.normalise.dates import LOCALES, month_numbers
from batchbook.tables.report import ColumnReading


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


@given(_DAYS, st.sampled_from(_PATTERNS), st.sampled_from(LOCALES))
def test_a_day_written_in_any_way_is_the_same_day(day: date, way: tuple[Any, str], language: str) -> None:
    order, pattern = way
    pattern, _, clock = pattern.partition(" 00")
    text = format_date(day, pattern, locale=language) + (clock and f" 00{clock}")
    assert understood(Kind.DATE, text, ColumnReading(date_order=order)) == day


@given(st.datetimes(datetime(1969, 1, 1), datetime(2068, 12, 31)), st.sampled_from(("%d.%m.%Y", "%Y-%m-%d")))  # noqa: DTZ001
def test_a_moment_written_in_any_way_is_the_same_moment(moment: datetime, pattern: str) -> None:
    text = f"{moment:{pattern} %H:%M:%S.%f}"
    assert understood(Kind.DATETIME, text, DAY_FIRST).replace(tzinfo=None) - moment == timedelta(0)


@pytest.mark.parametrize(
    ("name", "number"),
    [("mrz", 3), ("mär", 3), ("maerz", 3), ("sept", 9), ("set", 9), ("juli", 7), ("jänner", 1), ("fevr", 2), ("lug", 7), ("out", 10)],
)  # fmt: skip
def test_names_of_months_are_those_of_the_locales_and_of_german_excel(name: str, number: int) -> None:
    assert month_numbers()[name] == number


def test_dates_do_not_load_the_locale_data_until_they_need_it() -> None:
    code = "import sys, batchbook.tables.normalise.dates as dates; before = 'babel' in sys.modules; dates.month_numbers()"
    code += "; print(before, 'babel' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "True"]
