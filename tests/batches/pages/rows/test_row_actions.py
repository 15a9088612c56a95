"""Rows that are added, removed and restored."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.functional.harness import (
    COUNTS,
    OWN,
    CatalogueDatabase,
    count_link,
    counts_of,
    form_to,
    form_with,
    json_post,
    post,
    text_of,
    url_of,
)
from webtest import TestApp


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
