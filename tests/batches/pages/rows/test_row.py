"""The page and the form of one row."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from sqlalchemy import update
from tests.functional.harness import (
    COUNTS,
    CatalogueDatabase,
    counts_of,
    form_to,
    form_with,
    json_post,
    post,
    text_of,
    url_of,
)
from tests.functional.test_imports import number_of, send
from tests.functional.test_imports import url_of as import_url
from webtest import TestApp

from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.models import PriceChangeRow


def test_the_rows_form_corrects_a_cell_and_brings_the_row_up_to_date(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    form = form_with(staff.get(url_of(open_batch, "rows", 8)), "new_price")
    assert form["new_price"].value == "cheap"
    form["new_price"] = "1.05"
    page = form.submit(status=303).follow()
    assert "Changed New price in row 8." in text_of(page)
    row = catalogue.row(open_batch, 8)
    assert (row.new_price, row.status, row.issues or []) == (Decimal("1.05"), "other_vendor", [])
    assert counts_of(staff.get(url_of(open_batch))) == COUNTS | {"Invalid": 0, "Other vendor": 1}


def test_a_field_that_a_page_does_not_have_is_left_as_it_is(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    """A page may be older than a field. What it does not send was not emptied by anybody."""
    before = catalogue.row(open_batch, 1)
    post(staff, url_of(open_batch, "rows", 1, "edit"), version=before.version, new_price="2.35")
    after = catalogue.row(open_batch, 1)
    assert (after.item_code, after.new_price) == (before.item_code, Decimal("2.35"))
    post(staff, url_of(open_batch, "edit"), version=catalogue.batch(open_batch).version, notes="Hello")
    batch = catalogue.batch(open_batch)
    assert (batch.description, batch.notes) == ("Spring prices", "Hello")


def test_two_people_who_change_different_fields_of_a_row_or_header_are_in_no_conflict(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    row = form_with(staff.get(url_of(open_batch, "rows", 1)), "new_price")
    header = form_with(staff.get(url_of(open_batch, "edit")), "notes")
    cell = url_of(open_batch, "rows", 1, "cell")
    json_post(admin, cell, 200, {"field": "item_code", "value": "000000012", "version": "1"})
    post(admin, url_of(open_batch, "edit"), version=catalogue.batch(open_batch).version, warn_above="7")
    row["new_price"], header["notes"] = "9.99", "Mine"
    for form in (row, header):
        form.submit(status=303)
    both = catalogue.row(open_batch, 1)
    assert (both.item_code, both.new_price) == ("000000012", Decimal("9.99"))
    page = staff.get(url_of(open_batch, "edit"))
    shown = form_with(page, "notes")
    assert (shown["notes"].value, shown["warn_above"].value) == ("Mine", "7.00")
    # A cell in the grid tells what it held.
    seen = {"field": "item_code", "value": "000000021", "version": "1", "seen.item_code": "000000012"}
    assert json_post(staff, cell, 200, seen)["changed"] is True
    assert json_post(staff, cell, 409, seen | {"value": "000000013"})["theirs"] == "000000021"


def test_a_conflict_asks_about_the_field_that_both_changed_and_keeps_the_others_of_each(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    form = form_with(staff.get(url_of(open_batch, "edit")), "notes")
    version = catalogue.batch(open_batch).version
    post(admin, url_of(open_batch, "edit"), version=version, notes="Theirs", warn_above="7")
    form["notes"], form["description"] = "Mine", "Also mine"
    page = form.submit(status=409)
    assert [cell.get_text() for cell in page.html.select(".conflict-table tbody th")] == ["Notes"]
    again = form_with(page, "notes")
    texts = [again[name].value for name in ("notes", "description", "warn_above")]
    assert texts == ["Mine", "Also mine", "7.00"]
    again.submit(status=303)
    kept = form_with(staff.get(url_of(open_batch, "edit")), "notes")
    assert [kept[name].value for name in ("notes", "description", "warn_above")] == texts


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_text_that_is_no_price_is_shown_again_with_a_reason_and_changes_nothing(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = catalogue.dump()
    for text in ("cheap", "-1", "0", "1.005", "1_000", "NaN", "9" * 30):
        form = form_with(staff.get(url_of(open_batch, "rows", 1)), "new_price")
        form["new_price"] = text
        page = form.submit(status=422)
        assert form_with(page, "new_price")["new_price"].value == text
        assert text_of(page, "#error-new_price"), text
        assert "New price" in text_of(page, ".notice-error")
    assert catalogue.dump() == before


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_field_is_marked_as_optional_only_where_another_is_required(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    assert not staff.get(url_of(open_batch, "rows", 1)).html.select(".field-optional")
    assert admin.get("/products/new").html.select(".field-optional")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_rows_page_says_each_thing_once(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    def labels() -> list[str]:
        return [
            label.get_text() for label in staff.get(url_of(open_batch, "rows", 1)).html.select(".fact dt")
        ]

    assert {"Old price", "In catalogue", "Status"} <= {*labels()}
    assert not {"Row", "Item code", "New price", "Removed"} & {*labels()}
    form_to(staff.get(url_of(open_batch)), "/complete").submit(status=303)
    assert {"Item code", "New price"} <= {*labels()}


FRAGMENT = """Artikel;Bezeichnung;Inhalt;Preis;Bemerkung
000000011;RYE BREAD;500 G;2.20;frisch
000000099;MILK;1 L;1.30;
"""


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_row_is_shown_as_it_is_in_its_file_beside_its_fields(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    number = number_of(send(staff, FRAGMENT))
    form = form_with(staff.get(import_url(number, "mapping")), "column.item_code")
    form["column.item_code"], form["column.description"], form["column.price"] = "0", "1", "3"
    form.submit("do", value="populate").follow()
    page = staff.get(import_url(number, "rows", 1)).click("View in file")
    cells = [
        [cell.get_text(strip=True) for cell in row.select("th, td")] for row in page.html.select("tbody tr")
    ]
    assert [row[:2] for row in cells] == [
        ["Artikel", "000000011"],
        ["Bezeichnung", "RYE BREAD"],
        ["Inhalt", "500 G"],
        ["Preis", "2.20"],
        ["Bemerkung", "frisch"],
    ]
    assert "Price" in " ".join(cells[3])


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_row_whose_line_is_not_known_is_not_shown_as_in_a_file(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    """Such as one that older versions read from a list."""
    with transaction_scope(catalogue.engine) as session:
        session.execute(update(PriceChangeRow).values(line=None))
    assert not staff.get(url_of(open_batch, "rows", 1)).html.select('a[href$="/rows/1/file"]')
    assert "Row 1" in text_of(staff.get(url_of(open_batch, "rows", 1, "file"), status=404))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_rows_lead_to_their_neighbours(catalogue: CatalogueDatabase, staff: TestApp, open_batch: int) -> None:
    page = staff.get(url_of(open_batch, "rows", 1)).click("Next")
    assert page.request.path == url_of(open_batch, "rows", 2)
    assert page.click("Previous").request.path == url_of(open_batch, "rows", 1)
    ends = {n: staff.get(url_of(open_batch, "rows", n)) for n in (1, 8)}
    assert "Previous" not in text_of(ends[1], ".page-actions")
    assert "Next" not in text_of(ends[8], ".page-actions")


def test_numbers_are_worked_out_in_the_form_the_cell_and_the_block(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    form = form_with(staff.get(url_of(open_batch, "rows", 1)), "new_price")
    form["new_price"] = "=10/3"
    assert "Changed New price (“=10/3” rounded to 3.33) in row 1." in text_of(
        form.submit(status=303).follow()
    )
    cell = url_of(open_batch, "rows", 1, "cell")
    json_post(staff, cell, 200, {"field": "new_price", "value": "+100%", "version": "2"})
    assert catalogue.row(open_batch, 1).new_price == Decimal("6.66")
    refused = json_post(staff, cell, 422, {"field": "new_price", "value": "=1/0", "version": "3"})
    assert refused["error"] == "“=1/0” divides by zero."
    body = {"rows": {"keys": [1, 2]}, "columns": ["new_price"], "texts": [["-50%"], ["=1/8"]]}
    answer = json_post(staff, url_of(open_batch, "cells"), 200, {"block": json.dumps(body)})
    assert answer["message"].endswith("1 result was rounded to the digits that the column keeps.")
    prices = [catalogue.row(open_batch, row).new_price for row in (1, 2)]
    assert prices == [Decimal("3.33"), Decimal("0.13")]
