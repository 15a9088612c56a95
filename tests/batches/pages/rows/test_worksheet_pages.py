"""Staff take a batch's rows home as a workbook, correct them there, and bring them back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.batches.sheets import Book
from tests.functional.harness import (
    CatalogueDatabase,
    form_to,
    form_with,
    number_in,
    post,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp, Upload

ONE = pytest.mark.parametrize("backend", ["sqlite"])
PRICE_LIST = """item_code,description,size,price
000000011,RYE BREAD,500 G,2.20
000000012,WHEAT BREAD,500 G,2.70
000000014,ROLL,60 G,0.40
000000099,MILK,1 L,0.00
"""


@pytest.fixture
def number(catalogue: CatalogueDatabase, staff: TestApp) -> int:
    return number_in(upload(staff, PRICE_LIST))


def sent(client: TestApp, number: int, book: Book, status: int = 303) -> Any:
    form = form_to(client.get(url_of(number)), "/worksheets")
    form["file"] = Upload("sheet.xlsx", book.save())
    return form.submit(status=status)


@ONE
def test_a_worksheet_is_corrected_compared_and_taken(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    page = staff.get(url_of(number))
    answer = page.click("^Download worksheet$")
    assert f"price-change-{number:08d}-worksheet-" in answer.headers["Content-Disposition"]
    book = Book.read(answer.body)
    assert book.column("New price") == ["2.20", "2.70", "0.40", "0.00"]
    problems = Book.read(page.click("Download rows with problems").body)
    assert "1 row has problems" in text_of(page)
    assert problems.column("Item code") == ["000000099"]

    book[1, "New price"], book[2, "New price"], book[4, "New price"] = "2.15", "2.75", "dear"
    post(staff, url_of(number, "rows", 2, "edit"), item_code="000000012", new_price="2.80", version="1")
    page = sent(staff, number, book).follow()
    text = text_of(page)
    assert (
        "1 change to apply, 1 conflict, 1 cell that couldn't be read. Nothing has been changed yet." in text
    )
    assert "1 New price 2.20 2.20 2.15" in text
    assert "2 New price 2.70 2.80 2.75" in text
    assert "“dear” is not a number" in text
    assert catalogue.row(number, 1).new_price == Decimal("2.20")

    page = form_with(page, "seen").submit(status=303).follow()
    assert "Changed 1 cell in 1 row from the worksheet. 2 other changed cells were skipped." in text_of(page)
    assert [catalogue.row(number, n).new_price for n in (1, 2)] == [Decimal("2.15"), Decimal("2.80")]
    form = form_with(page.click("sheet.xlsx", index=0), "seen")
    form["insist"] = True
    form.submit(status=303)
    assert catalogue.row(number, 2).new_price == Decimal("2.75")
    assert "Uploaded the worksheet “sheet.xlsx”" in staff.get(url_of(number, "history")).text


@ONE
def test_differences_that_are_old_by_now_are_not_taken(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    book = Book.read(staff.get(url_of(number, "worksheet.xlsx")).body)
    book[1, "New price"] = "2.15"
    form = form_with(sent(staff, number, book).follow(), "seen")
    post(staff, url_of(number, "rows", 3, "remove"), version="1")
    assert "has changed since you reviewed the differences" in form.submit(status=409).text
    page = sent(staff, number, Book.read(staff.get(url_of(number, "worksheet.xlsx")).body)).follow()
    assert "No editable cell was changed in your file." in text_of(page)


@ONE
def test_what_is_no_worksheet_of_this_batch_is_refused_and_not_kept(
    catalogue: CatalogueDatabase, staff: TestApp, number: int
) -> None:
    book = Book.read(staff.get(url_of(number, "worksheet.xlsx")).body)
    other = number_in(upload(staff, PRICE_LIST))
    before = catalogue.dump(without=("web_session",))
    answer = sent(staff, other, book, status=400)
    assert f"is the worksheet of batch {number:08d}, not of Batch {other:08d}" in answer.text
    form = form_to(staff.get(url_of(other)), "/worksheets")
    form["file"] = Upload("list.csv", PRICE_LIST.encode())
    assert "“list.csv” is not a worksheet of a batch" in form.submit(status=400).text
    assert "Choose the worksheet" in post(staff, url_of(other, "worksheets"), 400).text
    assert catalogue.dump(without=("web_session",)) == before
    staff.get(url_of(number, "worksheets", 1), status=404)  # A file, but the price list.


@ONE
def test_who_may_not_edit_may_look(
    catalogue: CatalogueDatabase, staff: TestApp, auditor: TestApp, number: int
) -> None:
    sheet = Book.read(staff.get(url_of(number, "worksheet.xlsx")).body)
    page = sent(staff, number, sheet)
    post(staff, url_of(number, "complete"))
    assert not any(form.action.endswith("/worksheets") for form in staff.get(url_of(number)).forms.values())
    assert Book.read(staff.get(url_of(number, "worksheet.xlsx")).body).rows == sheet.rows
    staff.get(page.headers["Location"], status=409)
    auditor.get(url_of(number, "worksheet.xlsx"), status=403)
