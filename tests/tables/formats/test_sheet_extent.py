"""Extent of sheets: those that reach too far are refused, whatever they claim."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.tables.workbooks import HEADER, MAIN, SHEET, book, cell, read, refusal, worksheet

from batchbook.tables.errors import InvalidWorkbook, LimitExceeded
from batchbook.tables.formats.sheet_extent import Extent, QuickScan, exact_extent, refuse_far_rows


@pytest.mark.parametrize(
    "far",
    [
        cell("XFD1048576"),
        cell("A1000001"),
        cell("XFE2"),  # The 16,385th column.
        cell("ALL5001"),
        '<row r="1048576"><c><v>1</v></c></row>',
        "<row><c><v>1</v></c></row>" * 4 + '<row r="2">' + "<c><v>1</v></c>" * 16_385 + "</row>",
        cell("B2").replace('r="B2"', "r='XFD1048576'"),
        cell("B2").replace('r="B2"', 'r="xfd1048576"'),
        cell("B2").replace('<c r="B2"', '<c a=">" r = "XFD1048576"'),
        cell("B2").replace('<c r="B2"', '<c\nt="n"\tr="XFD1048576"'),
    ],
)
def test_a_sheet_that_reaches_too_far_is_refused(far: str) -> None:
    message = refusal(book((SHEET, worksheet(HEADER + far))))
    assert "which is further than a table may reach here" in message
    assert "Nothing was taken from it" in message


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


@pytest.mark.parametrize("size", [7, 1000, 1_000_000])
def test_the_first_row_too_many_is_refused_before_anything_is_parsed(size: int) -> None:
    cells = cell("A999999") + cell("B1000000") + '<row r="1000001"><c r="C1000001" s="3"/>'
    marks = "".join(cell(f"D{number}") for number in range(1_000_001, 1_000_011))
    cells += marks + cell("D1000011")
    start = '<worksheet><dimension ref="A1:F1048576"/><sheetData>'

    def pieces(text: str) -> Iterator[bytes]:
        data = text.encode()
        yield data[:200]  # The first piece of a part is long enough for what a sheet states of its extent.
        yield from (data[at : at + size] for at in range(200, len(data), size))

    with pytest.raises(LimitExceeded, match="down to row 1,000,011 and out to column 4"):
        refuse_far_rows(pieces(f"{start}{cells}<this is no XML"))
    with pytest.raises(LimitExceeded, match="down to row 1,000,011"):  # Some programs state no extent.
        refuse_far_rows(pieces(f"<worksheet><sheetData>{cells}<this is no XML"))
    refuse_far_rows(pieces(start + cell("A1000000") + '<row r="1048576"><c r="A1048576" s="1"/></row>'))
    refuse_far_rows(pieces(start + cell("A1000000") + marks))  # So few may be no part of the table.
    refuse_far_rows(pieces(f"{start.replace('F1048576', 'F20')}{cells}"))
