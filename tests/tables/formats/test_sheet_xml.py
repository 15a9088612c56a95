"""Sheets, texts and styles of XLSX workbooks, with elements of other namespaces among their own."""

from __future__ import annotations

import io
from typing import Any

import pytest
from tests.tables.file_builders import (
    MAIN,
    ODS_MIME,
    RELATED,
    archive,
    inline,
    ods_cell,
    ods_content,
    ods_row,
    xlsx,
    xlsx_parts,
)
from tests.tables.sources import codes, message, opened, records, written

from batchbook.tables.inspection import inspect_table
from batchbook.tables.report import Reading, Report

STRICT, STRICT_RELATED = (
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)


X15 = "http://schemas.microsoft.com/office/spreadsheetml/2010/11/main"


MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"


HEAD = f'<row r="1">{inline("A1", "item")}{inline("B1", "day")}{inline("C1", "code")}</row>'


#: 46143 is 2026-05-01 in the system of 1900, 44681 in that of 1904; style 1 is a day, style 2 shows five digits.
ROWS = f'{HEAD}<row r="2">{inline("A2", "7")}<c r="B2" s="1"><v>44681</v></c><c r="C2" s="2"><v>123</v></c></row>'


STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" formatCode="00000"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/></cellXfs></styleSheet>'
)


BOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><workbookPr date1904="1"/>'
    '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
)


SHEET = f'<worksheet xmlns="{MAIN}"><sheetData>{ROWS}</sheetData></worksheet>'


RIGHT = [("7", "2026-05-01", "00123")]


def workbook(book: str = BOOK, sheet: str = SHEET, styles: str = STYLES, texts: str = "") -> bytes:
    parts = xlsx_parts(("S", ""), styles=styles, texts=texts)
    return archive({**parts, "xl/workbook.xml": book, "xl/worksheets/sheet1.xml": sheet})


def inspected(data: bytes, name: str = "list.xlsx", sheet: str = "") -> Report:
    return inspect_table(name, io.BytesIO(data), Reading(sheet=sheet, header_row=1, header_rows=1))


def rows(data: bytes, name: str = "list.xlsx") -> list[tuple[str, ...]]:
    return [cells for _, cells in inspected(data, name).first_rows]


@pytest.mark.parametrize("flag", ["1", "true", "on", " TRUE "])
def test_days_that_count_from_1904(flag: str) -> None:
    assert rows(workbook(BOOK.replace('"1"/><sheets>', f'"{flag}"/><sheets>'))) == RIGHT


def extension(inside: str) -> str:
    return f'<extLst><ext uri="u" xmlns:x15="{X15}">{inside}</ext></extLst>'


@pytest.mark.parametrize(
    "book",
    [
        # As Excel 2013 and later write it.
        BOOK.replace("</workbook>", extension('<x15:workbookPr chartTrackingRefBase="1"/>') + "</workbook>"),
        BOOK.replace("<sheets>", f'<x:workbookPr xmlns:x="{X15}" date1904="0"/><sheets>'),
        BOOK.replace("<sheets>", f'<workbookPr xmlns="{X15}"/><sheets>'),
        BOOK.replace('<sheet ', f'<x:sheet xmlns:x="{X15}" name="Not" sheetId="9" r:id="r1"/><sheet '),
        BOOK.replace("<sheets>", f'<mc:AlternateContent xmlns:mc="{MC}"><mc:Choice Requires="x15"><workbookPr date1904="0"/>'
                     "</mc:Choice></mc:AlternateContent><sheets>"),
        BOOK.replace('<workbookPr date1904="1"/>', f'<mc:AlternateContent xmlns:mc="{MC}"><mc:Choice Requires="x15"><workbookPr/>'
                     '</mc:Choice><mc:Fallback><workbookPr date1904="1"/></mc:Fallback></mc:AlternateContent>'),
        BOOK.replace("r:id", "q:id").replace("xmlns:r=", "xmlns:q="),
        BOOK.replace("r:id", f'z:id="r9" xmlns:z="{X15}" r:id'),
        BOOK.replace(MAIN, STRICT).replace(RELATED, STRICT_RELATED),
        BOOK.replace("<", "<m:").replace("<m:/", "</m:").replace("xmlns=", "xmlns:m="),
    ],
)  # fmt: skip
def test_the_book(book: str) -> None:
    report = inspected(workbook(book))
    assert [cells for _, cells in report.first_rows] == RIGHT
    assert [sheet.name for sheet in report.sheets] == ["S"]


DECOY = '<{0}c r="A2" t="str"><{0}v>wrong</{0}v></{0}c>'


