"""Decisions on the decimal sign of a column."""

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
    ("delimiter", "sign", "meant"), [("|", ".", "1.500"), (";", ",", "1500"), ("\t", ".", "1.500")]
)
def test_what_fits_both_is_assumed_and_said(delimiter: str, sign: str, meant: str) -> None:
    report = column("1.500", "2.250", delimiter=delimiter)
    assert report.reading.columns[1].decimal_sign == sign
    found = note(report, "open-decimal-sign")
    assert found.severity is Severity.WARNING
    assert f"“1.500” in row 2 is {meant};" in found.message


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
