"""OpenDocument spreadsheets."""

from __future__ import annotations

import pytest
from tests.tables.file_builders import ods, ods_content, ods_row
from tests.tables.sources import opened, records


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<table:table-cell office:value-type="float" office:value="7"><text:p>7,00</text:p></table:table-cell>', "7"),
        ('<table:table-cell office:value-type="float" office:value="7"><text:p>0007</text:p></table:table-cell>', "0007"),
        ('<table:table-cell office:value-type="date" office:date-value="2017-12-31"/>', "2017-12-31"),
        ('<table:table-cell office:value-type="time" office:time-value="PT10H30M00S"/>', "10:30:00"),
        ('<table:table-cell office:value-type="boolean" office:boolean-value="true"/>', "true"),
        ('<table:table-cell office:value-type="string" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>', "#N/A"),
        ('<table:table-cell office:value-type="string"><text:p> a <text:span> b</text:span></text:p></table:table-cell>', "a b"),
        ('<table:table-cell><office:annotation xmlns:office="o"><text:p>note</text:p></office:annotation><text:p>x</text:p></table:table-cell>', "x"),
    ],
)  # fmt: skip
def test_cells_of_ods_are_what_a_person_typed(cell: str, text: str) -> None:
    source = opened(ods(("S", ods_row(["item"]) + f"<table:table-row>{cell}</table:table-row>")), "list.ods")
    assert records(source) == [[text]]


def test_rows_and_cells_of_ods_repeat() -> None:
    cell = '<table:table-cell table:number-columns-repeated="2" office:value-type="string"><text:p>x</text:p></table:table-cell>'
    rows = ods_row(["a", "b", "c"]) + (
        '<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="9"/></table:table-row>'
        f'<table:table-row table:number-rows-repeated="2"><table:table-cell/>{cell}</table:table-row>'
    )
    source = opened(ods(("S", rows)), "list.ods")
    (chunk,) = source.chunks()
    assert (list(chunk.numbers), list(map(list, chunk.records))) == ([5, 6], [["", "x", "x"]] * 2)
    assert source.blank_rows == 3


def test_a_spreadsheet_in_one_file_is_read() -> None:
    content = ods_content(("Prices", ods_row(["item", "price"]) + ods_row(["7", "1.5"])))
    head = '<office:document office:mimetype="application/vnd.oasis.opendocument.spreadsheet"'
    page = content.replace("<office:document-content", head).replace(
        "</office:document-content>", "</office:document>"
    )
    source = opened(page if page.startswith("<?xml") else f'<?xml version="1.0"?>{page}', "list.fods")
    assert (source.reading.format, source.reading.sheet, records(source)) == ("ods", "Prices", [["7", "1.5"]])
