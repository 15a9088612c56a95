"""Binary Excel workbooks, written record by record."""

from __future__ import annotations

import struct

import pytest
from tests.tables.file_builders import (
    xlsb,
)
from tests.tables.file_builders import (
    xlsb_inline as inline,
)
from tests.tables.file_builders import (
    xlsb_number as number,
)
from tests.tables.file_builders import (
    xlsb_record as rec,
)
from tests.tables.file_builders import (
    xlsb_row as row,
)
from tests.tables.file_builders import (
    xlsb_shared as shared,
)
from tests.tables.sources import codes, opened, records, refusal

HEAD = row(0, *(inline(place, name) for place, name in enumerate(("code", "name", "price", "part", "note"))))


def test_a_binary_workbook_is_read_as_its_cells_show_it() -> None:
    error = rec(3, struct.pack("<II", 4, 0) + b"\x2a")
    rows = HEAD + row(1, number(0, 801, 2), shared(1, 0), number(2, 1.09), number(3, 0.075, 1), error)
    rows += row(3, number(0, 7), inline(1, "Donuts"), hidden=True)
    hidden_column = rec(60, struct.pack("<IIIIH", 3, 3, 2340, 0, 1))
    source = opened(xlsb(rows, ("Cookies",), rec(390) + hidden_column + rec(391)), "list.xlsb")
    assert records(source) == [["000801", "Cookies", "1.09", "7.5%", "#N/A"], ["7", "Donuts", "", "", ""]]
    assert (source.reading.format, source.reading.sheet) == ("xlsb", "Prices")
    assert set(source.hidden_rows) == {4}
    assert {"error-values", "hidden-column"} <= set(codes(source))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (xlsb(HEAD + row(1_048_575, number(16_383, 1))), "out to column 16,384, which is further than"),
        (xlsb(HEAD + row(900_000, number(900, 1))), "which is further than"),
        (xlsb(b"".join(row(n, shared(0, 0)) for n in range(5_000)), ("x" * 30_000,)), "characters in them"),
        (xlsb(HEAD)[:-100], "is damaged"),
        (xlsb(HEAD + b"\x05\xff"), "cannot be read as a binary Excel workbook"),
        (xlsb(row(0, shared(0, 9))), "cannot be read as a binary Excel workbook"),
    ],
)
def test_a_binary_workbook_is_measured_before_it_is_read(data: bytes, sentence: str) -> None:
    assert sentence in refusal(data, "list.xlsb")
