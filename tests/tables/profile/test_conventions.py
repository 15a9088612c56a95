"""Decisions on the decimal sign and the date order of a column."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from tests.tables.reports import codes, column, inspected, note

from batchbook.statuses import Severity
from batchbook.tables.inspection import inspect_table
from batchbook.tables.report import ColumnReading


@pytest.mark.parametrize(
    ("cells", "sign", "shown"),
    [
        (("1.500", "1.234,50"), ",", "Decimal comma: “1.234,50” in row 3 can only be read that way; 1 value fits both."),
        (("1,500", "2,250", "1.5"), ".", "Decimal point: “1.5” in row 4 can only be read that way; 2 values fit both."),
        (("1.234.567",), ",", "Decimal comma: “1.234.567” in row 2 can only be read that way."),
        (("1234.567", "7"), ".", "Decimal point: “1234.567” in row 2 can only be read that way."),
        (("0.125", "1.500"), ".", "Decimal point: “0.125” in row 2 can only be read that way; 1 value fits both."),
        (("1 234,500",), ",", "Decimal comma: “1 234,500” in row 2 can only be read that way."),
        (("12,-", "7"), ",", "Decimal comma: “12,-” in row 2 can only be read that way."),
        (("€ 3,5", "4"), ",", "Decimal comma: “€ 3,5” in row 2 can only be read that way."),
        (("7", "12"), ".", ""),
    ],
)  # fmt: skip
def test_the_decimal_sign_is_decided_from_all_values(cells: tuple[str, ...], sign: str, shown: str) -> None:
    report = column(*cells)
    assert report.reading.columns[1].decimal_sign == sign
    assert report.columns[1].evidence == shown
    assert not codes(report) & {"open-decimal-sign", "mixed-decimal-signs"}


def test_the_majority_decides_and_the_others_are_told() -> None:
    report = column("1,5", "2,5", "3.5", "1.000")
    assert report.reading.columns[1].decimal_sign == ","
    found = note(report, "mixed-decimal-signs")
    assert (found.severity, found.column, found.rows) == (Severity.WARNING, 1, (4,))
    assert "1 value has a decimal point, such as “3.5” in row 4" in found.message


@pytest.mark.parametrize(
    ("delimiter", "sign", "meant"), [("|", ".", "point"), (";", ",", "comma"), ("\t", ".", "point")]
)
def test_what_fits_both_is_assumed_and_said(delimiter: str, sign: str, meant: str) -> None:
    report = column("1.500", "2.250", delimiter=delimiter)
    assert report.reading.columns[1].decimal_sign == sign
    found = note(report, "open-decimal-sign")
    assert found.severity is Severity.WARNING
    assert "“1.500” in row 2 is 1.500 with a point, and 1500 with a comma." in found.message
    assert f"A decimal {meant} is assumed" in found.message


def test_a_column_that_shows_nothing_is_read_as_the_others_are() -> None:
    report = inspected("item|cost|price", "a|1.500|2,5", "b|2.250|3,75", "c|7|5")
    assert [column.decimal_sign for column in report.reading.columns] == [","] * 3
    assert report.columns[1].evidence.startswith("Decimal comma, as in other columns of this file: “1.500”")
    assert "open-decimal-sign" not in codes(report)


def test_numbers_of_a_workbook_have_points() -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([["item", "weight"], ["a", 1.125], ["b", 2.125]]):
            sheet.write_row(number, 0, row)
    report = inspect_table("list.xlsx", target)
    assert report.reading.columns[1].decimal_sign == "."
    assert report.columns[1].evidence.startswith("Decimal point, as the numbers of a workbook have it")
    assert not codes(report)


@given(
    st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=30),
    st.sampled_from((".", ",")),
    st.booleans(),
)
def test_numbers_with_two_decimals_always_show_their_sign(
    values: list[Decimal], sign: str, grouped: bool
) -> None:
    texts = (f"{value:,.2f}" if grouped else f"{value:.2f}" for value in values)
    swapped = [text.translate(str.maketrans(".,", ",.")) if sign == "," else text for text in texts]
    report = column(*swapped)
    assert (report.columns[1].kind, report.reading.columns[1].decimal_sign) == ("number", sign)


@pytest.mark.parametrize(
    ("cells", "order", "shown"),
    [
        (("1.2.2017", "31.12.2017"), "dmy", "Day, month, year: “31.12.2017” in row 3 can only be read that way; 1 value fits both."),
        (("12/31/2017",), "mdy", "Month, day, year: “12/31/2017” in row 2 can only be read that way."),
        (("12/31/17 8:15 PM", "1/2/18"), "mdy", "Month, day, year: “12/31/17 8:15 PM” in row 2 can only be read that way; 1 value fits both."),
        (("2017-12-31", "31 Dec 2017"), "ymd", "Every date shows its order, such as “2017-12-31” in row 2."),
        (("1.2.2017",), "dmy", "Day, month, year, as dates with points usually are: “1.2.2017” in row 2 fits both."),
    ],
)  # fmt: skip
def test_the_order_of_days_is_decided_from_all_values(cells: tuple[str, ...], order: str, shown: str) -> None:
    report = column(*cells)
    assert (report.columns[1].kind, report.reading.columns[1].date_order) == ("date", order)
    assert report.columns[1].evidence == shown
    assert not codes(report) & {"open-date-order", "mixed-date-orders"}


def test_days_in_several_orders_are_told_with_their_rows() -> None:
    report = column("31.12.2017", "12/31/2017", "2017-12-31", "30.12.2017")
    assert report.reading.columns[1].date_order == "dmy"
    found = note(report, "mixed-date-orders")
    assert (found.severity, found.column, found.rows) == (Severity.WARNING, 1, (3, 4))
    for shown in (
        "“31.12.2017” in row 2",
        "“12/31/2017” in row 3",
        "“2017-12-31” in row 4",
        "1 date does not fit",
    ):
        assert shown in found.message


@pytest.mark.parametrize(("cell", "order"), [("1/2/2017", "mdy"), ("01-02-2017", "dmy")])
def test_an_order_that_nothing_tells_is_assumed_and_said(cell: str, order: str) -> None:
    report = column(cell, cell)
    assert report.reading.columns[1].date_order == order
    assert note(report, "open-date-order").severity is Severity.WARNING


def test_days_that_tell_nothing_are_read_as_those_of_the_other_columns() -> None:
    report = inspected("from,to", "1/2/2017,31/12/2017", "3/2/2017,30/12/2017")
    assert [column.date_order for column in report.reading.columns] == ["dmy", "dmy"]
    assert "open-date-order" not in codes(report)


def test_what_a_percent_sign_does_is_open_until_it_is_chosen() -> None:
    found = note(column("7.5%", "10 %"), "percent-signs")
    assert (found.severity, found.column) == (Severity.WARNING, 1)
    assert "“7.5%” in row 2 is 7.5 or 0.075." in found.message
    chosen = note(column("7,5%", "10,25 %", requested=ColumnReading(percent="fraction")), "percent-signs")
    assert (chosen.severity, "is read as 0,075." in chosen.message) == (Severity.INFO, True)


@pytest.mark.parametrize("cells", [("1.250", "call us"), ("10%", "call us"), ("05/06/2026", "soon")])
def test_an_open_question_is_asked_about_some_numbers_among_texts(cells: tuple[str, str]) -> None:
    report = column(*cells)
    assert report.columns[1].kind == "text"
    assert codes(report) & {"open-decimal-sign", "percent-signs", "open-date-order"}
