"""Cells merged over several rows, in each format: told, and filled down where that was chosen."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from tests.tables.file_builders import (
    ods,
    record,
    xls,
    xlsb,
    xlsb_inline,
    xlsb_record,
    xlsb_row,
)
from tests.tables.sources import message, opened, records, written

from batchbook.tables.formats import MergedRange
from batchbook.tables.layout.merged_cells import MERGED_DOWN, range_of
from batchbook.tables.report import Reading

TABLE = [["dept", "item"], ["PASTRY", "7"], ["", "8"], ["BREAD", "9"]]
FILLED = [["PASTRY", "7"], ["PASTRY", "8"], ["BREAD", "9"]]
PLACES = [(row, column, text) for row, cells in enumerate(TABLE) for column, text in enumerate(cells) if text]
SPACE = "urn:schemas-microsoft-com:office:spreadsheet"


def in_xlsx() -> bytes:
    def fill(_book: object, page: object) -> None:
        for row, column, text in PLACES:
            page.write_string(row, column, text)  # type: ignore[attr-defined]
        page.merge_range(1, 0, 2, 0, "PASTRY")  # type: ignore[attr-defined]

    return written(fill)


def in_xlsb() -> bytes:
    rows = b"".join(
        xlsb_row(number, *(xlsb_inline(place, text) for place, text in enumerate(cells) if text))
        for number, cells in enumerate(TABLE)
    )
    return xlsb(rows + xlsb_record(176, struct.pack("<IIII", 1, 2, 0, 0)))


def in_ods() -> bytes:
    def cell(text: str, attributes: str = "") -> str:
        return f'<table:table-cell office:value-type="string"{attributes}><text:p>{text}</text:p></table:table-cell>'

    def row(*cells: str) -> str:
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    merged = ' table:number-columns-spanned="1" table:number-rows-spanned="2"'
    return ods(
        (
            "S",
            row(cell("dept"), cell("item"))
            + row(cell("PASTRY", merged), cell("7"))
            + row("<table:covered-table-cell/>", cell("8"))
            + row(cell("BREAD"), cell("9")),
        )
    )


HTML = (
    "<html><table><tr><th>dept<th>item<tr><td rowspan=2>PASTRY</td><td>7</td></tr><tr><td>8</td></tr>"
    "<tr><td>BREAD<td>9</table>"
)
XML = (
    f'<?xml version="1.0"?><Workbook xmlns="{SPACE}" xmlns:ss="{SPACE}"><Worksheet ss:Name="S"><Table>'
    '<Row><Cell><Data ss:Type="String">dept</Data></Cell><Cell><Data ss:Type="String">item</Data></Cell></Row>'
    '<Row><Cell ss:MergeDown="1"><Data ss:Type="String">PASTRY</Data></Cell><Cell><Data ss:Type="String">7</Data></Cell></Row>'
    '<Row><Cell ss:Index="2"><Data ss:Type="String">8</Data></Cell></Row>'
    '<Row><Cell><Data ss:Type="String">BREAD</Data></Cell><Cell><Data ss:Type="String">9</Data></Cell></Row>'
    "</Table></Worksheet></Workbook>"
)
FILES = {
    "a.xlsx": in_xlsx(),
    "a.xlsb": in_xlsb(),
    "a.ods": in_ods(),
    "a.xls": xls(PLACES, after=record(0xE5, struct.pack("<HHHHH", 1, 1, 2, 0, 0))),
    "a.html": HTML.encode(),
    "a.xml": XML.encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_merged_cells_are_told_and_filled_down_where_that_was_chosen(name: str) -> None:
    source = opened(FILES[name], name)
    assert records(source) == TABLE[1:]
    assert "1 range is merged over several rows, such as A2:A3" in message(source, MERGED_DOWN)
    for _ in range(2):  # The second time from the cache.
        filled = opened(FILES[name], name, replace(source.reading, merged="filled"))
        assert records(filled) == FILLED
        assert message(filled, MERGED_DOWN).endswith("It is filled down into the others.")
    assert records(opened(FILES[name], name, Reading(merged="kept"))) == TABLE[1:]


def test_cells_behind_one_that_reaches_over_several_columns_stay_in_theirs() -> None:
    page = "<table><tr><td>a<td>b<td>c<tr><td colspan=2 rowspan=2>1<td>2<tr><td>3<tr><td>4<td>5<td>6</table>"
    assert records(opened(page, "a.html", Reading(header_row=1))) == [
        ["1", "", "2"],
        ["", "", "3"],
        ["4", "5", "6"],
    ]
    across = XML.replace('ss:MergeDown="1"', 'ss:MergeAcross="1"')
    assert records(opened(across, "a.xml", Reading(header_row=1)))[0] == ["PASTRY", "", "7"]


def test_references_are_ranges() -> None:
    assert range_of("A2:AB4") == MergedRange(2, 4, 0, 27)
    assert str(MergedRange(2, 4, 0, 27)) == "A2:AB4"
    assert range_of("A2") is None
