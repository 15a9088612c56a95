"""The page of a batch as a workbench: how many rows are in sight, panels beside them, the full window, cards."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.functional.harness import CatalogueDatabase, number_in, upload, url_of
from webtest import TestApp

from .eyes import SIDEWAYS, problems_now
from .visits import Visits

#: The number of rows that can be seen as a whole, without those under the heading.
IN_SIGHT = """() => {
  const scroll = document.querySelector(".grid-scroll"), box = scroll.getBoundingClientRect();
  const top = scroll.querySelector("thead").getBoundingClientRect().bottom - 1;
  const bottom = Math.min(box.top + scroll.clientTop + scroll.clientHeight, innerHeight) + 1;
  const boxes = [...scroll.querySelectorAll("[data-row]")].map((row) => row.getBoundingClientRect());
  return boxes.filter((row) => row.top >= top && row.bottom <= bottom).length;
}"""


@pytest.fixture
def long_batch(catalogue: CatalogueDatabase, staff: TestApp) -> int:
    """A batch of 60 rows, some with problems."""
    rows = "".join(f"0000{n:05},LOAF {n},500 G,{'cheap' if n % 20 == 1 else '1.50'}\n" for n in range(60))
    return number_in(upload(staff, f"item_code,description,size,price\n{rows}", description="Loaves"))


def test_most_of_the_window_is_rows(visits: Visits, long_batch: int) -> None:
    for scripts in (True, False):
        page = visits.sign_in("staff", java_script_enabled=scripts)
        page.goto(url_of(long_batch))
        for width, height, rows in ((1440, 900, 24), (1280, 720, 18)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(IN_SIGHT) >= rows, (scripts, width)
            assert not page.evaluate(SIDEWAYS)
        # The same windows enlarged to 200 %, and one of 1280 pixels to 400 %.
        for width, height in ((720, 450), (640, 360), (320, 256)):
            page.set_viewport_size({"width": width, "height": height})
            assert not page.evaluate(SIDEWAYS), (scripts, width)


def test_panels_open_beside_the_rows_and_the_grid_may_have_the_whole_window(
    visits: Visits, long_batch: int, open_batch: int
) -> None:
    page = visits.sign_in("staff")
    page.goto(url_of(long_batch))
    page.locator("#breakdown").get_by_role("link", name="Invalid").click()
    expect(page.locator("table.grid tbody tr[data-row]")).to_have_count(3)
    page.wait_for_load_state()
    with page.expect_response("**/layout"):
        page.locator("summary", has_text="History").click()
    expect(page.locator("#panel-history")).to_be_visible()
    expect(page.locator("#breakdown")).to_be_hidden()
    panel, grid = page.locator("#panel-history").bounding_box(), page.locator(".grid-scroll").bounding_box()
    assert panel is not None
    assert grid is not None
    assert panel["x"] >= grid["x"] + grid["width"]
    with page.expect_response("**/layout"):
        page.keyboard.press("Control+Shift+F")
    expect(page.locator(".topbar")).to_be_hidden()
    assert problems_now(page) == []
    with page.expect_response("**/layout"):
        page.keyboard.press("Control+Shift+F")
    expect(page.locator(".topbar")).to_be_visible()
    # The choice is that of the person, in all batches of the type and in another browser.
    again = visits.sign_in("staff")
    again.goto(url_of(open_batch))
    expect(again.locator("#panel-history")).to_be_visible()
    with again.expect_response("**/layout"):
        again.locator("summary", has_text="History").click()
    page.goto(url_of(long_batch))
    expect(page.locator(".side-body:visible")).to_have_count(0)


def test_rows_are_cards_in_a_narrow_window_and_can_be_edited(visits: Visits, open_batch: int) -> None:
    page = visits.sign_in("staff", viewport={"width": 390, "height": 844})
    page.goto(f"{url_of(open_batch)}?panel=")
    price = page.locator("[data-key='1'] [data-field=new_price]")
    label = price.evaluate("(cell) => getComputedStyle(cell, '::before').content")
    assert label == '"New price"'
    boxes = [one.bounding_box() for one in page.locator("[data-key='1'] > .cell:visible").all()]
    assert all(box is not None and box["width"] > 300 for box in boxes)
    assert not page.evaluate(SIDEWAYS)
    price.dblclick()
    price.get_by_role("textbox").fill("2.35")
    price.get_by_role("textbox").press("Enter")
    expect(price).to_have_text("2.35")
    expect(page.locator(".save-status:visible")).to_have_count(0)


def test_menus_close_by_escape_and_by_a_press_elsewhere(staff_page: Page, open_batch: int) -> None:
    page = staff_page
    page.goto(url_of(open_batch))
    page.wait_for_load_state()
    columns = page.locator(".columns-menu")
    columns.locator("summary").click()
    columns.get_by_label("Position of Size").focus()
    page.keyboard.press("Escape")
    expect(columns.get_by_label("Position of Size")).to_be_hidden()
    expect(columns.locator("summary")).to_be_focused()
    columns.locator("summary").click()
    page.locator(".file-menu summary").click()
    expect(columns.get_by_label("Position of Size")).to_be_hidden()
    page.locator("h1").click()
    expect(page.get_by_role("link", name="Download worksheet")).to_be_hidden()
    page.evaluate("document.querySelectorAll('.menu, .filters').forEach((menu) => (menu.open = true))")
    assert problems_now(page) == []
