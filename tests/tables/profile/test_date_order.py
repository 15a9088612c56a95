"""Decisions on the date order of a column."""

from __future__ import annotations

import pytest
from tests.tables.reports import codes, column, inspected, note

from batchbook.statuses import Severity


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
