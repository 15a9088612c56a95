"""The page of a batch as a workbench: how many rows are in sight, panels beside them, the full window, cards."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
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


def test_panels_open_beside_the_rows_and_the_grid_may_have_the_whole_window(
    visits: Visits, long_batch: int, open_batch: int
) -> None:
    page = visits.sign_in("staff")
    page.goto(url_of(long_batch))
    page.locator("#breakdown").get_by_role("link", name="Invalid").click()
    expect(page.locator("table.grid tbody tr")).to_have_count(3)
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
