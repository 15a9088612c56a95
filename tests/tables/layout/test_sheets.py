"""Choice of the sheet."""

from __future__ import annotations

from typing import Any

from tests.tables.file_builders import archive, inline, xlsx, xlsx_parts
from tests.tables.sources import codes, opened, records, refusal, written

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
        ("Third", 2),
    ]
    assert (source.reading.sheet, codes(source)) == ("Third", ["sheet"])
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


def test_a_cover_sheet_is_passed_over_for_the_table_behind_it() -> None:
    cover = f'<row r="1">{inline("A1", "Price list")}</row><row r="3">{inline("B3", "May 2026")}</row>'
    table = "".join(
        f'<row r="{n}">{inline(f"A{n}", f"code {n}")}{inline(f"B{n}", f"name {n}")}</row>'
        for n in range(1, 4)
    )
    source = opened(xlsx(("Cover", cover), ("Prices", table)), "list.xlsx")
    assert (source.reading.sheet, len(records(source))) == ("Prices", 2)
    assert [sheet.name for sheet in source.sheets] == ["Cover", "Prices"]
    chosen = opened(xlsx(("Cover", cover), ("Prices", table)), "list.xlsx", Reading(sheet="Cover"))
    assert chosen.reading.sheet == "Cover"
