"""Forms that are sent twice: their work is done once, and the second answer says what the first one did."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from webtest import TestApp, Upload

from .harness import PATH, PRICE_LIST, CatalogueDatabase, form_to, form_with, number_in, post, text_of, url_of


def test_the_form_for_a_new_batch_makes_one_batch(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    form = form_with(staff.get(f"{PATH}/new"), "file")
    form["file"] = Upload("list.csv", PRICE_LIST.encode())
    first = number_in(form.submit(status=303))
    again = form.submit(status=409)
    assert f"This form was sent before. Batch {first:08d} was populated with 8 rows." in text_of(again)
    assert catalogue.batches() == 1


def test_a_form_that_was_corrected_can_be_sent_again(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    form = form_with(staff.get(f"{PATH}/new"), "file")
    form["file"] = Upload("list.csv", b"")
    wrong = form.submit(status=422)
    form = form_with(wrong, "file")
    form["file"] = Upload("list.csv", PRICE_LIST.encode())
    form.submit(status=303)
    assert catalogue.batches() == 1


def test_a_row_is_added_once(catalogue: CatalogueDatabase, staff: TestApp, open_batch: int) -> None:
    form = form_with(staff.get(url_of(open_batch, "rows", "new")), "item_code")
    form["item_code"], form["new_price"] = "000000099", "1.20"
    form.submit(status=303)
    assert "This form was sent before. It added row 9." in text_of(form.submit(status=409))
    assert catalogue.batch(open_batch).row_count == 9


def test_a_batch_is_cloned_once(catalogue: CatalogueDatabase, staff: TestApp, open_batch: int) -> None:
    form = form_to(staff.get(url_of(open_batch)), "/clone")
    form.submit(status=303)
    assert "was made as a copy of" in text_of(form.submit(status=409))
    assert catalogue.batches() == 2


@pytest.mark.parametrize("field", ["version", "none"])
def test_an_edit_that_does_not_say_what_it_saw_is_refused(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, field: str
) -> None:
    before = catalogue.dump()
    page = post(staff, url_of(open_batch, "rows", 1, "edit"), 400, new_price="9.99", **{field: "abc"})
    assert "which version of the batch or row it was made from" in text_of(page)
    assert catalogue.dump() == before


def test_two_clicks_at_one_moment_make_one_clone(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, app: Any
) -> None:
    form = form_to(staff.get(url_of(open_batch)), "/clone")
    fields = dict(form.submit_fields())
    statuses: list[int] = []

    def click() -> None:
        browser = TestApp(app, cookiejar=staff.cookiejar)
        statuses.append(browser.post(form.action, fields, expect_errors=True).status_int)

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    assert sorted(statuses) == [303, 409]
    assert catalogue.batches() == 2