@pytest.mark.parametrize(
    "sheet",
    [
        SHEET.replace("<sheetData>", f'<x:dimension xmlns:x="{X15}" ref="A1:A1"/><sheetData>'),
        SHEET.replace("<sheetData>", f'<x:sheetData xmlns:x="{X15}"><row r="2">{DECOY.format("")}</row></x:sheetData><sheetData>'),
        SHEET.replace("<sheetData>", '<!--<sheetData>--><sheetData>'),
        SHEET.replace("</sheetData>", "</sheetData>" + extension('<x15:c r="XFD1048576"/>')),
        SHEET.replace("</sheetData>", f'<x:row xmlns:x="{X15}" r="2">{DECOY.format("x:")}</x:row></sheetData>'),
        SHEET.replace("</sheetData>", f'<row xmlns="{X15}" r="2">{DECOY.format("")}</row></sheetData>'),
        SHEET.replace("</sheetData>", f'<!-- <row r="2">{DECOY.format("")}</row> --></sheetData>'),
        SHEET.replace("<worksheet ", f'<worksheet xmlns:x="{X15}" ').replace('<c r="B2"', DECOY.format("x:") + '<c r="B2"'),
        SHEET.replace("<v>44681", f'<x:v xmlns:x="{X15}">1</x:v><v>44681'),
        SHEET.replace("<v>44681</v>", "<v>44681</v>" + extension("<x15:v>1</x15:v>")),
        SHEET.replace('<c r="B2"', f'<c x:t="e" x:r="Z9" x:s="0" xmlns:x="{X15}" r="B2"'),
        SHEET.replace("<sheetData>", f'<mc:AlternateContent xmlns:mc="{MC}"><mc:Choice Requires="x15"><sheetData>{HEAD}</sheetData>'
                      "</mc:Choice></mc:AlternateContent><sheetData>"),
        SHEET.replace(MAIN, STRICT),
        SHEET.replace("<", "<m:").replace("<m:/", "</m:").replace("xmlns=", "xmlns:m="),
        SHEET.replace("</sheetData>", f'</sheetData><x:mergeCells xmlns:x="{X15}"><mergeCell ref="A1:C1"/></x:mergeCells>'),
    ],
)  # fmt: skip
def test_the_sheet(sheet: str) -> None:
    report = inspected(workbook(sheet=sheet))
    assert [cells for _, cells in report.first_rows] == RIGHT
    assert not {"merged-cells", "error-values"} & {note.code for note in report.notes}


def test_merged_cells_are_those_of_the_sheet() -> None:
    merged = SHEET.replace(
        "</sheetData>", '</sheetData><mergeCells count="1"><mergeCell foo="1" ref="A2:A3"/></mergeCells>'
    )
    for sheet in (merged, merged.replace("<", "<m:").replace("<m:/", "</m:").replace("xmlns=", "xmlns:m=")):
        (told,) = [
            note.message for note in inspected(workbook(sheet=sheet)).notes if note.code == "merged-cells"
        ]
        assert "Merged cells: A2:A3." in told


@pytest.mark.parametrize(
    "styles",
    [
        STYLES.replace("</cellXfs>", '</cellXfs><dxfs><dxf><numFmt numFmtId="170" formatCode="0"/></dxf></dxfs>'),
        STYLES.replace("</numFmts>", f'<x:numFmt xmlns:x="{X15}" numFmtId="170" formatCode="0"/></numFmts>'),
        STYLES.replace("<cellXfs>", f'<x:cellXfs xmlns:x="{X15}"><xf numFmtId="1"/></x:cellXfs><cellXfs>'),
        STYLES.replace('<cellXfs><xf', f'<cellXfs><x:xf xmlns:x="{X15}" numFmtId="1"/><xf'),
        STYLES.replace("</cellXfs>", "</cellXfs>" + extension('<x15:cellXfs/><cellXfs><xf numFmtId="1"/></cellXfs>')),
        STYLES.replace("<cellXfs>", '<cellStyleXfs><xf numFmtId="1"/></cellStyleXfs><cellXfs>'),
        STYLES.replace(MAIN, STRICT),
        STYLES.replace("<", "<m:").replace("<m:/", "</m:").replace("xmlns=", "xmlns:m="),
    ],
)  # fmt: skip
def test_the_formats(styles: str) -> None:
    assert rows(workbook(styles=styles)) == RIGHT


TEXTS = f'<sst xmlns="{MAIN}"><si><t>item</t></si><si><t>7</t></si></sst>'


SHARED = SHEET.replace(inline("A2", "7"), '<c r="A2" t="s"><v>1</v></c>')


