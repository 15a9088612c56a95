"""Two people at one thing: neither loses what they wrote, and a form sent twice does its work once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.functional.harness import (
    CatalogueDatabase,
    form_to,
    form_with,
    json_post,
    post,
    text_of,
    url_of,
)
from webtest import TestApp


@pytest.fixture
def other(client_of: Callable[[str], TestApp]) -> TestApp:
    """The browser of somebody else who may edit."""
    return client_of("admin")


def save(form: Any, status: int, **fields: str) -> Any:
    for name, text in fields.items():
        form[name] = text
    return form.submit(status=status)


def sides(page: Any) -> dict[str, tuple[str, str]]:
    """Return what a page shows of a conflict: field → (mine, theirs)."""
    rows = page.html.select(".conflict-table tbody tr")
    return {row.th.get_text(): tuple(cell.get_text() for cell in row.select("td")) for row in rows}


def test_a_row_saved_by_somebody_else_meanwhile_shows_both_values(
    catalogue: CatalogueDatabase, staff: TestApp, other: TestApp, open_batch: int
) -> None:
    url = url_of(open_batch, "rows", 1)
    mine, theirs = (form_with(browser.get(url), "new_price") for browser in (staff, other))
    save(theirs, 303, new_price="2.30")
    before = catalogue.dump()
    page = save(mine, 409, new_price="2.40")
    assert sides(page) == {"New price": ("2.40", "2.30")}
    assert catalogue.dump() == before
    # What I wrote is still in the form, which now carries the version that I was shown.
    again = form_with(page, "new_price")
    assert again["new_price"].value == "2.40"
    assert "Save mine" in text_of(page)
    again.submit(status=303)
    assert catalogue.row(open_batch, 1).new_price == Decimal("2.40")
    history = text_of(staff.get(url_of(open_batch, "history")))
    assert "2.20 2.30" in history
    assert "2.30 2.40" in history


@pytest.mark.parametrize("backend", ["sqlite"])
def test_keeping_theirs_is_one_click_and_changes_nothing(
    catalogue: CatalogueDatabase, staff: TestApp, other: TestApp, open_batch: int
) -> None:
    url = url_of(open_batch, "rows", 1)
    mine, theirs = (form_with(browser.get(url), "new_price") for browser in (staff, other))
    save(theirs, 303, new_price="2.30")
    page = save(mine, 409, new_price="2.40").click("Keep theirs")
    assert form_with(page, "new_price")["new_price"].value == "2.30"
    assert catalogue.row(open_batch, 1).new_price == Decimal("2.30")


def test_insisting_is_refused_again_when_a_third_edit_came_between(
    catalogue: CatalogueDatabase, staff: TestApp, other: TestApp, open_batch: int
) -> None:
    url = url_of(open_batch, "rows", 1)
    mine, theirs = (form_with(browser.get(url), "new_price") for browser in (staff, other))
    save(theirs, 303, new_price="2.30")
    page = save(mine, 409, new_price="2.40")
    save(form_with(other.get(url), "new_price"), 303, new_price="2.35")
    assert sides(form_with(page, "new_price").submit(status=409)) == {"New price": ("2.40", "2.35")}
    assert catalogue.row(open_batch, 1).new_price == Decimal("2.35")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_both_wrote_the_same_and_nobody_is_bothered(
    catalogue: CatalogueDatabase, staff: TestApp, other: TestApp, open_batch: int
) -> None:
    url = url_of(open_batch, "rows", 1)
    mine, theirs = (form_with(browser.get(url), "new_price") for browser in (staff, other))
    save(theirs, 303, new_price="2.30")
    save(mine, 303, new_price="2.30")
    assert catalogue.row(open_batch, 1).version == 2


def test_a_cell_edited_in_place_tells_of_the_other_value_and_the_version_to_insist_with(
    catalogue: CatalogueDatabase, staff: TestApp, other: TestApp, open_batch: int
) -> None:
    url = url_of(open_batch, "rows", 1, "cell")
    json_post(other, url, 200, {"field": "new_price", "value": "2.30", "version": "1"})
    answer = json_post(staff, url, 409, {"field": "new_price", "value": "2.40", "version": "1"})
    assert (answer["mine"], answer["theirs"], answer["version"]) == ("2.40", "2.30", 2)
    assert catalogue.row(open_batch, 1).new_price == Decimal("2.30")
    json_post(staff, url, 200, {"field": "new_price", "value": "2.40", "version": str(answer["version"])})
    assert catalogue.row(open_batch, 1).new_price == Decimal("2.40")


def test_a_header_saved_by_somebody_else_meanwhile_shows_both_values(
    catalogue: CatalogueDatabase, staff: TestApp, other: TestApp, open_batch: int
) -> None:
    url = url_of(open_batch, "edit")
    mine, theirs = (form_with(browser.get(url), "description") for browser in (staff, other))
    save(theirs, 303, description="Summer prices", notes="Theirs")
    before = catalogue.dump()
    page = save(mine, 409, description="Winter prices", warn_above="5")
    assert sides(page)["Description"] == ("Winter prices", "Summer prices")
    assert catalogue.dump() == before
    again = form_with(page, "description")
    assert (again["description"].value, again["warn_above"].value) == ("Winter prices", "5")
    again.submit(status=303)
    assert catalogue.batch(open_batch).description == "Winter prices"


def test_a_row_edited_meanwhile_is_not_removed_unseen(
    catalogue: CatalogueDatabase, staff: TestApp, other: TestApp, open_batch: int
) -> None:
    remove = form_to(staff.get(url_of(open_batch, "rows", 1)), "/remove")
    save(form_with(other.get(url_of(open_batch, "rows", 1)), "new_price"), 303, new_price="2.30")
    page = remove.submit(status=409)
    assert "was changed by" in text_of(page)
    assert not catalogue.row(open_batch, 1).removed


def test_a_row_removed_meanwhile_is_not_edited_unseen(
    catalogue: CatalogueDatabase, staff: TestApp, other: TestApp, open_batch: int
) -> None:
    form = form_with(staff.get(url_of(open_batch, "rows", 1)), "new_price")
    form_to(other.get(url_of(open_batch, "rows", 1)), "/remove").submit(status=303)
    page = save(form, 409, new_price="2.40")
    assert "Row 1 is removed: restore it to change it." in text_of(page)
    assert catalogue.row(open_batch, 1).new_price == Decimal("2.20")
    answer = json_post(
        staff,
        url_of(open_batch, "rows", 1, "cell"),
        409,
        {"field": "new_price", "value": "2.40", "version": "1"},
    )
    assert "restore it" in answer["error"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_batch_completed_meanwhile_refuses_the_edit_and_says_why(
    catalogue: CatalogueDatabase, staff: TestApp, other: TestApp, open_batch: int
) -> None:
    form = form_with(staff.get(url_of(open_batch, "rows", 1)), "new_price")
    form_to(other.get(url_of(open_batch)), "/complete").submit(status=303)
    page = save(form, 409, new_price="2.40")
    assert "marked complete" in text_of(page)
    assert catalogue.row(open_batch, 1).new_price == Decimal("2.20")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_button_pressed_twice_says_the_second_time_what_happened(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    page = staff.get(url_of(open_batch))
    form_to(page, "/complete").submit(status=303)
    before = catalogue.dump()
    again = form_to(page, "/complete").submit(status=409)
    assert "marked complete already" in text_of(again) or "was marked complete by staff" in text_of(again)
    assert catalogue.dump() == before
    remove = form_to(page, "/refresh").submit(status=409)
    assert "reopen it" in text_of(remove)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_post_that_does_not_say_what_it_saw_changes_nothing(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    before = catalogue.dump()
    fields = {"new_price": "9.00", "item_code": "1", "description": "x"}
    for more in (("rows", 1, "edit"), ("rows", 1, "remove"), ("edit",)):
        for version in ({}, {"version": ""}, {"version": "x"}, {"version": "-1"}, {"version": "9" * 30}):
            page = post(staff, url_of(open_batch, *more), 400, **fields, **version)
            assert "which version" in text_of(page)
    assert catalogue.dump() == before
