"""Workbooks that nobody's program wrote: whatever they claim, they are read within bounds or refused."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from tests.tables.making import bomb, xlsx_parts

from batchbook.errors import BadInput
from batchbook.tables import read_table
from batchbook.tables.errors import InvalidWorkbook
from batchbook.tables.formats.sheet_extent import Extent, QuickScan, exact_extent

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
SHEET = "xl/worksheets/sheet1.xml"
HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>item</t></is></c></row>'


def worksheet(rows: str, before: str = "") -> str:
    return f'<?xml version="1.0"?>{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def cell(reference: str, value: str = "<v>1</v>") -> str:
    return f'<row r="{reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}"><c r="{reference}">{value}</c></row>'


def relations(*targets: tuple[str, str]) -> str:
    links = "".join(
        f'<Relationship Id="r{number}" Type="{RELATED}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>'


def book(*sheets: tuple[str, str], targets: Iterable[tuple[str, str]] = (), **further: str) -> io.BytesIO:
    """Return a workbook of sheets, given as their paths in the archive and their XML."""
    names = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, len(sheets) + 1))
    linked = targets or [("worksheet", path.removeprefix("xl/")) for path, _ in sheets]
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": relations(*linked),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>{names}</sheets></workbook>',
        **dict(sheets),
        **further,
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target


def read(file: io.BytesIO) -> list[tuple[str, ...]]:
    return [tuple(record) for _, record in read_table("list.xlsx", file, ["item"]).records]


def refusal(file: io.BytesIO) -> str:
    with pytest.raises(BadInput) as caught:
        read(file)
    assert caught.value.message.endswith(".")
    return caught.value.message


# --- How far a sheet reaches ---


@pytest.mark.parametrize(
    "far",
    [
        cell("XFD1048576"),
        cell("A1000001"),
        cell("ALM2"),  # The 1,001st column.
        cell("ALL5001"),
        '<row r="1048576"><c><v>1</v></c></row>',
        "<row><c><v>1</v></c></row>" * 4 + '<row r="2">' + "<c><v>1</v></c>" * 1001 + "</row>",
        cell("B2").replace('r="B2"', "r='XFD1048576'"),
        cell("B2").replace('r="B2"', 'r="xfd1048576"'),
        cell("B2").replace('<c r="B2"', '<c a=">" r = "XFD1048576"'),
        cell("B2").replace('<c r="B2"', '<c\nt="n"\tr="XFD1048576"'),
    ],
)
def test_a_sheet_that_reaches_too_far_is_refused(far: str) -> None:
    said = refusal(book((SHEET, worksheet(HEADER + far))))
    assert "which is further than a table may reach here" in said
    assert "Nothing was taken from it" in said


def test_a_prefix_hides_no_cell() -> None:
    rows = '<x:row r="1"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>'
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    assert "column 16,384" in refusal(book((SHEET, sheet)))


def test_what_a_sheet_says_of_its_size_proves_nothing() -> None:
    small = worksheet(HEADER + cell("XFD1048576")).replace("<sheetData>", '<dimension ref="A1"/><sheetData>')
    assert "column 16,384" in refusal(book((SHEET, small)))
    large = worksheet(HEADER + cell("A2")).replace(
        "<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>'
    )
    assert read(book((SHEET, large))) == [("1",)]


def test_one_place_filled_a_million_times_counts_as_often() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row>' * 100
    assert exact_extent([worksheet(rows).encode()]) == Extent(1, 1, 100)
    quick = QuickScan()
    quick.feed(worksheet(rows).encode())
    assert quick.extent == Extent(1, 1, 100)


def test_formats_far_out_are_no_cells() -> None:
    formatted = '<row r="1048576"><c r="A1048576" s="1"/><c r="XFD1048576" s="1"></c></row>'
    assert read(book((SHEET, worksheet(HEADER + cell("A2") + formatted)))) == [("1",)]


@pytest.mark.parametrize("size", [1, 7, 33, 50, 4096])
def test_the_pieces_of_a_sheet_may_be_cut_anywhere(size: int) -> None:
    data = worksheet(HEADER + cell("B2") + cell("AB12345") + cell("C99")).encode()
    quick = QuickScan()
    for start in range(0, len(data), size):
        quick.feed(data[start : start + size])
    assert not quick.unsure
    assert quick.extent == exact_extent([data]) == Extent(12345, 28, 4)


def test_cells_without_references_follow_their_neighbours() -> None:
    rows = '<row><c><v>1</v></c></row><row r="7"><c r="C7"><v>1</v></c><c/><c><v>1</v></c></row><row><c><v/></c></row>'
    assert exact_extent([worksheet(rows).encode()]) == Extent(8, 5, 4)


@pytest.mark.parametrize("reference", ["", "A", "1", "A12345678", "AAAA1", "Ä1", "A1:B2", "A-1"])
def test_a_reference_that_is_none_is_refused(reference: str) -> None:
    with pytest.raises(InvalidWorkbook):
        exact_extent([worksheet(f'<row><c r="{reference}"><v>1</v></c></row>').encode()])


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE worksheet [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    rows = HEADER + '<row r="2"><c t="inlineStr"><is><t>&b;</t></is></c></row>'
    assert "document type" in refusal(book((SHEET, worksheet(rows, bomb))))


# --- What is unpacked ---


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
    said = refusal(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "the list of them takes 10,600,000 bytes, more than 1,048,576. Nothing was taken" in said
    assert peak < 2 * 1024 * 1024  # A byte for each of the list's would be more.


def test_a_workbook_may_have_thousands_of_parts() -> None:
    pictures = {f"xl/media/picture{number}.png": "" for number in range(5_000)}
    assert read(book((SHEET, worksheet(HEADER + cell("A2"))), **pictures)) == [("1",)]


# --- Which sheet is the first ---


def test_only_the_first_sheet_has_to_be_small() -> None:
    second = ("xl/worksheets/sheet2.xml", worksheet(cell("XFD1048576")))
    assert read(book((SHEET, worksheet(HEADER + cell("A2"))), second)) == [("1",)]


def test_the_first_sheet_is_the_workbooks_and_not_the_first_file() -> None:
    first = ("xl/worksheets/sheet9.xml", worksheet(HEADER + cell("XFD1048576")))
    assert "column 16,384" in refusal(book(first, (SHEET, worksheet(HEADER + cell("A2")))))


@pytest.mark.parametrize(
    "target", ["worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml", "./worksheets/Sheet1.xml"]
)
def test_the_first_sheet_is_found_as_programs_write_it(target: str) -> None:
    file = book((SHEET, worksheet(HEADER + cell("A2"))), targets=[("worksheet", target)])
    assert read(file) == [("1",)]


def test_a_chart_in_front_is_passed_over() -> None:
    chart = ("xl/chartsheets/sheet1.xml", f'<chartsheet xmlns="{MAIN}"/>')
    targets = [("chartsheet", "chartsheets/sheet1.xml"), ("worksheet", "worksheets/sheet1.xml")]
    assert read(book(chart, (SHEET, worksheet(HEADER + cell("A2"))), targets=targets)) == [("1",)]


@pytest.mark.parametrize(
    "targets", [[("worksheet", "worksheets/none.xml")], [("chartsheet", "worksheets/sheet1.xml")], [("styles", "x")]]
)  # fmt: skip
def test_a_workbook_without_a_sheet_is_none(targets: list[tuple[str, str]]) -> None:
    said = refusal(book((SHEET, worksheet(HEADER)), targets=targets))
    assert "cannot be read as an Excel workbook" in said


# --- What ordinary programs write ---


def written(fill: Any, **options: Any) -> io.BytesIO:
    target = io.BytesIO()
    made = xlsxwriter.Workbook(target, {"in_memory": True, **options})
    fill(made, made.add_worksheet())
    made.close()
    return target


def test_days_that_count_from_1904_stay_the_same() -> None:
    def fill(made: Any, page: Any) -> None:
        page.write_row(0, 0, ["item"])
        page.write_datetime(1, 0, date(2026, 11, 30), made.add_format({"num_format": "yyyy-mm-dd"}))

    assert read(written(fill)) == read(written(fill, date_1904=True)) == [("2026-11-30",)]
