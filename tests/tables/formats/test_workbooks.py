"""Names of the sheets of a workbook, in each format; a damaged one has none."""

from __future__ import annotations

import io

import pytest
from tests.tables.file_builders import ods, ods_row, xls, xlsb, xlsb_inline, xlsb_row, xlsx

from batchbook.tables.formats.workbooks import sheet_names
from batchbook.tables.report import Format


@pytest.mark.parametrize(
    ("kind", "data", "names"),
    [
        ("xlsx", xlsx(("One", ""), ("Two", "")), ["One", "Two"]),
        ("xlsb", xlsb(xlsb_row(0, xlsb_inline(0, "x"))), ["Prices"]),
        ("xls", xls([(0, 0, "x")]), ["Sheet"]),
        ("ods", ods(("One", ods_row(["x"])), ("Two", "")), ["One", "Two"]),
        ("xlsx", xlsx(("One", ""))[:-30], []),
        ("csv", b"a,b\n", []),
    ],
)
def test_sheets_are_named_without_reading_them(kind: Format, data: bytes, names: list[str]) -> None:
    assert list(sheet_names(kind, io.BytesIO(data))) == names
