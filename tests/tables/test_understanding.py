"""What is decided about a column and what is then made of its cells, together."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Numeric, literal

from batchbook.grid import Column, Kind
from batchbook.grid.cells import CellError, parse
from batchbook.tables.inspection import inspect_table
from batchbook.tables.normalise.cells import conventions_of, normaliser
from batchbook.tables.report import Reading, Report

_KEPT = Reading(delimiter="|", header_row=1, header_rows=1, left_out=())


def inspected(cells: list[str]) -> Report:
    lines = "\n".join(["name|cell", *(f"row {number}|{cell}" for number, cell in enumerate(cells))])
    return inspect_table("list.csv", io.BytesIO(lines.encode()), _KEPT)


def understood(kind: Kind, cells: list[str], report: Report) -> list[Any]:
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
    report = inspected(cells)
    doubted = any(note.code == "open-decimal-sign" for note in report.notes)
    assert doubted or understood(Kind.DECIMAL, cells, report) == values


_DAYS = st.lists(st.dates(date(1970, 1, 1), date(2068, 12, 31)), min_size=1, max_size=8)


@given(
    _DAYS,
    st.sampled_from(("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d.%m.%y", "%m/%d/%y", "%Y-%m-%d")),
)
def test_a_column_of_days_keeps_them_unless_a_warning_says_that_they_may_be_others(
    days: list[date], pattern: str
) -> None:
    cells = [f"{day:{pattern}}" for day in days]
    report = inspected(cells)
    doubted = any(note.code == "open-date-order" for note in report.notes)
    assert report.columns[1].kind == "date"
    assert doubted or understood(Kind.DATE, cells, report) == days


@given(
    st.lists(st.sampled_from(("31.12.2017", "12/31/2017", "2017-12-31", "1/2/2017")), min_size=1, max_size=8)
)
def test_days_in_several_orders_are_refused_or_warned_of(cells: list[str]) -> None:
    report = inspected(cells)
    values = understood(Kind.DATE, cells, report)
    sure = [value for cell, value in zip(cells, values, strict=True) if cell != "1/2/2017"]
    assert set(sure) <= {date(2017, 12, 31), None}
    told = {note.code for note in report.notes} & {"mixed-date-orders", "open-date-order"}
    assert told or None not in values
