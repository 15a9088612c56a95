"""Tables in markup: web pages, and XML Spreadsheet 2003."""

from __future__ import annotations

from tests.tables.sources import opened, records, refusal

URN = "urn:schemas-microsoft-com:office:spreadsheet"
BOOK = (
    f'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook xmlns="{URN}" xmlns:ss="{URN}"><Styles>'
    '<Style ss:ID="p"><NumberFormat ss:Format="0.0%"/></Style></Styles><Worksheet ss:Name="S"><Table>'
)


def in_xml(*rows: str) -> str:
    return f"{BOOK}{''.join(f'<Row>{row}</Row>' for row in rows)}</Table></Worksheet></Workbook>"


def xml_cell(text: str, kind: str = "String", more: str = "") -> str:
    return f'<Cell{more}><Data ss:Type="{kind}">{text}</Data></Cell>'


def test_cells_in_markup_are_read_as_a_person_would_type_them() -> None:
    row = xml_cell("0.075", "Number", ' ss:StyleID="p"') + xml_cell(
        "2026-05-01T00:00:00.000", "DateTime", ' ss:Index="3"'
    )
    heads = "".join(map(xml_cell, ("part", "blank", "day")))
    assert records(opened(in_xml(heads, row), "a.xls")) == [["7.5%", "", "2026-05-01"]]
    page = "<table><tr><td>Menu</td></tr></table><table><tr><th>a<th>b</tr><tr><td>&eacute;&nbsp;1<td>x<br>y</tr><tr><td>2<td>z</table>"
    found = opened(page, "a.html")
    assert (found.reading.sheet, records(found)[0]) == ("Table 2", ["é 1", "x y"])


def test_a_page_is_read_in_the_encoding_that_it_names() -> None:
    page = "<meta charset=windows-1251><table><tr><td>a<td>b</tr><tr><td>1<td>Печенье</table>"
    assert records(opened(page.encode("cp1251"), "a.xls")) == [["1", "Печенье"]]
    assert "names no other encoding" in refusal(page.replace("charset", "x").encode("cp1251"), "a.xls")