@pytest.mark.parametrize(
    "texts",
    [
        TEXTS,
        TEXTS.replace("<si><t>7", f'<x:si xmlns:x="{X15}"><t>wrong</t></x:si><si><t>7'),
        TEXTS.replace("<si><t>7", f'<si xmlns="{X15}"><t>wrong</t></si><si><t>7'),
        TEXTS.replace("<t>7", f'<x:t xmlns:x="{X15}">wrong</x:t><t>7'),
        TEXTS.replace("<si><t>7", "<!-- <si><t>wrong</t></si> --><si><t>7"),
        TEXTS.replace(MAIN, STRICT),
        TEXTS.replace("<", "<m:").replace("<m:/", "</m:").replace("xmlns=", "xmlns:m="),
    ],
)
def test_the_texts(texts: str) -> None:
    assert rows(workbook(sheet=SHARED, texts=texts)) == RIGHT


def test_the_parts_that_a_book_refers_to() -> None:
    parts = xlsx_parts(("S", ROWS), styles=STYLES)
    links = str(parts["xl/_rels/workbook.xml.rels"])
    decoys = (
        f'<x:Relationship xmlns:x="{X15}" Id="r1" Type="{RELATED}/worksheet" Target="none.xml"/>'
        f'<Relationship Id="r7" Type="http://schemas.microsoft.com/office/2011/relationships/styles" Target="none.xml"/>'
    )
    changed = {"xl/_rels/workbook.xml.rels": links.replace("</Relationships>", f"{decoys}</Relationships>")}
    assert rows(archive({**parts, **changed, "xl/workbook.xml": BOOK})) == RIGHT


def ods_of(content: str) -> bytes:
    return archive({"mimetype": ODS_MIME, "content.xml": content})


CONTENT = ods_content(("S", ods_row(["item", "name"]) + ods_row(["7", "x"])))


OTHER = "urn:example:other"


@pytest.mark.parametrize(
    "content",
    [
        CONTENT,
        CONTENT.replace("<table:table ", f'<o:table xmlns:o="{OTHER}" o:name="Not"><o:table-row/></o:table><table:table ', 1),
        CONTENT.replace("<table:table-row", f'<o:table-row xmlns:o="{OTHER}">{ods_cell("wrong")}</o:table-row><table:table-row', 1),
        CONTENT.replace("<table:table-cell", f'<o:table-cell xmlns:o="{OTHER}"><text:p>wrong</text:p></o:table-cell><table:table-cell', 1),
        CONTENT.replace("<text:p>", f'<o:p xmlns:o="{OTHER}">wrong</o:p><text:p>', 1),
        CONTENT.replace("<table:table-cell", f'<table:table-cell xmlns:o="{OTHER}" o:number-columns-repeated="9"', 1),
        CONTENT.replace("<table:table ", f'<x xmlns="{OTHER}" xmlns:table="{OTHER}"><table:table table:name="Not"/></x><table:table ', 1),
        CONTENT.replace("table:", "t:").replace(":xmlns:t:1.0", ":xmlns:table:1.0").replace("xmlns:table=", "xmlns:t="),
    ],
)  # fmt: skip
def test_an_open_document(content: str) -> None:
    report = inspected(ods_of(content), "list.ods")
    assert [cells for _, cells in report.first_rows] == [("7", "x")]
    assert (report.headings, [sheet.name for sheet in report.sheets]) == (("item", "name"), ["S"])


def test_what_a_sheet_shows_is_read_and_told() -> None:
    def fill(book: Any, page: Any) -> None:
        page.merge_range("A1:C1", "Prices of May")
        page.write_row(2, 0, ["item", "name", "price"])
        page.write_row(3, 0, [7, "x"], book.add_format({"num_format": "000000"}))
        page.write_formula(3, 2, "=1+1", None, 2)
        page.write_row(4, 0, [12345678901234567, "t=e"])
        page.write_formula(4, 2, "=NA()", None, "#N/A")

    source = opened(written(fill), "list.xlsx")
    assert records(source) == [["000007", "x", "2"], ["12345678901234570", "t=e", "#N/A"]]
    assert {"merged-cells", "formulas", "error-values", "zero-format", "long-numbers"} <= set(codes(source))
    assert "A1:C1" in message(source, "merged-cells")
    assert next(note.rows for note in source.notes if note.code == "error-values") == (5,)


def test_formulas_that_nobody_computed_are_told() -> None:
    rows = '<row r="1"><c r="A1" t="str"><v>item</v></c></row><row r="2"><c r="A2"><f>1+1</f></c><c r="B2"><v>1</v></c></row>'
    assert "1 has no value: open the file" in message(opened(xlsx(("S", rows)), "list.xlsx"), "formulas")
