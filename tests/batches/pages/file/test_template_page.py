"""An empty workbook to fill in is downloaded from a batch, and what was filled in is read."""

from __future__ import annotations

import io

from python_calamine import CalamineWorkbook
from tests.functional.harness import column_of, number_in, upload, url_of
from webtest import TestApp


def test_an_empty_template_can_be_filled_in_and_uploaded(staff: TestApp, open_batch: int) -> None:
    answer = staff.get(url_of(open_batch)).click("Empty template")
    (sheet,) = CalamineWorkbook.from_filelike(io.BytesIO(answer.body)).sheet_names
    (headings,) = CalamineWorkbook.from_filelike(io.BytesIO(answer.body)).get_sheet_by_name(sheet).to_python()
    row = {"item_code": "000000011", "description": "RYE", "size": "1", "price": "3.10"}
    filled = upload(staff, ",".join(headings) + "\n" + ",".join(row[one] for one in headings) + "\n")
    assert column_of(staff.get(url_of(number_in(filled))), "New price") == ["3.10"]


def test_a_template_is_there_before_the_batch(staff: TestApp) -> None:
    answer = staff.get("/batches/price-change/new").click("Download an empty template")
    (headings,) = CalamineWorkbook.from_filelike(io.BytesIO(answer.body)).get_sheet_by_index(0).to_python()
    assert {"item_code", "price"} <= set(headings)
    assert "empty template" not in staff.get("/batches/import/new").text
    assert "depend on the batch" in staff.get("/batches/import/template.xlsx", status=404).text
