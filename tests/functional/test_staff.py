"""Staff: they bring a price list in, correct it, and hand it on. They do not execute."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from webtest import TestApp

from .harness import (
    CATALOGUE,
    COUNTS,
    PATH,
    PRICE_LIST,
    CatalogueDatabase,
    column_of,
    counts_of,
    expected_counts,
    form_to,
    form_with,
    json_post,
    number_in,
    post,
    records,
    result_count,
    text_of,
    upload,
    url_of,
    workbook,
)

#: The numbers known for the real lists against the real catalogue: rows, up, down, unchanged, not in the catalogue.
KNOWN = {
    "price-list-V0764.csv": (642, 78, 77, 257, 230),
    "price-list-V0002.csv": (512, 160, 82, 75, 195),
}
REAL_CATALOGUE = 30_000


def test_real_price_lists_stand_against_the_catalogue_as_a_plain_comparison_says(
    catalogue: CatalogueDatabase, staff: TestApp, real_file: Callable[[str], Path]
) -> None:
    catalogue.load(real_file("catalog.csv"))
    prices = catalogue.prices()
    for name, known in KNOWN.items():
        path = real_file(name)
        if not path.exists():  # The packaged data has one of the lists.
            continue
        page = upload(staff, path.read_bytes(), name).follow()
        counts = {label: count for label, count in counts_of(page).items() if count and label != "All"}
        assert counts == expected_counts(records(path), prices)
        if len(prices) > REAL_CATALOGUE:
            labels = ("All", "Increase", "Decrease", "Unchanged", "Not in catalogue")
            assert tuple(counts_of(page)[label] for label in labels) == known


def test_the_first_thing_staff_see_is_how_to_begin(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    page = staff.get("/")
    assert "Staff Person" in text_of(page, ".topbar")
    assert page.click("New price change", index=0).request.path == f"{PATH}/new"


def test_the_start_page_shows_the_open_batches_of_the_one_who_made_them(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    assert "Spring prices" in text_of(staff.get("/"))
    assert staff.get("/").click("Spring prices").request.path == url_of(open_batch)
    assert "Spring prices" not in text_of(admin.get("/"))


def test_an_uploaded_list_becomes_a_batch_with_its_rows_counted_by_status(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    page = staff.get(url_of(open_batch))
    assert counts_of(page) == COUNTS
    assert page.html.h1.get_text() == "Spring prices"
    assert column_of(page, "Item code")[0] == "000000011"
    assert column_of(page, "Old price") == ["2.00", "4.00", "3.00", "0.50", "", "", "", "1.10"]
    assert column_of(page, "New price") == ["2.20", "8.00", "2.70", "0.50", "0.40", "1.00", "1.20", "cheap"]


def test_a_refresh_shows_what_changed_in_the_catalogue(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    catalogue.set_price("000000011", "2.20")
    assert counts_of(staff.get(url_of(open_batch))) == COUNTS
    page = form_to(staff.get(url_of(open_batch)), "/refresh").submit(status=303).follow()
    assert "statuses changed" in text_of(page, ".flashes")
    assert counts_of(page) == COUNTS | {"Increase": 1, "Unchanged": 2}


def test_staff_mark_a_batch_complete_and_open_it_again_but_cannot_execute_it(
    catalogue: CatalogueDatabase, staff: TestApp, complete_batch: int
) -> None:
    page = staff.get(url_of(complete_batch))
    assert catalogue.batch(complete_batch).state == "complete"
    assert not page.html.select("#execution form")
    assert "Waiting for an administrator" in text_of(page, "#execution")
    prices = catalogue.prices()
    refused = post(staff, url_of(complete_batch, "execute"), 403, apply="increase")
    assert "Nothing was changed" in text_of(refused)
    assert (catalogue.prices(), catalogue.batch(complete_batch).state) == (prices, "complete")
    form_to(page, "/reopen").submit(status=303)
    assert catalogue.batch(complete_batch).state == "open"


def test_staff_do_not_delete_batches(catalogue: CatalogueDatabase, staff: TestApp, open_batch: int) -> None:
    assert "Delete" not in text_of(staff.get(url_of(open_batch)), ".page-actions")
    staff.get(url_of(open_batch, "delete"), status=403)
    post(staff, url_of(open_batch, "delete"), 403)
    assert catalogue.batches() == 1


def test_what_is_complete_is_not_edited_and_the_page_says_how_it_can_be(
    catalogue: CatalogueDatabase, staff: TestApp, complete_batch: int
) -> None:
    before = catalogue.dump()
    assert not staff.get(url_of(complete_batch)).html.select("[data-cell]")
    page = post(staff, url_of(complete_batch, "rows", 1, "edit"), 409, new_price="1.00", version="1")
    assert "reopen it to change it" in text_of(page)
    assert catalogue.dump() == before


def test_a_clone_has_the_rows_and_the_file_and_a_life_of_its_own(
    catalogue: CatalogueDatabase, staff: TestApp, executed_batch: int
) -> None:
    response = form_to(staff.get(url_of(executed_batch)), "/clone").submit(status=303)
    clone = number_in(response)
    page = response.follow()
    assert clone != executed_batch
    assert catalogue.batch(clone).state == "open"
    # Refreshed against the prices that the first batch made: those rows have nothing to change any more.
    assert counts_of(page) == COUNTS | {"Unchanged": 4, "Increase": 0, "Decrease": 0}
    assert staff.get(url_of(clone, "files", 1)).body == PRICE_LIST.encode()
    assert f"Cloned from Batch {executed_batch:08d}" in text_of(staff.get(url_of(clone, "history")))


def test_the_file_comes_back_byte_for_byte(
    catalogue: CatalogueDatabase, staff: TestApp, real_file: Callable[[str], Path]
) -> None:
    data = b"\xef\xbb\xbf" + real_file("price-list-V0764.csv").read_bytes().replace(b"\n", b"\r\n")
    number = number_in(upload(staff, data, "Préise 'März' 2025.csv"))
    response = staff.get(url_of(number, "files", 1))
    assert response.body == data
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.content_type == "application/octet-stream"


def test_a_workbook_does_what_a_csv_does(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    exported = staff.get(url_of(open_batch, "rows.csv"))
    xlsx = workbook([line.split(",") for line in PRICE_LIST.splitlines()])
    page = upload(staff, xlsx, "list.xlsx").follow()
    assert counts_of(page) == COUNTS
    other = staff.get(f"{page.request.path}/rows.csv")
    assert other.text.splitlines() == exported.text.splitlines()


def test_the_history_names_each_change_with_its_cells(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    cell = url_of(open_batch, "rows", 1, "cell")
    json_post(staff, cell, 200, {"field": "new_price", "value": "2.5", "version": "1"})
    page = staff.get(url_of(open_batch)).click("Full history")
    events = [" ".join(e.get_text(" ").split()) for e in page.html.select(".event")]
    assert events[0].startswith("Changed New price in row 1. staff ,")
    assert "1 New price 2.20 2.50" in events[0]
    assert [event.split(".")[0] for event in events[1:]] == ["Populated with 8 rows", "Created from list"]
    assert "2.20 2.50 staff" in text_of(staff.get(url_of(open_batch, "rows", 1)))


@pytest.mark.parametrize(
    ("header", "prices"),
    [
        ({"percent": "10"}, {"000000011": "2.20", "000000013": "0.55", "000000099": "1.21"}),
        ({"percent": "10", "vendor_code": "V2"}, {"000000099": "1.21"}),
        (
            {"percent": "-10", "department": "BAKERY"},
            {"000000011": "1.80", "000000012": "2.70", "000000013": "0.45"},
        ),
        (
            {"percent": "7", "rounding": "nine", "vendor_code": "V1"},
            {"000000011": "2.19", "000000012": "3.19"},
        ),
    ],
)
def test_a_change_by_per_cent_needs_no_file(
    catalogue: CatalogueDatabase, staff: TestApp, header: dict[str, str], prices: dict[str, str]
) -> None:
    form = form_with(staff.get(f"{PATH}/new"), "percent")
    for field, text in header.items():
        form[field] = text
    page = form.submit(status=303).follow()
    shown = dict(zip(column_of(page, "Item code"), column_of(page, "New price"), strict=True))
    assert {code: shown.get(code) for code in prices} == prices
    vendors = {"V1": 4, "V2": 1}
    wanted = vendors.get(header.get("vendor_code", ""), 3 if "department" in header else 5)
    assert result_count(page) == wanted


def test_a_change_by_per_cent_follows_the_catalogue_but_for_what_staff_edited(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp
) -> None:
    form = form_with(staff.get(f"{PATH}/new"), "percent")
    form["percent"], form["vendor_code"] = "10", "V1"
    batch = number_in(form.submit(status=303))
    json_post(
        staff, url_of(batch, "rows", 2, "cell"), 200, {"field": "new_price", "value": "3.35", "version": "1"}
    )
    catalogue.set_price("000000011", "4.00")
    catalogue.set_price("000000012", "2.00")
    page = form_to(staff.get(url_of(batch)), "/refresh").submit(status=303).follow()
    assert column_of(page, "New price")[:2] == ["4.40", "3.35"]
    assert "Edited; computed from 3.00, now 2.00." in text_of(page, "table.grid")
    post(staff, url_of(batch, "complete"))
    form_to(admin.get(url_of(batch)), "/execute").submit(status=303)
    assert (catalogue.prices()["000000011"], catalogue.prices()["000000012"]) == (
        Decimal("4.40"),
        Decimal("3.35"),
    )
    clone = number_in(form_to(staff.get(url_of(batch)), "/clone").submit(status=303))
    assert column_of(staff.get(url_of(clone)), "New price")[:2] == ["4.84", "3.35"]


def test_staff_see_the_list_of_batches_and_of_the_type(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    for path in ("/batches", PATH):
        page = staff.get(path)
        assert column_of(page, "Number") == [f"{open_batch:08d}"]
        assert column_of(page, "State") == ["Open"]
        assert page.click(f"{open_batch:08d}").request.path == url_of(open_batch)


def test_the_catalogue_of_the_tests_is_what_its_text_says(catalogue: CatalogueDatabase) -> None:
    assert catalogue.prices() == {
        line.split(",")[0]: Decimal(line.split(",")[7]) for line in CATALOGUE.splitlines()[1:]
    }
