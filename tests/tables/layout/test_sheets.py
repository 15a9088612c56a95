"""Choice of the sheet."""

from __future__ import annotations

from typing import Any

from tests.tables.file_builders import archive, xlsx_parts
from tests.tables.sources import codes, opened, refusal, written

from batchbook.tables.report import Reading


def test_the_first_sheet_with_data_is_taken() -> None:
    def fill(book: Any, _page: Any) -> None:
        book.add_worksheet("Second").write_row(0, 0, ["other", "things"])
        third = book.add_worksheet("Third")
        third.write_row(0, 0, ["item", "price"])
        third.write_row(1, 0, ["7", "1"])

    data = written(fill)
    source = opened(data, "list.xlsx")
    assert [(sheet.name, sheet.rows) for sheet in source.sheets] == [
        ("First", 0),
        ("Second", 1),
        ("Third", None),
    ]
    assert (source.reading.sheet, codes(source)) == ("Second", ["sheet"])
    assert opened(data, "list.xlsx", expected=["price"]).reading.sheet == "Third"
    assert opened(data, "list.xlsx", Reading(sheet="Third")).headings == ("item", "price")
    assert "has no sheet “Fourth”. It has: “First”, “Second”, “Third”." in refusal(
        data, "a.xlsx", Reading(sheet="Fourth")
    )


def test_sheets_that_people_do_not_see_come_last() -> None:
    parts = xlsx_parts(
        *[(name, f'<row r="1"><c r="A1" t="str"><v>{name}</v></c></row>') for name in ("One", "Two")]
    )
    parts["xl/workbook.xml"] = str(parts["xl/workbook.xml"]).replace(
        'name="One"', 'name="One" state="hidden"'
    )
    assert opened(archive(parts), "list.xlsx").reading.sheet == "Two"
