"""Workbooks of Excel 5 and 95, whose texts are bytes."""

from __future__ import annotations

import io
import struct

import pytest
from tests.tables.file_builders import compound, record
from tests.tables.sources import codes, message, opened, records, refusal

from batchbook.errors import BadInput
from batchbook.tables.formats.workbooks import sheet_names
from batchbook.tables.report import Reading
from batchbook.tables.source import read_table

WESTERN, CYRILLIC_FONT = 1252, 204


def begin(part: int, version: int = 0x500) -> bytes:
    return record(0x809, struct.pack("<HHHH", version, part, 0, 0))


def label(row: int, column: int, text: bytes, style: int = 0, kind: int = 0x204, runs: bytes = b"") -> bytes:
    return record(kind, struct.pack("<HHHH", row, column, style, len(text)) + text + runs)


def font(charset: int) -> bytes:
    return record(0x31, struct.pack("<HHHHHBBBB", 200, 0, 0, 400, 0, 0, 0, charset, 0) + b"\x05Arial")


def book(cells: bytes, page: int | None = WESTERN, before: bytes = b"", name: bytes = b"Pr\xe4ise") -> bytes:
    """Return the stream of a workbook with a sheet of ``cells``; their formats are: usual, a Cyrillic font, codes, days, percent."""
    start = begin(5) + before
    if page is not None:
        start += record(0x42, struct.pack("<H", page))
    start += b"".join(map(font, (0, 0, 0, 0, CYRILLIC_FONT)))  # The last has the number 5: there is no 4.
    start += record(0x41E, struct.pack("<H", 0) + b"\x08Standard") + record(
        0x41E, struct.pack("<H", 164) + b"\x06000000"
    )
    start += b"".join(
        record(0xE0, struct.pack("<HH", *style) + bytes(12))
        for style in ((0, 0), (5, 0), (0, 164), (0, 14), (0, 10))
    )
    place = len(start) + 4 + 7 + len(name) + 4
    named = record(0x85, struct.pack("<IBBB", place, 0, 0, len(name)) + name)
    size = record(0x200, struct.pack("<HHHHH", 0, 2, 0, 8, 0))
    return start + named + record(0x0A) + begin(0x10) + size + cells + record(0x0A)


HEADS = b"".join(label(0, column, b"head %c" % (97 + column)) for column in range(8))
CELLS = (
    record(0x203, struct.pack("<HHHd", 1, 0, 2, 7))
    + label(1, 1, "Bäckerei „Süß“, 5 €".encode("cp1252"))
    + label(1, 2, "мука".encode("cp1251"), 1)
    + label(1, 3, b"z" + "мука".encode("cp1251") + b"\xe4", kind=0xD6, runs=bytes([2, 1, 5, 5, 0]))
    + record(0xBD, struct.pack("<HHHIHIH", 1, 4, 3, 43100 << 2 | 2, 4, 750 << 2 | 3, 5))
    + record(0x06, struct.pack("<HHH", 1, 6, 0) + bytes(6) + b"\xff\xff" + bytes(8))
    + record(0x207, struct.pack("<H", 4) + b"t\xebxt")
    + record(0x27E, struct.pack("<HHHI", 1, 7, 0, 12 << 2 | 2))
)
ROW = [
    "000007",
    "Bäckerei „Süß“, 5 €",
    "мука",
    "z" + "мука" + "ä",
    "2017-12-31",
    "750%",
    "tëxt",
    "12",
]


@pytest.mark.parametrize(
    "data",
    [compound({"Book": book(HEADS + CELLS)}), book(HEADS + CELLS)],
    ids=["compound", "bare"],
)
def test_a_workbook_of_excel_95_is_read_as_later_ones_are(data: bytes) -> None:
    source = opened(data, "list.xls")
    assert (source.reading.format, source.reading.sheet, source.expected_rows) == ("xls", "Präise", 1)
    assert records(source) == [ROW]
    assert set(codes(source)) == {"formulas", "zero-format", "font-code-page"}
    assert message(source, "font-code-page").endswith("its code page: cp1251.")


def test_texts_are_in_the_code_page_that_is_stated() -> None:
    for page, name in ((1251, "cp1251"), (932, "cp932"), (10007, "mac_cyrillic")):
        source = opened(book(HEADS + label(1, 0, "мука".encode(name)), page), "list.xls")
        assert records(source)[0][0] == "мука"
        assert codes(source) == []


def test_a_workbook_that_states_no_code_page_is_read_with_a_warning() -> None:
    source = opened(book(HEADS + label(1, 0, b"Caf\xe9"), None, name=b"Prices"), "list.xls")
    assert (records(source)[0][0], codes(source)) == ("Café", ["code-page"])
    data = book(HEADS + label(1, 0, b"Caf\xe9"), None, name=b"Prices")
    with pytest.raises(BadInput, match=r"does not state the code page .* Nothing was taken from it"):
        list(read_table("list.xls", io.BytesIO(data), ["head a"]).records)
    assert codes(opened(book(HEADS + label(1, 0, b"Cafe"), None, name=b"Prices"), "list.xls")) == []


def test_texts_that_cannot_be_told_are_refused() -> None:
    assert "code page 9999, which is not known" in refusal(
        book(HEADS + label(1, 0, b"Caf\xe9"), 9999), "a.xls"
    )
    assert "a text is not in cp932" in refusal(
        book(HEADS + label(1, 0, b"\xff\xff\x81"), 932, name=b"Prices"), "a.xls"
    )
    assert "protected by a password" in refusal(
        book(HEADS, before=record(0x2F, struct.pack("<HH", 1, 2))), "a.xls"
    )
    assert "a text is cut" in refusal(
        book(HEADS + record(0x204, struct.pack("<HHHH", 1, 0, 0, 99) + b"x")), "a.xls"
    )


def test_older_workbooks_and_parts_of_them_are_refused() -> None:
    assert "a part of an Excel workbook" in refusal(begin(5, 0x400) + record(0x0A), "a.xls")
    assert "a part of an Excel workbook" in refusal(begin(0x10) + HEADS + record(0x0A), "a.xls")
    assert "not written by Excel 5" in refusal(compound({"Book": begin(5, 0x400) + record(0x0A)}), "a.xls")


def test_the_later_of_two_workbooks_in_a_file_is_read() -> None:
    newer = book(HEADS + label(1, 0, b"new"))
    both = compound({"Book": book(HEADS + label(1, 0, b"old")), "Workbook": newer})
    assert records(opened(both, "a.xls", Reading(header_row=1)))[0][0] == "new"


def test_the_sheets_have_their_names() -> None:
    assert sheet_names("xls", io.BytesIO(compound({"Book": book(HEADS)}))) == ["Präise"]
