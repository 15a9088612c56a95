"""Blanks and marks far below or beside a table, in workbooks of each format: the table is read, and marks are told."""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import escape

import pytest
from tests.tables.file_builders import inline, ods, ods_cell, xls, xlsb, xlsb_inline, xlsb_row, xlsx
from tests.tables.sources import codes, message, opened, records, refusal

from batchbook.tables.formats.far_cells import FarCells

TABLE = [["item", "name", "price"], ["7", "Apple", "1.5"], ["8", "Bread", "2.5"], ["9", "Tea", "3.5"]]
Mark = tuple[int, int, str]


def in_xlsx(mark: Mark) -> bytes:
    rows = [
        f'<row r="{number}">{"".join(inline(f"{letter}{number}", text) for letter, text in zip("ABC", cells, strict=True))}</row>'
        for number, cells in enumerate(TABLE, 1)
    ]
    row, column, text = mark
    far = inline(f"{'A' if not column else 'XFD'}{row + 1}", text)
    if row < len(rows):
        rows[row] = rows[row].replace("</row>", f"{far}</row>")
    else:
        rows.append(f'<row r="{row + 1}">{far}</row>')
    return xlsx(("S", "".join(rows)))


def in_xlsb(mark: Mark) -> bytes:
    cells = {
        number: [xlsb_inline(place, text) for place, text in enumerate(row)]
        for number, row in enumerate(TABLE)
    }
    row, column, text = mark
    cells.setdefault(row, []).append(xlsb_inline(column, text))
    return xlsb(b"".join(xlsb_row(number, *inside) for number, inside in cells.items()))


def in_ods(mark: Mark) -> bytes:
    return ods(
        (
            "S",
            "".join(
                _repeating(mark, "table:table-row", "table:table-cell", ods_cell, "table:number-{}-repeated")
            ),
        )
    )


def _repeating(mark: Mark, row_tag: str, gap: str, cell: Callable[[str], str], repeated: str) -> list[str]:
    row, column, text = mark
    rows = [[cell(text) for text in cells] for cells in TABLE]
    between = f'<{gap} {repeated.format("columns")}="{column - 3}"/>' if column > 3 else ""
    if row < len(rows):
        rows[row] += [between, cell(text)]
        return [f"<{row_tag}>{''.join(cells)}</{row_tag}>" for cells in rows]
    blank = f'<{row_tag} {repeated.format("rows")}="{row - len(rows)}"/>'
    return [
        *(f"<{row_tag}>{''.join(cells)}</{row_tag}>" for cells in rows),
        blank,
        f"<{row_tag}>{cell(text)}</{row_tag}>",
    ]


def in_xml(mark: Mark) -> bytes:
    row, column, text = mark
    cells = {number: [_xml_cell(text) for text in row] for number, row in enumerate(TABLE)}
    cells.setdefault(row, []).append(_xml_cell(text, f' ss:Index="{column + 1}"'))
    rows = "".join(
        f'<Row ss:Index="{number + 1}">{"".join(inside)}</Row>' for number, inside in cells.items()
    )
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    return (
        f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}"><Worksheet ss:Name="S"><Table>{rows}</Table>'
        "</Worksheet></Workbook>"
    ).encode()


def _xml_cell(text: str, index: str = "") -> str:
    return f'<Cell{index}><Data ss:Type="String">{escape(text)}</Data></Cell>'


FORMATS: dict[str, tuple[str, Callable[[Mark], bytes]]] = {
    "XLSX": ("a.xlsx", in_xlsx),
    "XLSB": ("a.xlsb", in_xlsb),
    "ODS": ("a.ods", in_ods),
    "XML": ("a.xml", in_xml),
    "XLS": ("a.xls", lambda mark: xls([*_places(), (min(mark[0], 65_535), min(mark[1], 255), mark[2])])),
}


def _places() -> list[Mark]:
    return [(row, column, text) for row, cells in enumerate(TABLE) for column, text in enumerate(cells)]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("text", [" ", "x"])
@pytest.mark.parametrize("place", [(1_048_575, 0), (3, 16_383)])
def test_a_mark_far_from_the_table_is_no_part_of_it(kind: str, text: str, place: tuple[int, int]) -> None:
    name, made = FORMATS[kind]
    source = opened(made((*place, text)), name)
    assert source.headings == ("item", "name", "price")
    rows = [
        (number, list(cells))
        for chunk in source.chunks()
        for number, cells in zip(chunk.numbers, chunk.records, strict=True)
    ]
    assert rows[:3] == list(enumerate(TABLE[1:], 2))
    if text == " ":
        assert len(rows) == 3


def test_marks_are_named() -> None:
    source = opened(in_xlsx((1_048_575, 16_383, "x")), "a.xlsx")
    assert records(source) == TABLE[1:]
    assert message(source, "far-cells") == "XFD1048576 lies far below or beside the table, so it is skipped."
    source = opened(in_ods((1_048_575, 0, "x")), "a.ods")
    assert records(source) == TABLE[1:]
    assert (
        message(source, "far-cells") == "Row 1,048,576 lies far below or beside the table, so it is skipped."
    )
    source = opened(in_xlsb((1_048_575, 0, "\u00a0")), "a.xlsb")
    assert records(source) == TABLE[1:]
    assert message(source, "far-cells").startswith(
        "Cells far below or beside the table hold nothing but blanks"
    )


def test_a_mark_beside_the_headings_is_told() -> None:
    source = opened(in_xlsx((0, 16_383, "x")), "a.xlsx")
    assert (records(source), source.headings) == (TABLE[1:], ("item", "name", "price"))
    assert "far-cells" in codes(source)


def test_a_table_far_below_is_no_mark() -> None:
    found = FarCells()
    for row in [1, 2, *range(1_000_000, 1_000_020)]:
        found.add(row, 1)
        found.add(row, 2)
    assert found.table() == (1_000_019, 2)


def test_a_mark_without_a_table_is_refused() -> None:
    alone = xlsx(("S", f'<row r="1048576">{inline("A1048576", "x")}</row>'))
    assert "which is further than a table may reach here" in refusal(alone, "a.xlsx")


def test_blanks_among_shared_texts_are_no_cells() -> None:
    texts = "<sst><si><t>item</t></si><si><t xml:space='preserve'> </t></si><si><t>Tea</t></si></sst>"
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>{n and 2}</v></c></row>' for n in range(2, 4))
    first, last = (
        '<row r="{0}"><c r="A{0}" t="s"><v>{1}</v></c></row>'.format(*one) for one in ((1, 0), (1_048_576, 1))
    )
    source = opened(xlsx(("S", first + rows + last), texts=texts), "a.xlsx")
    assert (records(source), codes(source)[-1:]) == ([["Tea"], ["Tea"]], ["far-cells"])
