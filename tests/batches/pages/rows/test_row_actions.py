"""Rows that are added, removed and restored."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.functional.harness import (
    COUNTS,
    OWN,
    PRICE_LIST,
    CatalogueDatabase,
    count_link,
    counts_of,
    form_to,
    form_with,
    json_post,
    number_in,
    post,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp

from batchbook.batches import QuickEntry
from batchbook.catalog.models import Product
from batchbook.types.price_change.handler import PriceChangeHandler


def test_rows_are_added_removed_and_restored(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    form = form_with(staff.get(url_of(open_batch, "rows", "new")), "item_code")
    form["item_code"], form["new_price"] = "000000013", "0.60"
    page = form.submit(status=303).follow()
    assert "Added row 9." in text_of(page)
    assert counts_of(page) == COUNTS | {"All": 9, "Unchanged": 0, "Duplicate in list": 4}
    page = form_to(staff.get(url_of(open_batch, "rows", 9)), "/remove").submit(status=303).follow()
    assert "Removed row 9." in text_of(page)
    assert counts_of(staff.get(url_of(open_batch))) == COUNTS | {"All": 9, "Removed": 1}
    page = form_to(staff.get(url_of(open_batch, "rows", 9)), "/restore").submit(status=303).follow()
    assert "Restored row 9." in text_of(page)
    assert counts_of(staff.get(url_of(open_batch)))["Duplicate in list"] == 4


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_added_row_with_a_bad_price_is_not_added_and_is_shown_again(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = catalogue.dump()
    form = form_with(staff.get(url_of(open_batch, "rows", "new")), "item_code")
    form["item_code"], form["new_price"] = "000000013", "six"
    page = form.submit(status=422)
    again = form_with(page, "item_code")
    assert (again["item_code"].value, again["new_price"].value) == ("000000013", "six")
    assert catalogue.dump() == before


def test_all_rows_that_a_filter_shows_are_removed_after_saying_how_many(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    shown = staff.get(count_link(staff.get(url_of(open_batch)), "Duplicate in list"))
    question = shown.click("Remove filtered rows")
    assert "Remove 2 rows?" in text_of(question)
    page = form_with(question, "seen").submit(status=303).follow()
    assert "Removed 2 rows." in text_of(page, ".flashes")
    assert counts_of(staff.get(f"{url_of(open_batch)}?view=default"))["Removed"] == 2
    assert [catalogue.row(open_batch, sequence).removed for sequence in (5, 6, 7, 8)] == [
        False,
        True,
        True,
        False,
    ]


def test_alternatives_and_the_search_pick_the_rows_that_are_exported_and_removed(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    query = "?f1.sequence.less=3&f2.sequence.equal=4&q=0000"
    shown = staff.get(url_of(open_batch) + query)
    rows = shown.click("CSV").body.decode("utf-8-sig").splitlines()[1:]
    assert [row.partition(",")[0] for row in rows] == ["1", "2", "4"]
    form_with(shown.click("Remove filtered rows"), "seen").submit(status=303)
    removed = [catalogue.row(open_batch, sequence).removed for sequence in range(1, 9)]
    assert removed == [True, True, False, True, False, False, False, False]
    refused = staff.get(url_of(open_batch, "rows", "remove") + "?f1.nowhere.equal=1&q=0000", status=400)
    assert "Nothing was changed" in text_of(refused)


def test_all_removed_rows_that_a_filter_shows_are_restored(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    shown = staff.get(count_link(staff.get(url_of(open_batch)), "Duplicate in list"))
    form_with(shown.click("Remove filtered rows"), "seen").submit(status=303)
    assert "Restore filtered rows" not in staff.get(f"{url_of(open_batch)}?view=default")
    shown = staff.get(count_link(staff.get(url_of(open_batch)), "Removed"))
    question = shown.click("Restore filtered rows")
    assert "Restore 2 rows?" in text_of(question)
    stale = form_with(staff.get(question.request.path_qs), "seen")
    page = form_with(question, "seen").submit(status=303).follow()
    assert "Restored 2 rows." in text_of(page, ".flashes")
    assert counts_of(staff.get(f"{url_of(open_batch)}?view=default"))["Duplicate in list"] == 2
    assert "No removed rows match, so none was restored." in text_of(stale.submit(status=409))


def test_removing_is_refused_when_the_filter_shows_other_rows_by_then_as_many_as_before(
    catalogue: CatalogueDatabase, staff: TestApp, client_of: Callable[[str], TestApp], open_batch: int
) -> None:
    question = staff.get(url_of(open_batch, "rows", "remove") + "?f.sequence.equal=1")
    json_post(
        client_of("staff"),
        url_of(open_batch, "rows", 1, "cell"),
        200,
        {"field": "new_price", "value": "2.31", "version": catalogue.row(open_batch, 1).version},
    )
    page = form_with(question, "seen").submit(status=409)
    assert "1 row matches now, and they are not the rows that you were shown" in text_of(page)
    assert not catalogue.row(open_batch, 1).removed
    post(staff, url_of(open_batch, "rows", "remove") + "?f.sequence.equal=1", status=400, seen="all")


def test_removing_is_refused_when_the_filter_shows_another_number_by_then(
    catalogue: CatalogueDatabase, staff: TestApp, client_of: Callable[[str], TestApp], open_batch: int
) -> None:
    shown = staff.get(count_link(staff.get(url_of(open_batch)), "Increase"))
    question = form_with(shown.click("Remove filtered rows"), "seen")
    cell = url_of(open_batch, "rows", 4, "cell")
    json_post(client_of("staff"), cell, 200, {"field": "new_price", "value": "0.55", "version": "1"})
    before = catalogue.dump()
    page = question.submit(status=409)
    assert "Nothing was removed: 3 rows match now" in text_of(page)
    assert catalogue.dump() == before


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_row_that_is_removed_or_restored_twice_stays_as_it_is(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    remove = form_to(staff.get(url_of(open_batch, "rows", 1)), "/remove")
    remove.submit(status=303)
    before = catalogue.dump(without=OWN)
    remove.submit(status=409)
    assert catalogue.dump(without=OWN) == before
    assert not any(
        form.action.endswith("/remove") for form in staff.get(url_of(open_batch, "rows", 1)).forms.values()
    )


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_scan_adds_a_row_or_says_why_not(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "#quick-entry" not in text_of(staff.get(url_of(open_batch)))
    page = post(staff, url_of(open_batch, "enter"), 303, text="000000099").follow()
    assert "“000000099” was not found, so no row was added." in text_of(page, ".flashes")
    entry = QuickEntry(label="Scan an item", row_for=lambda _handler, _batch, scan: {"item_code": scan.code})
    monkeypatch.setattr(PriceChangeHandler, "quick_entry", entry)
    form = form_to(staff.get(url_of(open_batch)), "/enter")
    form["text"] = " 000000099 "
    answer = form.submit(status=303)
    assert answer.headers["Location"].endswith("#quick-entry")
    assert "Row 9, new: 000000099 (Invalid)." in text_of(answer.follow(), ".flashes")
    assert catalogue.row(open_batch, 9).item_code == "000000099"
    form.submit(status=409)
    assert catalogue.batch(open_batch).row_count == 9


class Scanning(PriceChangeHandler):
    quick_entry = QuickEntry(
        label="Scan an item", find=(Product.item_code,), key="item_code", adds="new_price", unknown=True
    )


def test_a_script_scans_with_a_key_and_is_answered_the_same_each_time(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PriceChangeHandler, "quick_entry", Scanning.quick_entry)
    url, fields = url_of(open_batch, "enter"), {"text": "2*77", "form_key": "k" * 32}
    first = json_post(staff, url, 200, fields)
    assert first == {
        "batch": open_batch,
        "message": "Row 9, new: 2.00 of 77 (Not in catalogue)",
        "sequence": 9,
        "operation": first["operation"],
        "is_new": True,
        "severity": "warning",
    }
    assert json_post(staff, url, 200, fields) == first | {"repeated": True}
    assert json_post(staff, url, 200, fields | {"form_key": "l" * 32})["message"] == (
        "Row 9: 2.00 + 2 = 4.00 of 77 (Not in catalogue)"
    )
    assert (catalogue.batch(open_batch).row_count, str(catalogue.row(open_batch, 9).new_price)) == (9, "4.00")
    undone = json_post(staff, url_of(open_batch, "history", first["operation"] + 1, "undo"), 200, {})
    assert undone["operation"] == first["operation"] + 2
    assert str(catalogue.row(open_batch, 9).new_price) == "2.00"


def test_a_script_is_told_what_is_refused_and_may_send_it_again(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PriceChangeHandler, "quick_entry", Scanning.quick_entry)
    url, before = url_of(open_batch, "enter"), catalogue.dump(without=OWN)
    fields = {"text": "4006381333932", "form_key": "k" * 32}
    for _ in range(2):
        assert json_post(staff, url, 422, fields) == {
            "error": "The check digit of “4006381333932” is wrong: it should end in 1. Scan or type it again; nothing was entered."
        }
    assert catalogue.dump(without=OWN) == before
    assert json_post(staff, url, 200, fields | {"text": "77"})["is_new"]
    # The key is that of another batch's scan, by a mistake of the script.
    other = number_in(upload(staff, PRICE_LIST, description="Another", vendor_code="V1"))
    assert "sent before" in json_post(staff, url_of(other, "enter"), 409, fields)["error"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_box_is_there_before_there_are_rows(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PriceChangeHandler, "quick_entry", Scanning.quick_entry)
    monkeypatch.setattr(PriceChangeHandler, "populate", lambda _handler, _batch: ())
    empty = number_in(upload(staff, PRICE_LIST, description="Empty", vendor_code="V1"))
    page = staff.get(url_of(empty))
    assert "Scan or type the first code above." in text_of(page)
    form = form_to(page, "/enter")
    form["text"] = "000000013"
    assert "Row 1, new: 1.00 of 000000013" in text_of(form.submit(status=303).follow(), ".flashes")
