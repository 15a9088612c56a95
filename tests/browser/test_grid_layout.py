"""The columns of a grid: what somebody chose in the menu is there after a reload and in another browser."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page
from tests.functional.harness import url_of

from .grid_page import cell
from .visits import Visits

#: The columns that are shown: name, width in pixels, and whether they stay when the grid is scrolled sideways.
COLUMNS = """() => [...document.querySelectorAll('thead th')].filter((head) => !head.hidden).map((head) =>
  [head.dataset.field, Math.round(head.getBoundingClientRect().width), getComputedStyle(head).left !== 'auto'])"""


def choose(page: Page, field: str, name: str) -> None:
    """Choose an entry of the menu of a cell, and wait until it is remembered."""
    cell(page, 1, field).click(button="right")
    with page.expect_response("**/layout") as answer:
        page.get_by_role("menuitem", name=name, exact=True).click()
    assert answer.value.ok
    page.keyboard.press("Escape")


def columns_of(page: Page) -> list[Any]:
    """Return the columns of a grid that is ready."""
    page.locator("row-grid[data-ready]").wait_for()
    columns: list[Any] = page.evaluate(COLUMNS)
    return columns


def test_columns_stay_as_they_were_chosen(staff_page: Page, visits: Visits, open_batch: int) -> None:
    staff_page.goto(url_of(open_batch))
    before = {name: width for name, width, _ in columns_of(staff_page)}
    choose(staff_page, "new_price", "Wider")
    choose(staff_page, "new_price", "Move left")
    choose(staff_page, "description", "Freeze up to here")
    choose(staff_page, "item_code", "Hide")
    chosen = columns_of(staff_page)
    names = [name for name, _, _ in chosen]
    assert "item_code" not in names
    assert names.index("new_price") == names.index("old_price") - 1
    assert {name: width for name, width, _ in chosen}["new_price"] > before["new_price"]
    assert [name for name, _, is_frozen in chosen if is_frozen] == ["sequence", "description"]
    staff_page.reload()
    assert columns_of(staff_page) == chosen
    other = visits.sign_in("staff")
    other.goto(url_of(open_batch))
    assert columns_of(other) == chosen
    # They are those of one person.
    admin = visits.sign_in("admin")
    admin.goto(url_of(open_batch))
    assert [name for name, _, _ in columns_of(admin)] == list(before)


#: For each frozen column: whether its heading and its cell are what is seen in their places.
SEEN = """() => [...document.querySelectorAll('thead th')].filter((head) => getComputedStyle(head).left !== 'auto').flatMap((head) =>
  [head, document.querySelector(`tbody tr [data-field="${head.dataset.field}"]`)].map((one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    const color = getComputedStyle(one).backgroundColor;
    const seen = document.elementFromPoint(x + width / 2, y + height / 2);
    return one.contains(seen) && color.startsWith('rgb(');
  }))"""


def test_frozen_columns_cover_what_is_scrolled_under_them(
    staff_page: Page, visits: Visits, open_batch: int
) -> None:
    for page in (staff_page, visits.sign_in("staff", java_script_enabled=False)):
        page.set_viewport_size({"width": 800, "height": 800})
        page.goto(url_of(open_batch))
        if page is staff_page:
            columns_of(page)
        page.locator("tbody tr").first.locator("td").last.scroll_into_view_if_needed()
        seen = page.evaluate(SEEN)
        assert seen
        assert all(seen)
