"""Rows unlike the table are found in one pass, named, and left out unless somebody takes them."""

from __future__ import annotations

import io
import struct

import pytest
from tests.tables.file_builders import MAIN, archive, inline, ods_content, record, xls, xlsx_parts
from tests.tables.reports import codes, inspected, note

from batchbook.statuses import Severity
from batchbook.tables.inspection import inspect_table
from batchbook.tables.layout.unlike_rows import MOST_LEFT_OUT
from batchbook.tables.report import Reading, Report

HEAD = "item_code;description;price"
ROWS = ("000801228;Cookies;1,09", "000866227;Donuts;0,55", "000866228;Muffins;1,80")


def numbers(report: Report) -> list[int]:
    return [number for number, _ in report.first_rows]


@pytest.mark.parametrize(
    ("lines", "left_out", "code"),
    [
        ((HEAD, *ROWS[:2], "Subtotal Bakery;;1,64", ROWS[2], "Subtotal Deli;;1,80", "Grand total;;3,44"), (4, 6, 7), "total-rows"),
        ((HEAD, *ROWS[:2], HEAD, ROWS[2]), (4,), "heading-rows"),
        ((HEAD, *ROWS, "", "* prices without VAT", "Source: ERP, 2026-05-01"), (6, 7), "note-rows"),
        ((HEAD, "Bakery", *ROWS[:2], "Deli", ROWS[2]), (2, 5), "group-rows"),
        ((HEAD, "---------;-----------;-----", *ROWS, "=========;=========;====="), (2, 6), "ruler-rows"),
        ((HEAD, *ROWS, "\x1a"), (5,), "ruler-rows"),
        (("# exported by ERP; 2026-05-01", "# currency: USD", HEAD, ROWS[0], "# checked by AB", *ROWS[1:]), (5,), "comment-rows"),
    ],
)  # fmt: skip
def test_rows_unlike_the_table_are_named_and_left_out(
    lines: tuple[str, ...], left_out: tuple[int, ...], code: str
) -> None:
    report = inspected(*lines)
    assert (report.reading.left_out, report.headings) == (left_out, tuple(HEAD.split(";")))
    assert report.rows == 3
    found = note(report, code)
    assert (found.severity, found.rows) == (Severity.WARNING, left_out)
    assert report.columns[2].kind == "number"


def test_what_is_unlike_the_table_can_be_taken() -> None:
    kind = "totals"
    lines = (HEAD, *ROWS[:2], "Subtotal;;1,64", ROWS[2])
    taken = inspected(*lines, requested=Reading(taken=(kind,)))
    assert (taken.reading.left_out, taken.rows, note(taken, "total-rows").severity) == ((), 4, Severity.INFO)
    skipped = inspected(*lines, requested=Reading(skipped=(kind,)))
    assert (skipped.reading.left_out, note(skipped, "total-rows").severity) == ((4,), Severity.INFO)


def test_a_record_that_lacks_cells_is_a_record() -> None:
    """A code alone looks like the other codes, a rank is no comment, and a product may be called Total."""
    report = inspected(HEAD, *ROWS, "000866229;;", "# 1;Total;2,00", "-;-;-")
    assert report.reading.left_out == ()
    assert not codes(report) & {"group-rows", "comment-rows", "ruler-rows"}
    assert inspected("a;b", "7;", ";8", "9;").reading.left_out == ()


def test_a_table_is_never_left_out_as_a_whole() -> None:
    assert inspected("name;sum;note", "Total;1;x").rows == 1
    groups = (f"G {n}" for n in range(MOST_LEFT_OUT + 500))
    many = inspected(HEAD, *ROWS * 4_000, *(line for name in groups for line in (name, ROWS[0])))
    assert len(many.reading.left_out or ()) <= MOST_LEFT_OUT


_XLSX = xlsx_parts(("S", ""))
_XLSX["xl/worksheets/sheet1.xml"] = (
    f'<worksheet xmlns="{MAIN}"><cols><col min="2" max="2" hidden="1"/></cols><sheetData>'
    + "".join(
        f'<row r="{n}"{" hidden=" + chr(34) + "1" + chr(34) if n in (3, 4) else ""}>{inline(f"A{n}", f"a{n}")}{inline(f"B{n}", f"b{n}")}</row>'
        for n in range(1, 6)
    )
    + "</sheetData></worksheet>"
)
_CELL = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
_ODS = ods_content(
    (
        "S",
        '<table:table-column/><table:table-column table:visibility="collapse"/>'
        + "".join(
            f"<table:table-row{' table:visibility=' + chr(34) + 'filter' + chr(34) if n in (3, 4) else ''}>"
            + _CELL.format(f"a{n}")
            + _CELL.format(f"b{n}")
            + "</table:table-row>"
            for n in range(1, 6)
        ),
    )
)
_XLS = record(0x7D, struct.pack("<HHHHHH", 1, 1, 0, 0, 1, 0)) + b"".join(
    record(0x208, struct.pack("<HHHHHHI", n - 1, 0, 2, 0, 0, 0, 0x20 if n in (3, 4) else 0))
    for n in range(1, 6)
)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xlsx", archive(_XLSX)),
        ("a.ods", archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": _ODS})),
        ("a.xls", xls([], after=_XLS + b"".join(
            record(0x204, struct.pack("<HHHHB", n - 1, column, 0, 2, 0) + f"{'ab'[column]}{n}".encode())
            for n in range(1, 6) for column in (0, 1)))),
    ],
)  # fmt: skip
def test_hidden_rows_and_columns_are_told_and_asked_about(name: str, data: bytes) -> None:
    for _ in range(2):  # The second time it comes from the cache.
        open_ = inspect_table(name, io.BytesIO(data))
        assert (numbers(open_), open_.reading.left_out) == ([2, 3, 4, 5], ())
        assert (note(open_, "hidden-rows").severity, note(open_, "hidden-rows").rows) == (
            Severity.WARNING,
            (3, 4),
        )
        assert note(open_, "hidden-column").column == 1
    skipped = inspect_table(name, io.BytesIO(data), Reading(skipped=("hidden",)))
    assert (numbers(skipped), skipped.reading.left_out) == ([2, 5], (3, 4))
    taken = inspect_table(name, io.BytesIO(data), Reading(taken=("hidden",)))
    assert (numbers(taken), note(taken, "hidden-rows").severity) == ([2, 3, 4, 5], Severity.INFO)
