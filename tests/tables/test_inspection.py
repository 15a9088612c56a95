"""Inspection of whole files: reports, totals, and values that survive the decisions."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Numeric, literal
from tests.tables.reports import codes, column, inspected, note

from batchbook.errors import BadInput
from batchbook.grid import Column, Kind
from batchbook.grid.cells import CellError, parse
from batchbook.tables.inspection import inspect_table
from batchbook.tables.normalise import conventions_of, normaliser
from batchbook.tables.report import ColumnReading, Reading, Report

_KEPT = Reading(delimiter="|", header_row=1, header_rows=1, left_out=())


def inspect_column(cells: list[str]) -> Report:
    lines = "\n".join(["name|cell", *(f"row {number}|{cell}" for number, cell in enumerate(cells))])
    return inspect_table("list.csv", io.BytesIO(lines.encode()), _KEPT)


def values_of(kind: Kind, cells: list[str], report: Report) -> list[Any]:
    """Return the values of the cells by what was decided; None for those that are refused."""
    reading = report.reading.columns[1]
    column = Column("cell", "Cell", literal(None, Numeric(asdecimal=True)), kind)

    def value(text: str) -> Any:
        try:
            return parse(column, normaliser(kind, reading)(text), conventions_of(reading))
        except CellError:
            return None

    return [value(cell) for cell in cells]


# Three decimals behind one to three digits are what may be thousands, so many columns have nothing else.
_NUMBERS = st.tuples(st.sampled_from((0, 2, 3, 3, 5)), st.sampled_from((1, 10**7))).flatmap(
    lambda how: st.lists(st.decimals(how[1], how[1] + 998, places=how[0]), min_size=1, max_size=8)
)


_MARKS = ("{}", "€ {}", "{} kg", "{}\u00a0EUR")


@given(_NUMBERS, st.sampled_from((".", ",")), st.sampled_from(("", "g", " ", "'")), st.sampled_from(_MARKS))
def test_a_column_of_numbers_keeps_its_values_unless_a_warning_says_that_they_may_be_others(
    values: list[Decimal], sign: str, group: str, marks: str
) -> None:
    other = "." if sign == "," else ","
    swap = str.maketrans({",": other if group == "g" else group, ".": sign})
    cells = [marks.format(f"{value:,f}".translate(swap)) for value in values]
    report = inspect_column(cells)
    doubted = any(note.code == "open-decimal-sign" for note in report.notes)
    assert doubted or values_of(Kind.DECIMAL, cells, report) == values


_DAYS = st.lists(st.dates(date(1970, 1, 1), date(2068, 12, 31)), min_size=1, max_size=8)


@given(
    _DAYS,
    st.sampled_from(("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d.%m.%y", "%m/%d/%y", "%Y-%m-%d")),
)
def test_a_column_of_days_keeps_them_unless_a_warning_says_that_they_may_be_others(
    days: list[date], pattern: str
) -> None:
    cells = [f"{day:{pattern}}" for day in days]
    report = inspect_column(cells)
    doubted = any(note.code == "open-date-order" for note in report.notes)
    assert report.columns[1].kind == "date"
    assert doubted or values_of(Kind.DATE, cells, report) == days


@given(
    st.lists(st.sampled_from(("31.12.2017", "12/31/2017", "2017-12-31", "1/2/2017")), min_size=1, max_size=8)
)
def test_days_in_several_orders_are_refused_or_warned_of(cells: list[str]) -> None:
    report = inspect_column(cells)
    values = values_of(Kind.DATE, cells, report)
    sure = [value for cell, value in zip(cells, values, strict=True) if cell != "1/2/2017"]
    assert set(sure) <= {date(2017, 12, 31), None}
    told = {note.code for note in report.notes} & {"mixed-date-orders", "open-date-order"}
    assert told or None not in values


def test_a_report_says_what_is_in_the_file_and_how_it_is_read() -> None:
    report = inspected(
        "item;price;since;counted;active",
        "007;1.234,50 €;31.12.2017;12;ja",
        "008;1.500;1.2.2018;;nein",
        "",
        "010;N/A;2017-12-31;7;ja",
    )
    assert report.rows == 3
    assert report.blank_rows == 1
    assert report.size == 115
    assert report.headings == ("item", "price", "since", "counted", "active")
    assert [column.kind for column in report.columns] == ["text", "number", "date", "number", "yes-no"]
    assert [(column.filled, column.blank) for column in report.columns] == [(3, 0)] * 3 + [(2, 1), (3, 0)]
    assert report.columns[0].lengths == {3: 3}
    assert report.columns[1].examples == ("1.234,50 €", "1.500", "N/A")
    assert report.reading.columns[1:3] == (ColumnReading(",", "dmy", ("N/A",)), ColumnReading(",", "dmy"))
    assert report.reading.left_out == ()
    assert report.first_rows[2] == (5, ("010", "N/A", "2017-12-31", "7", "ja"))


def test_a_header_without_a_row_is_refused() -> None:
    with pytest.raises(BadInput, match="has a header row, and no row below it"):
        inspected("item,price")


def test_what_was_said_wins_over_what_the_cells_show() -> None:
    requested = ColumnReading(".", "mdy", ("tbd",))
    report = column("1.234,50", "2,5", "3", "tbd", requested=requested)
    assert report.reading.columns[1] == requested
    assert report.columns[1].evidence == "Decimal point, as chosen."
    assert note(report, "mixed-decimal-signs").rows == (2, 3)


def test_cells_behind_the_last_heading_are_told() -> None:
    report = inspected(
        "item,price",
        "007,1.50,x,y",
        "008,1.50",
        "009,1.50,,z",
        requested=Reading(delimiter=",", header_row=1),
    )
    found = note(report, "surplus-cells")
    assert found.rows == (2, 4)
    assert "2 rows have more cells than there are headings, such as row 2: x, y." in found.message


def test_first_rows_are_the_first_ones_of_a_long_table() -> None:
    report = inspected("item,price", *(f"{number},1.5" for number in range(10_000, 22_000)))
    assert report.rows == 12_000
    assert [number for number, _ in report.first_rows] == list(range(2, 22))
    assert report.columns[0].filled == 12_000


LINES = ("item,name,price", "1,apples,1.50", "2,pears,2.50", "3,plums,4.00")


@pytest.mark.parametrize(
    "last",
    ["Total,,8.00", ",Total,8.00", "Summe:,,9", "Total of all items,,8.00", ",,8.00", ",3 items,8.00", "TOTALS,x,1"],
)  # fmt: skip
def test_a_total_at_the_end_is_left_out_and_told(last: str) -> None:
    report = inspected(*LINES, last)
    assert report.reading.left_out == (5,)
    assert (report.rows, report.columns[2].filled) == (3, 3)
    assert note(report, "total-rows").rows == (5,)


def test_several_rows_at_the_end_may_be_totals() -> None:
    report = inspected(*LINES, "Subtotal,,8.00", "Total,,8.00")
    assert report.reading.left_out == (5, 6)
    assert "Rows 5, 6 look like totals, so they are skipped" in note(report, "total-rows").message


@pytest.mark.parametrize(
    "last", ["4,Total,8.00", "4,Total cereal,8.00", "Total care,soap,8.00", ",,7.00", "4,figs,"]
)
def test_a_record_at_the_end_is_none(last: str) -> None:
    report = inspected(*LINES, last)
    assert report.reading.left_out == ()
    assert report.rows == 4
    assert "total-rows" not in codes(report)


def test_nothing_is_left_out_but_what_was_said() -> None:
    report = inspected(*LINES, "Total,,8.00", requested=Reading(left_out=(3,)))
    assert report.reading.left_out == (3,)
    assert report.rows == 3
    assert "total-rows" not in codes(report)


def test_a_sum_is_found_however_its_numbers_are_written() -> None:
    report = inspected(
        "item;name;price", "1;apples;1.234,50 €", "2;pears;(234,50)", "3;plums;N/A", ";;1.000,00 €"
    )
    assert report.reading.left_out == (5,)


def test_the_only_row_is_a_record_whatever_it_says() -> None:
    assert inspected("item,price", "Total,5").rows == 1
