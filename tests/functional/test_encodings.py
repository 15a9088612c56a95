# ruff: noqa: RUF001 - Letters of other alphabets are meant.
"""Lists in old encodings, with odd lines, or with a spreadsheet's marks, by the pages: asked about, taken, remembered."""

from __future__ import annotations

import pytest
from tests.tables.formats.test_dbf import CYRILLIC, NONE, dbf
from tests.tables.formats.test_sheet_xml import workbook
from webtest import TestApp

from .harness import CatalogueDatabase, column_of, form_with, number_in, text_of, upload, url_of
from .test_imports import number_of, send

HEAD = "item_code,description,size,price\n"
RUSSIAN = f"{HEAD}000000011,Печенье,500 г,2.20\n000000021,Пончики,1 кг,8.00\n"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_guessed_encoding_is_asked_about_and_remembered(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    sent = upload(staff, RUSSIAN.encode("cp1251"), vendor_code="V1")
    number = number_in(sent)
    assert catalogue.batch(number).state == "new"
    page = sent.follow()
    readings = [label.get_text() for label in page.html.select("#f-encoding label, fieldset label")]
    assert [reading for reading in readings if "Печенье" in reading and "cp1251" in reading]
    assert len([reading for reading in readings if "·" in reading]) >= 3
    # Nobody may go round the question.
    refused = form_with(staff.get(url_of(number, "mapping")), "column.item_code").submit(
        "do", value="populate", status=422
    )
    assert "can be read in several ways" in text_of(refused)
    assert catalogue.batch(number).state == "new"
    form = form_with(page, "header_row")
    form["encoding"] = "other"
    assert "Choose the encoding." in text_of(form.submit("do", value="look", status=422))
    form["encoding_other"] = "cp866"
    page = form.submit("do", value="look").follow()
    assert form_with(page, "header_row")["encoding"].value == "cp866"
    form = form_with(page, "header_row")
    form["encoding"] = "cp1251"
    page = form.submit("do", value="columns").follow()
    page = form_with(page, "column.item_code").submit("do", value="populate").follow()
    assert column_of(page, "Description") == ["Печенье", "Пончики"]

    # The vendor's next list is in it as well; one that is not is asked about anew, or read as what it is.
    again = number_in(upload(staff, RUSSIAN.encode("cp1251"), vendor_code="V1"))
    assert (catalogue.batch(again).state, catalogue.row(again, 1).description) == ("open", "Печенье")
    unicode = number_in(upload(staff, RUSSIAN.encode(), vendor_code="V1"))
    assert catalogue.row(unicode, 1).description == "Печенье"
    greek = f"{HEAD}000000011,Μπισκότα,500 g,2.20\n000000021,Λουκάνικα,1 kg,8.00\n".encode("cp1253")
    assert catalogue.batch(number_in(upload(staff, greek, vendor_code="V1"))).state == "new"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_database_table_that_states_no_code_page_is_asked_about(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    columns = [("ITEM_CODE", "C", 9), ("DESCRIPT", "C", 10), ("SIZE", "C", 6), ("PRICE", "N", 5)]
    rows = [
        " 000000011Печенье   500 г  2.20".encode("cp1251"),
        " 000000021Пончики   1 кг   8.00".encode("cp1251"),
    ]
    sent = upload(staff, dbf(columns, rows, NONE), "list.dbf", vendor_code="V1")
    number = number_in(sent)
    assert catalogue.batch(number).state == "new"
    form = form_with(sent.follow(), "header_row")
    form["encoding"] = "cp1251"
    page = form.submit("do", value="columns").follow()
    page = form_with(page, "column.item_code").submit("do", value="populate").follow()
    assert column_of(page, "Description") == ["Печенье", "Пончики"]
    marked = number_in(upload(staff, dbf(columns, rows, CYRILLIC), "list.dbf", vendor_code="V1"))
    assert (catalogue.batch(marked).state, catalogue.row(marked, 2).item_code) == ("open", "000000021")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_marks_of_a_spreadsheet_are_understood_and_told(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    lines = f'{HEAD}="000000011",RYE,500 G,2.20\n="000000021",\'t Hooft,1 KG,8.00\n'
    number = number_in(upload(staff, lines, vendor_code="V1"))
    assert [catalogue.row(number, n).item_code for n in (1, 2)] == ["000000011", "000000021"]
    assert catalogue.row(number, 2).description == "'t Hooft"
    assert [(one["field"], one["raw"]) for one in catalogue.row(number, 1).issues] == [
        ("item_code", '="000000011"')
    ]
    kept = upload(staff, f"{HEAD}'000000011,RYE,500 G,2.20\n", vendor_code="V1")
    page = staff.get(url_of(number_in(kept)))
    assert column_of(page, "Item code") == ["000000011"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_days_of_a_workbook_that_counts_from_1904(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    number = number_of(send(staff, workbook(), "list.xlsx"))
    page = staff.get(f"/batches/import/{number}/intake")
    assert "2026-05-01" in text_of(page)
