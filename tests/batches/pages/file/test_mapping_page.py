"""The page that matches the columns of a batch's file to fields."""

from __future__ import annotations

import pytest
from tests.functional.harness import (
    CatalogueDatabase,
    column_of,
    form_with,
    number_in,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp

#: The list of a vendor with columns of its own: codes that a spreadsheet stripped of zeros, prices with their currency.
THEIRS = """Artikel;Bezeichnung;Inhalt;Price from May
11;RYE BREAD;500 G;$ 2.20
000000021;OAT FLAKES;1 KG;8.00
000000012;WHEAT BREAD;500 G;2.70
000000013;PRETZEL;80 G;on request
"""


@pytest.mark.parametrize("backend", ["sqlite"])
def test_columns_that_are_missing_are_asked_for_and_texts_must_be_values(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    number = number_in(upload(staff, "Artikel;Was\n000000011;RYE\n"))
    page = staff.get(url_of(number, "mapping"))
    form = form_with(page, "column.item_code")
    form["column.item_code"] = "0"
    form["column.new_price"], form["constant.new_price"] = "constant", "much"
    page = form.submit("do", value="populate", status=422)
    assert "Description is needed: choose its column, or the same value for every row" in text_of(page)
    assert "“much” is not a number" in text_of(page)
    form = form_with(page, "column.item_code")
    form["column.new_price"], form["constant.new_price"] = "0", "1.50"
    page = form.submit("do", value="look", status=422)
    assert "A column is chosen as well: clear this value" in text_of(page)
    form = form_with(page, "column.item_code")
    form["column.new_price"] = ""  # A text for all rows is one, also where nothing is chosen.
    form["column.size"] = form["column.description"] = "constant"
    page = form.submit("do", value="populate").follow()
    assert column_of(page, "New price") == ["1.50"]
    assert catalogue.batch(number).state == "open"
    staff.get(url_of(number, "mapping"), status=409)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_auditor_prepares_nothing(catalogue: CatalogueDatabase, staff: TestApp, auditor: TestApp) -> None:
    number = number_in(upload(staff, THEIRS))
    for page in ("intake", "mapping"):
        auditor.get(url_of(number, page), status=403)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_form_about_other_columns_is_not_taken(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    """Two pages are open: what one says of columns by their places must not be taken for what the other made of them."""
    number = number_in(upload(staff, THEIRS, vendor_code="V1"))
    old = form_with(staff.get(url_of(number, "mapping")), "column.item_code")
    form = form_with(staff.get(url_of(number, "intake")), "header_row")
    form["header_row"] = "2"
    form.submit("do", value="look").follow()
    page = old.submit("do", value="look", status=409)
    assert "since you opened this page" in page.text


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_mapping_that_somebody_else_saved_is_not_replaced(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp
) -> None:
    def saved_by(client: TestApp) -> TestApp:
        number = number_in(upload(client, THEIRS))
        form = form_with(client.get(url_of(number, "mapping")), "column.item_code")
        form["column.item_code"], form["column.description"], form["column.size"] = "0", "1", "2"
        form["save_as"] = "Mill"
        return form.submit("do", value="look", expect_errors=True)

    assert saved_by(staff).status_int == 303
    assert saved_by(staff).status_int == 303
    refused = saved_by(admin)
    assert refused.status_int == 422
    assert "staff has already saved a mapping as “Mill”, and it was left as it is" in text_of(refused)
