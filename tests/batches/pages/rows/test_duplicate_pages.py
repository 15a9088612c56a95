"""Staff choose which duplicates to keep, without JavaScript: of price changes and of imports."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.functional.harness import (
    CatalogueDatabase,
    counts_of,
    form_with,
    number_in,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp, Upload

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])

LIST = (
    "item_code,description,size,price\n000000011,,,3.00\n000000012,,,2.00\n000000011,,,2.50\n"
    "000000021,,,1.00\n000000012,,,2.50\n000000011,,,cheap\n"
)


@pytest.fixture
def number(catalogue: CatalogueDatabase, staff: TestApp) -> int:
    return number_in(upload(staff, LIST))


def form_that_keeps(page: Any, sequence: int) -> Any:
    """Return the form with the button “Keep this one” of a row."""
    forms = (form for form in page.forms.values() if len(form.fields.get("keep", ())) == 1)
    return next(form for form in forms if form["keep"].value == str(sequence))


def test_one_click_keeps_this_one_and_another_the_cheapest_of_each(number: int, staff: TestApp) -> None:
    page = staff.get(url_of(number)).click("Choose which duplicates to keep")
    assert "5 rows are in 2 groups of duplicates" in text_of(page)
    assert "Rows 1, 3, 6" in text_of(page)
    left = form_that_keeps(page, 5).submit(status=303).follow()
    assert "Kept row 5, and removed 1 duplicate of it." in text_of(left)
    assert "3 rows are in 1 group of duplicates" in text_of(left)
    form = form_with(left, "sequence")
    batch = form.submit("keep", value="cheapest", status=303).follow()
    assert batch.request.path == url_of(number)
    assert counts_of(batch) == {
        "All": 6, "Unchanged": 0, "Increase": 1, "Decrease": 2, "Other vendor": 0, "Other department": 0,
        "Not active": 0, "Changed since": 0, "No cost": 0, "Not in catalogue": 0, "Duplicate in list": 0, "Invalid": 0, "Removed": 3,
    }  # fmt: skip
    assert "Choose which duplicates" not in text_of(batch)
    history = text_of(staff.get(url_of(number, "history")))
    assert "Kept the cheapest of the duplicates of row 1 , and removed 2 duplicates." in history


def test_all_groups_at_once_if_they_are_those_that_were_shown(
    catalogue: CatalogueDatabase, number: int, staff: TestApp
) -> None:
    page = staff.get(url_of(number, "duplicates"))
    form = next(
        form for form in page.forms.values() if "keep" in form.fields and "sequence" not in form.fields
    )
    other = form_that_keeps(page, 5)
    assert "Removes 3 rows as one operation." in text_of(page)
    form.submit("keep", value="last", status=303)
    assert [catalogue.row(number, sequence).removed for sequence in range(1, 7)] == [
        True, True, False, False, False, True,
    ]  # fmt: skip
    assert "has no duplicates" in text_of(other.submit(status=409))
    assert "No duplicates" in text_of(staff.get(url_of(number, "duplicates")))


def test_a_row_leads_to_its_duplicates(number: int, staff: TestApp) -> None:
    page = staff.get(url_of(number, "rows", 2)).click("Duplicates of this row")
    assert "2 rows are in 1 group of duplicates" in text_of(page)
    assert "Rows 2, 5" in text_of(page)
    assert "Rows 1, 3, 6" in text_of(page.click("All duplicates"))
    form_that_keeps(page, 2).submit(status=303)
    assert "Duplicates of this row" not in staff.get(url_of(number, "rows", 2))
    assert "No duplicates" in text_of(staff.get(url_of(number, "duplicates") + "?of=4"))


def test_a_form_without_a_row_or_a_token_removes_nothing(number: int, staff: TestApp) -> None:
    page = staff.get(url_of(number, "duplicates"))
    form = form_that_keeps(page, 5)
    form["keep"].force_value("them all")
    assert "say which row to keep" in text_of(form.submit(status=400))
    form = form_that_keeps(staff.get(url_of(number, "duplicates")), 5)
    form["seen"].force_value("")
    assert "say which duplicates you saw" in text_of(form.submit(status=400))


def test_imports_have_duplicates_and_a_cheapest_where_the_file_has_prices(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    def make(table: str) -> str:
        form = form_with(staff.get("/batches/import/new"), "target")
        form["target"] = "product"
        form["file"] = Upload("list.csv", table.encode())
        return str(re.search(r"/batches/import/\d+", form.submit(status=303).location)[0])  # type: ignore[index]

    url = make("item_code,price\n000000011,3.00\n000000012,2.00\n000000011,2.50\n")
    page = staff.get(url).click("Choose which duplicates to keep")
    form = form_with(page, "sequence")
    batch = form.submit("keep", value="cheapest", status=303).follow()
    assert {"Duplicate in file": 0, "Update": 2, "Removed": 1}.items() <= counts_of(batch).items()
    url = make("item_code,size\n000000011,3 G\n000000011,4 G\n")
    page = staff.get(f"{url}/duplicates")
    assert "Keep the last" in page
    assert "Keep the cheapest" not in page
