"""The limits of the csv module hold for others as before, and a row that breaks one is named."""

from __future__ import annotations

import csv

from tests.tables.sources import opened, records

from batchbook.tables.errors import MAX_CELL
from batchbook.tables.formats.csv_limits import long_cells, unreadable_row_message


def test_cells_of_others_are_as_long_as_before() -> None:
    before = csv.field_size_limit()
    long = "x" * (before + 1)
    assert records(opened(f"item,name\n7,{long}\n")) == [["7", long]]
    assert csv.field_size_limit() == before


def test_the_limit_stays_raised_until_the_last_reader_has_left() -> None:
    before = csv.field_size_limit()
    with long_cells():
        with long_cells():
            assert csv.field_size_limit() == MAX_CELL
        assert csv.field_size_limit() == MAX_CELL
    assert csv.field_size_limit() == before


def test_a_row_that_cannot_be_read_is_named_by_its_line() -> None:
    broken = csv.reader(["a,b\n", '1,"x" y\n'], strict=True)
    assert "stops being readable as CSV in line 2" in unreadable_row_message("list.csv", broken)
    readable = csv.reader(["a,b\n"], strict=True)
    assert unreadable_row_message("list.csv", readable) == (
        "“list.csv” changed while it was read. Upload it again."
    )
