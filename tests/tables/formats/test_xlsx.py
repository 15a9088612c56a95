"""XLSX workbooks: which sheet is the first, and days from 1904."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.tables.workbooks import HEADER, MAIN, SHEET, book, cell, read, refusal, worksheet, written


def test_only_the_first_sheet_has_to_be_small() -> None:
    second = ("xl/worksheets/sheet2.xml", worksheet(cell("XFD1048576")))
    assert read(book((SHEET, worksheet(HEADER + cell("A2"))), second)) == [("1",)]


def test_the_first_sheet_is_the_workbooks_and_not_the_first_file() -> None:
    first = ("xl/worksheets/sheet9.xml", worksheet(HEADER + cell("XFD1048576")))
    assert "column 16,384" in refusal(book(first, (SHEET, worksheet(HEADER + cell("A2")))))


@pytest.mark.parametrize(
    "target", ["worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml", "./worksheets/Sheet1.xml"]
)
def test_the_first_sheet_is_found_as_programs_write_it(target: str) -> None:
    file = book((SHEET, worksheet(HEADER + cell("A2"))), targets=[("worksheet", target)])
    assert read(file) == [("1",)]


def test_a_chart_in_front_is_passed_over() -> None:
    chart = ("xl/chartsheets/sheet1.xml", f'<chartsheet xmlns="{MAIN}"/>')
    targets = [("chartsheet", "chartsheets/sheet1.xml"), ("worksheet", "worksheets/sheet1.xml")]
    assert read(book(chart, (SHEET, worksheet(HEADER + cell("A2"))), targets=targets)) == [("1",)]


@pytest.mark.parametrize(
    "targets", [[("worksheet", "worksheets/none.xml")], [("chartsheet", "worksheets/sheet1.xml")], [("styles", "x")]]
)  # fmt: skip
def test_a_workbook_without_a_sheet_is_none(targets: list[tuple[str, str]]) -> None:
    message = refusal(book((SHEET, worksheet(HEADER)), targets=targets))
    assert "cannot be read as an Excel workbook" in message


def test_days_that_count_from_1904_stay_the_same() -> None:
    def fill(made: Any, page: Any) -> None:
        page.write_row(0, 0, ["item"])
        page.write_datetime(1, 0, date(2026, 11, 30), made.add_format({"num_format": "yyyy-mm-dd"}))

    assert read(written(fill)) == read(written(fill, date_1904=True)) == [("2026-11-30",)]
