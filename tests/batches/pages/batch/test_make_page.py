"""Batches of chosen rows and products, made from the menus of their lists: what people see, choose and may not see."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.functional.fixtures import complete_batch, executed_batch, open_batch
from tests.functional.harness import (
    PATH,
    CatalogueDatabase,
    column_of,
    form_with,
    number_in,
    post,
    text_of,
    url_of,
)
from tests.functional.test_hidden_fields import restrict
from webtest import TestApp

from batchbook.batches.policies.field_rules import FieldRule

__all__ = ["complete_batch", "executed_batch", "open_batch"]

ONE = pytest.mark.parametrize("backend", ["sqlite"])


def menu(page: Any, title: str) -> dict[str, str]:
    """Return the links of a menu, or of the part of one under a title, by label."""
    (found,) = [one for one in page.html.select("details.menu") if title in one.get_text()]
    return {link.get_text(): link["href"] for link in found.select("a.menu-link")}


def make(client: TestApp, url: str, **fields: str) -> int:
    """Open the form at the address, fill it in, and return the number of the batch that is made."""
    form = form_with(client.get(url), "count")
    for name, text in fields.items():
        form[name] = text
    return number_in(form.submit(status=303))


def test_rows_that_match_the_filters_become_a_batch(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    page = staff.get(f"{url_of(open_batch)}?f.status.equal=increase&sort=-item_code")
    url = menu(page, "Make a batch of these rows")["Price change…"]
    form_page = staff.get(url)
    assert "It gets 2 rows of batch 00000001" in text_of(form_page)
    assert form_page.html.select_one(".page-lead a")["href"] == url_of(open_batch)
    assert form_with(form_page, "count")["vendor_code"].value == "V1"
    made = make(staff, url, description="Half of it")
    assert column_of(staff.get(url_of(made)), "Item code") == ["000000021", "000000011"]
    assert f"Made from price change Batch {open_batch:08d}" in text_of(
        staff.get(f"{url_of(made)}?panel=details"), ".facts"
    )
    assert f"Made into price change Batch {made:08d}" in text_of(
        staff.get(f"{url_of(open_batch)}?panel=details"), ".facts"
    )
    history = text_of(staff.get(url_of(open_batch, "history")))
    assert "Made batch 00000002, price change, of 2 of its rows." in history
    assert "chosen" not in text_of(staff.get(url_of(made)), ".files")
    assert catalogue.batch(made).made_from == open_batch


@ONE
def test_executed_batches_and_those_that_wait_are_made_into_others_as_well(
    staff: TestApp, executed_batch: int
) -> None:
    url = menu(staff.get(url_of(executed_batch)), "Make a batch of these rows")["Price change…"]
    made = make(staff, url)
    assert len(column_of(staff.get(url_of(made)), "Item code")) == 8


def test_products_that_match_the_filters_become_a_price_change(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    page = staff.get("/products?f.vendor.equal=V1&q=bread&sort=-item_code")
    url = menu(page, "Make a batch of these…")["Price change…"]
    form_page = staff.get(url)
    assert "It gets 2 products" in text_of(form_page)
    assert form_page.html.select_one(".page-lead a")["href"] == "/products"
    made = make(staff, url, percent="10", rounding="cent")
    shown = staff.get(url_of(made))
    assert column_of(shown, "Item code") == ["000000012", "000000011"]
    assert set(column_of(shown, "Status")) == {"Increase"}
    assert catalogue.batch(made).made_from is None
    # Without a way to compute prices they are entered.
    made = make(staff, url)
    assert set(column_of(staff.get(url_of(made)), "Status")) == {"Invalid"}
    form = form_with(staff.get(url), "count")
    form["rounding"] = "cent"
    assert "Prices that you enter are not rounded" in text_of(form.submit(status=422))


@ONE
def test_other_rows_than_those_shown_are_not_made_into_a_batch_without_a_word(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    form = form_with(staff.get("/batches/price-change/make?of=list-products&f.price.greater=3"), "count")
    count = form["count"].value
    catalogue.set_price("000000011", "50.00")
    again = form.submit(status=422)
    assert f"there were {count}, and now it would get {int(count) + 1} products" in text_of(again)
    assert catalogue.batches() == 0
    assert form_with(again, "count").submit(status=303)


@ONE
def test_a_form_that_is_sent_twice_makes_one_batch(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    form = form_with(staff.get("/batches/price-change/make?of=list-products"), "count")
    form.submit(status=303)
    assert "sent before" in text_of(form.submit(status="*")) or catalogue.batches() == 1
    assert catalogue.batches() == 1


@ONE
@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 404, "doesn't say which rows"),
        ("of=batch-x", 404, "doesn't say which rows"),
        (f"of=batch-{'9' * 5_000}", 404, "doesn't say which rows"),
        ("of=batch-99", 404, "There is no batch 00000099"),
        ("of=list-nothing", 404, "no longer exists"),
        ("of=list-vendors", 400, "can be made of vendors"),
        ("of=list-products&q=nothingatall", 409, "None of the products was chosen"),
        ("of=list-products&f.colour.equal=red", 400, "Nothing was done"),
    ],
)
def test_addresses_that_mean_nothing_are_told(staff: TestApp, query: str, status: int, words: str) -> None:
    page = staff.get(f"{PATH}/make?{query}", status="4*")
    assert (page.status_int, words in text_of(page)) == (status, True), text_of(page)


@ONE
def test_who_may_not_see_or_create_gets_no_form(
    catalogue: CatalogueDatabase, auditor: TestApp, staff: TestApp, executed_batch: int
) -> None:
    url = f"{PATH}/make?{urlencode({'of': f'batch-{executed_batch}'})}"
    assert "Make a batch of these" not in auditor.get(url_of(executed_batch)).text
    auditor.get(url, status=403)
    post(auditor, url, 403, count="8")
    assert "Make a batch of these" not in auditor.get("/products", status="*").text
    number = re.search(r"(\d+)$", url)
    assert number is not None
    assert catalogue.batches() == 1


@ONE
def test_hidden_columns_are_left_out_and_told(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    restrict(catalogue, (FieldRule(field="new_price", see=("admin",)),))
    url = f"{PATH}/make?of=batch-{open_batch}"
    page = staff.get(url)
    assert "Left out, because you may not see it there: New price." in text_of(page)
    made = make(staff, url)
    assert catalogue.row(made, 1).new_price is None
    assert catalogue.row(open_batch, 1).new_price == Decimal("2.20")
    # Nor can a filter ask for what is hidden.
    assert staff.get(f"{url}&f.new_price.greater=2", status=400)
