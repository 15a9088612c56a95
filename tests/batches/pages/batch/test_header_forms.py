"""The forms for a new batch and for the header of one."""

from __future__ import annotations

import pytest
from sqlalchemy import func, update
from tests.functional.harness import (
    PATH,
    PRICE_LIST,
    CatalogueDatabase,
    column_of,
    form_with,
    number_in,
    post,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp, Upload

from batchbook.security.models import RolePermission


@pytest.mark.parametrize("backend", ["sqlite"])
def test_rows_can_be_pasted(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    form = form_with(staff.get(f"{PATH}/new"), "pasted")
    form["pasted"] = "item_code\tdescription\tsize\tprice\r\n000000011\tRYE\t500 G\t2.20\r\n"
    page = form.submit().follow()
    assert column_of(page, "New price") == ["2.20"]
    assert "pasted.tsv" in text_of(page, ".files")
    form = form_with(staff.get(f"{PATH}/new"), "pasted")
    form["pasted"] = "item_code\n"
    page = form.submit(status=422)
    assert "has a header row, and no row below it" in text_of(page, "#error-pasted")
    assert catalogue.batches() == 1


def test_a_new_warning_limit_in_the_header_marks_the_rows_anew(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    assert [catalogue.row(open_batch, n).over_limit for n in (1, 2, 3)] == [False, True, False]
    form = form_with(staff.get(url_of(open_batch, "edit")), "warn_above")
    form["warn_above"], form["notes"] = "9", "Checked with the vendor."
    page = form.submit(status=303).follow()
    assert "Flag changes over (%)" in text_of(page, ".flashes")
    assert [catalogue.row(open_batch, n).over_limit for n in (1, 2, 3)] == [True, True, True]
    assert "more than 9" in catalogue.row(open_batch, 2).status_text
    assert "Checked with the vendor." in text_of(page)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_header_that_cannot_be_stored_is_shown_again_with_what_was_typed(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = catalogue.dump()
    form = form_with(staff.get(url_of(open_batch, "edit")), "warn_above")
    form["warn_above"], form["description"] = "a lot", "Kept while typing"
    page = form.submit(status=422)
    again = form_with(page, "warn_above")
    assert (again["warn_above"].value, again["description"].value) == ("a lot", "Kept while typing")
    assert catalogue.dump() == before


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_rows_were_made_from_cannot_be_changed_after(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    fields = form_with(staff.get(url_of(open_batch, "edit")), "warn_above").fields
    assert not {"percent", "rounding", "department", "vendor_code"} & set(fields)
    post(staff, url_of(open_batch, "edit"), 303, version=catalogue.batch(open_batch).version, percent="10")
    assert "Change (%)" not in text_of(staff.get(url_of(open_batch)))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_and_pasted_rows_together_are_refused(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    form = form_with(staff.get(f"{PATH}/new"), "pasted")
    form["pasted"], form["file"] = PRICE_LIST, Upload("list.csv", PRICE_LIST.encode())
    form["description"] = "Twice"
    page = form.submit(status=422)
    assert "Choose a file or paste rows, not both." in text_of(page, "#error-pasted")
    assert form_with(page, "pasted")["description"].value == "Twice"
    assert catalogue.batches() == 0


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_that_is_not_read_by_itself_leads_to_the_page_about_it(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    form = form_with(staff.get(f"{PATH}/new"), "file")
    form["file"] = Upload("list.csv", PRICE_LIST.replace("item_code", "Artikel").encode())
    page = form.submit(status=303).follow()
    assert page.request.path.endswith("/intake")
    assert "no rows yet" in text_of(page, ".flashes")
    assert catalogue.batch(1).state == "new"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_header_saved_without_a_change_says_so_and_keeps_its_version(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    version = catalogue.batch(open_batch).version
    page = form_with(staff.get(url_of(open_batch, "edit")), "warn_above").submit(status=303).follow()
    assert "Nothing was changed." in text_of(page, ".flashes")
    assert catalogue.batch(open_batch).version == version


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_that_was_uploaded_before_is_recognised_by_its_digest(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp
) -> None:
    first = upload(staff, PRICE_LIST, "list.csv", vendor_code="V1")
    assert "This is the file of" not in text_of(first.follow())
    again = upload(staff, PRICE_LIST, "renamed.csv", vendor_code="V1")
    page = again.follow()
    assert f"This is the file of batch {number_in(first):08d}." in text_of(page, ".flashes")
    assert f"bytes. This is the file of batch {number_in(first):08d}." in text_of(page)
    link = page.html.select_one(".flashes a")["href"]
    assert staff.get(link).follow().request.path == url_of(number_in(first))
    assert page.html.select_one(".file-earlier a")["href"] == link
    other = upload(staff, PRICE_LIST.replace("2.20", "2.30"), "list.csv", vendor_code="V1")
    assert "This is the file of" not in text_of(other.follow())
    post(admin, url_of(number_in(first), "delete"))
    page = staff.get(url_of(number_in(again)))
    assert "which has been deleted" in text_of(page, ".file-earlier")
    assert not page.html.select(".file-earlier a")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_files_of_other_types_are_recognised_by_those_who_may_see_them(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    table = "item_code,description,size,price\n000000011,RYE BREAD,500 G,2.30\n"
    form = form_with(staff.get("/batches/import/new"), "target")
    form["target"], form["file"] = "product", Upload("products.csv", table.encode())
    number = int(form.submit(status=303).location.split("/")[5])
    page = upload(staff, table, "list.csv", vendor_code="V1").follow()
    assert text_of(page, ".file-earlier") == f"This is the file of batch {number:08d}. Open it"
    assert "This is the file" not in text_of(page, ".timeline")
    narrower = func.replace(RolePermission.permission, "batch:*:", "batch:price_change:")
    with catalogue.engine.begin() as connection:
        connection.execute(update(RolePermission).values(permission=narrower))
    page = staff.get(page.request.path)
    assert text_of(page, ".file-earlier") == "This file was uploaded before, to a batch that you may not see."
