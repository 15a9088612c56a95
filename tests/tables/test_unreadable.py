"""Tables that cannot be read by one reading: what is known of them, and that files which no reading helps are refused."""

from __future__ import annotations

import gzip
import io

import pytest
from tests.tables.file_builders import archive as zipped
from tests.tables.file_builders import inline, ods, ods_row, worksheet, xlsx, xlsx_parts

from batchbook.errors import BadInput
from batchbook.tables.errors import Unreadable
from batchbook.tables.inspection import inspect_table
from batchbook.tables.report import Reading, Report
from batchbook.tables.unreadable import unreadable_report

QUOTED = b'item,price\n7,"open\n'


def report(data: bytes, name: str = "list.csv", requested: Reading = Reading()) -> Report:  # noqa: B008 - It cannot change.
    file = io.BytesIO(data)
    with pytest.raises(Unreadable) as caught:
        inspect_table(name, file, requested)
    return unreadable_report(name, file, caught.value)


@pytest.mark.parametrize(
    ("data", "name"), [(QUOTED, "list.csv"), (gzip.compress(QUOTED, mtime=0), "list.csv.gz")]
)
def test_a_text_is_shown_line_by_line(data: bytes, name: str) -> None:
    found = report(data, name)
    assert "a quotation mark in line 2 that is never closed" in found.problem
    assert found.first_rows == ((1, ("item,price",)), (2, ('7,"open',)))
    assert (found.reading.format, found.reading.encoding, found.reading.quoting) == (
        "csv",
        "utf-8",
        "doubled",
    )
    assert (found.rows, found.columns, Report.from_json(found.to_json())) == (0, (), found)


def test_the_encoding_that_was_tried_is_kept() -> None:
    found = report("item,Käse\n".encode("latin-1") * 2, requested=Reading(encoding="ascii"))
    assert (found.reading.encoding, found.first_rows[0]) == ("ascii", (1, ("item,K\ufffdse",)))


def test_the_sheets_of_a_workbook_are_named() -> None:
    head = f'<row r="1">{inline("A1", "Title")}{inline("B1", "x")}</row>'
    found = report(xlsx(("One", head), ("Two", head)), "a.xlsx")
    assert [sheet.name for sheet in found.sheets] == ["One", "Two"]
    assert (found.reading.sheet, found.first_rows) == ("One", ((1, ("Title", "x")),))
    missing = report(ods(("One", ods_row(["a"])), ("Two", "")), "a.ods", Reading(sheet="Three"))
    assert "has no sheet “Three”" in missing.problem
    damaged = xlsx_parts(("One", ""), ("Two", ""))
    damaged["xl/worksheets/sheet1.xml"] = worksheet(head)[:-40]
    assert "cannot be read as an Excel workbook" in report(zipped(damaged), "a.xlsx").problem


def test_another_format_of_texts_can_be_tried() -> None:
    found = report(b'{"item": 7,price\n1,2\n')
    assert (found.reading.format, found.first_rows[1]) == ("json", (2, ("1,2",)))
    read = inspect_table("a.csv", io.BytesIO(b'{"item": 7,price\n1,2\n'), Reading(format="csv"))
    assert (read.headings, read.rows) == (('{"item": 7', "price"), 1)


@pytest.mark.parametrize(
    ("data", "name"), [(b"%PDF-1.7", "a.csv"), (b"", "a.csv"), (b" \n", "a.csv"), (b"item,price\n", "a.csv")]
)
def test_a_file_that_no_reading_helps_is_refused(data: bytes, name: str) -> None:
    with pytest.raises(BadInput) as caught:
        inspect_table(name, io.BytesIO(data), expected=("item",))
    assert not isinstance(caught.value, Unreadable)
