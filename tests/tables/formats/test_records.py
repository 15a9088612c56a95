"""Tables that are not written as rows of cells: JSON, web pages, XML Spreadsheet 2003."""

from __future__ import annotations

import pytest
from tests.tables.sources import opened, records, refusal

from batchbook.tables.report import Format

URN = "urn:schemas-microsoft-com:office:spreadsheet"
BOOK = (
    f'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook xmlns="{URN}" xmlns:ss="{URN}"><Styles>'
    '<Style ss:ID="p"><NumberFormat ss:Format="0.0%"/></Style></Styles><Worksheet ss:Name="S"><Table>'
)


def in_xml(*rows: str) -> str:
    return f"{BOOK}{''.join(f'<Row>{row}</Row>' for row in rows)}</Table></Worksheet></Workbook>"


def xml_cell(text: str, kind: str = "String", more: str = "") -> str:
    return f'<Cell{more}><Data ss:Type="{kind}">{text}</Data></Cell>'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"code": "0801", "price": 1.10}\n{"code": "0866", "price": 2}\n', "json"),
        ('[{"code": "0801", "price": 1.10}, {"code": "0866", "price": 2, "note": null}]', "json"),
        ('{"count": 2, "items": [{"code": "0801", "price": 1.10}, {"code": "0866", "price": 2}]}', "json"),
        ('[["code", "price"], ["0801", 1.10], ["0866", 2]]', "json"),
        ("<html><!-- <td> --><table border=1><tr><th>code<th>price</tr><TR><td>0801</td><td><b>1.10</b></td></tr><tr><td>0866<td>2</table>", "html"),
        (in_xml(xml_cell("code") + xml_cell("price"), xml_cell("0801") + xml_cell("1.10", "String"), xml_cell("0866") + xml_cell("2", "Number")), "xml"),
    ],
)  # fmt: skip
def test_records_are_rows_and_their_keys_headings(text: str, kind: Format) -> None:
    source = opened(text, "list.xls")
    assert source.reading.format == kind
    assert source.headings[:2] == ("code", "price")
    assert [row[:2] for row in records(source)] == [["0801", "1.10"], ["0866", "2"]]


def test_what_records_hold_is_read_as_a_person_would_type_it() -> None:
    source = opened('[{"a": {"b": true, "c": [1, 2]}, "d": null, "e": 12345678901234567890}]', "a.json")
    assert source.headings == ("a.b", "a.c", "d", "e")
    assert records(source) == [["true", '["1", "2"]', "", "12345678901234567890"]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[{"a": 1}, 2]', "item 2 is no record"),
        ('{"a": 1}\n{"a": \n', "cannot be read as JSON"),
        ("<html><p>text</p></html>", "it holds no table"),
        ('<?xml version="1.0"?><catalogue/>', "is a document of tags (XML) and no table"),
    ],
)
def test_what_holds_no_table_is_refused(text: str, sentence: str) -> None:
    assert sentence in refusal(text, "a.xls")
