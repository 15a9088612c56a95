"""Old Excel workbooks."""

from __future__ import annotations

import struct

from tests.tables.file_builders import record, xls
from tests.tables.sources import codes, message, opened, records


def test_an_old_workbook_is_read() -> None:
    formats = record(0x41E, struct.pack("<H", 164) + struct.pack("<HB", 6, 0) + b"000000")
    formats += b"".join(record(0xE0, struct.pack("<HH", 0, number) + bytes(16)) for number in (0, 164, 14))
    cells = record(0x27E, struct.pack("<HHHI", 1, 0, 1, 7 << 2 | 2))
    cells += record(0x203, struct.pack("<HHHd", 1, 1, 0, 1.25))
    cells += record(0xBD, struct.pack("<HHHIHIH", 1, 2, 2, 43100 << 2 | 2, 0, 125 << 2 | 3, 3))
    cells += record(0x205, struct.pack("<HHHBB", 1, 4, 0, 0x2A, 1)) + record(
        0x205, struct.pack("<HHHBB", 1, 5, 0, 1, 0)
    )
    cells += record(0x6, struct.pack("<HHH", 1, 6, 0) + bytes(6) + b"\xff\xff" + bytes(8))
    cells += record(0x207, struct.pack("<HB", 4, 0) + b"text") + record(
        0xE5, struct.pack("<HHHHH", 1, 0, 0, 0, 27)
    )
    heads = [(0, column, f"head {chr(97 + column)}") for column in range(7)]
    source = opened(xls(heads, before=formats, after=cells), "list.xls")
    assert records(source) == [["000007", "1.25", "2017-12-31", "1.25", "#N/A", "true", "text"]]
    assert set(codes(source)) == {"merged-cells", "formulas", "error-values", "zero-format"}
    assert "A1:AB1" in message(source, "merged-cells")


def test_a_table_of_texts_that_states_too_many_is_read_with_what_is_there() -> None:
    text = struct.pack("<HB", 4, 0) + b"item"
    shared = record(0xFC, struct.pack("<II", 9, 9) + text)
    cells = record(0xFD, struct.pack("<HHHI", 0, 0, 0, 0)) + record(0x203, struct.pack("<HHHd", 1, 0, 0, 7))
    source = opened(xls([], texts=shared, after=cells), "list.xls")
    assert (source.headings, records(source)) == (("item",), [["7"]])
