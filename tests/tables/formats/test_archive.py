"""Archives that no program wrote: unpacked within limits, or refused."""

from __future__ import annotations

import io
import struct
import tracemalloc

import pytest
from tests.tables.file_builders import archive, bomb, ods_content, ods_row, xlsx_parts
from tests.tables.sources import opened, records
from tests.tables.sources import refusal as table_refusal
from tests.tables.workbooks import HEADER, SHEET, book, cell, read, refusal, worksheet


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE worksheet [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    rows = HEADER + '<row r="2"><c t="inlineStr"><is><t>&b;</t></is></c></row>'
    assert "document type" in refusal(book((SHEET, worksheet(rows, bomb))))


def test_what_unpacks_to_too_much_is_refused_in_little_memory() -> None:
    sheet = {SHEET: worksheet(HEADER).partition("</sheetData>")[0]}
    open_parts = {**xlsx_parts(("S", "")), **sheet}, xlsx_parts(("S", HEADER), texts="<sst>")
    text = f"<si><t>{'x' * 100_000}</t></si>".encode()
    files = [
        io.BytesIO(bomb(parts, f"xl/{part}.xml", text, 2_100))
        for part, parts in zip(("worksheets/sheet1", "sharedStrings"), open_parts, strict=True)
    ]
    tracemalloc.start()
    assert "unpacks to more than 200 MB. Nothing was taken" in refusal(files[0])
    assert "unpacks to more than 200 MB. Nothing was taken" in refusal(files[1])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * 1024 * 1024


def test_an_archive_that_lies_about_its_sizes_is_no_workbook() -> None:
    data = book((SHEET, worksheet(HEADER + cell("XFD1048576")))).getvalue()
    size = len(worksheet(HEADER + cell("XFD1048576"))).to_bytes(4, "little")
    assert data.count(size) >= 2
    assert "cannot be read as an Excel workbook" in refusal(
        io.BytesIO(data.replace(size, (100).to_bytes(4, "little")))
    )


def listing(names: int, size: int, zip64: bytes = b"") -> bytes:
    """Return an archive that is nothing but a list of empty parts, whose end counts ``names`` and ``size`` bytes."""
    part = b"PK\x01\x02" + bytes(24) + (7).to_bytes(2, "little") + bytes(16)
    parts = b"".join(part + b"%07d" % number for number in range(names))
    counted = (min(names, 0xFFFF).to_bytes(2, "little")) * 2 + size.to_bytes(4, "little") + bytes(4)
    return b"PK\x03\x04" + parts + zip64 + b"PK\x05\x06" + bytes(4) + counted + bytes(2)


@pytest.mark.parametrize("zip64", [False, True])
def test_a_list_of_parts_that_no_workbook_has_is_refused_unread(zip64: bool) -> None:
    names, size = 200_000, 200_000 * 53
    long = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, names, names, size, 4)
    long += struct.pack("<4sLQL", b"PK\x06\x07", 0, 4 + size, 1)
    file = io.BytesIO(listing(names, 0xFFFFFFFF, long) if zip64 else listing(names, size))
    tracemalloc.start()
    message = refusal(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "the list of them takes 10,600,000 bytes, more than 1,048,576. Nothing was taken" in message
    assert peak < 2 * 1024 * 1024  # A byte for each of the list's would be more.


def test_a_workbook_may_have_thousands_of_parts() -> None:
    pictures = {f"xl/media/picture{number}.png": "" for number in range(5_000)}
    assert read(book((SHEET, worksheet(HEADER + cell("A2"))), **pictures)) == [("1",)]


def test_a_workbook_whose_paths_have_backslashes_or_no_list_of_parts_is_read() -> None:
    parts = xlsx_parts(("S", HEADER + cell("A2")))
    backward = {name.replace("/", "\\"): content for name, content in parts.items()}
    without = {
        name: content for name, content in parts.items() if name not in ("_rels/.rels", "[Content_Types].xml")
    }
    wanted = records(opened(archive(parts), "a.xlsx"))
    assert wanted
    for broken in (backward, without):
        assert records(opened(archive(broken), "a.xlsx")) == wanted


def test_a_spreadsheet_without_its_type_is_read() -> None:
    content = ods_content(("S", ods_row(["item"]) + ods_row(["7"])))
    assert records(opened(archive({"content.xml": content}), "a.ods")) == [["7"]]
    text = content.replace("office:spreadsheet", "office:text")
    assert "is an archive (ZIP) without a workbook" in table_refusal(archive({"content.xml": text}), "a.ods")
