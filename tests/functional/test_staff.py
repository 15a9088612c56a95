"""Staff: they bring a price list in, correct it, and hand it on. They do not execute."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine
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
    real_catalogue: None, engine: Engine, staff: TestApp, real_file: Callable[[str], Path]
) -> None:
    prices = CatalogueDatabase(engine).prices()
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


def test_an_uploaded_list_becomes_a_batch_with_its_rows_counted_by_status(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    page = staff.get(url_of(open_batch))
    assert counts_of(page) == COUNTS
    assert page.html.h1.get_text() == "Spring prices"
    assert column_of(page, "Item code")[0] == "000000011"
    assert column_of(page, "Old price") == ["2.00", "4.00", "3.00", "0.50", "", "", "", "1.10"]
    assert column_of(page, "New price") == ["2.20", "8.00", "2.70", "0.50", "0.40", "1.00", "1.20", "cheap"]


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


def test_what_is_complete_is_not_edited_and_the_page_says_how_it_can_be(
    catalogue: CatalogueDatabase, staff: TestApp, complete_batch: int
) -> None:
    before = catalogue.dump()
    assert not staff.get(url_of(complete_batch)).html.select("[data-cell]")
    page = post(staff, url_of(complete_batch, "rows", 1, "edit"), 409, new_price="1.00", version="1")
    assert "reopen it to change it" in text_of(page)
    assert catalogue.dump() == before


def test_a_workbook_does_what_a_csv_does(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    exported = staff.get(url_of(open_batch, "rows.csv"))
    xlsx = workbook([line.split(",") for line in PRICE_LIST.splitlines()])
    page = upload(staff, xlsx, "list.xlsx").follow()
    assert counts_of(page) == COUNTS
    other = staff.get(f"{page.request.path}/rows.csv")
    assert other.text.splitlines() == exported.text.splitlines()


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
        ({"amount": "-0.15", "rounding": "five"}, {"000000011": "1.85", "000000099": "0.95"}),
        ({"set_to": "1.99", "vendor_code": "V2"}, {"000000099": "1.99"}),
    ],
)
def test_a_change_of_prices_needs_no_file(
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


def test_the_catalogue_of_the_tests_is_what_its_text_says(catalogue: CatalogueDatabase) -> None:
    assert catalogue.prices() == {
        line.split(",")[0]: Decimal(line.split(",")[7]) for line in CATALOGUE.splitlines()[1:]
    }
