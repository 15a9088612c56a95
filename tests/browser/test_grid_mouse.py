"""The grid by the pointer: selecting, the fill handle, and the edges of columns; and by the keys of a Mac."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.functional.harness import CatalogueDatabase, url_of

from .grid_page import cell, editor, stored
from .visits import Visits

SELECTED = "() => document.querySelectorAll('[aria-selected=true]').length"


@pytest.fixture
def grid(staff_page: Page, open_batch: int) -> Page:
    """The page of an open batch of eight rows."""
    staff_page.goto(url_of(open_batch))
    cell(staff_page, 1).click()
    return staff_page


def middle_of(place: Locator) -> tuple[float, float]:
    """Return the point in the middle of an element."""
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def draw(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Press at one point, move to the other, and let go."""
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()


def test_cells_are_selected_by_drawing_and_by_shift_and_opened_by_a_double_click(grid: Page) -> None:
    draw(grid, middle_of(cell(grid, 2, "old_price")), middle_of(cell(grid, 4)))
    assert grid.evaluate(SELECTED) == 2 * 3
    expect(editor(grid)).to_have_count(0)
    cell(grid, 1).click()
    cell(grid, 5).click(modifiers=["Shift"])
    assert grid.evaluate(SELECTED) == 5
    cell(grid, 7).click(modifiers=["Control"])
    assert grid.evaluate(SELECTED) == 6
    cell(grid, 3).dblclick()
    expect(editor(grid)).to_have_value("2.70")


def test_the_fill_handle_copies_one_cell_and_goes_on_with_a_series_of_two(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    handle = grid.locator(".fill-handle")
    draw(grid, middle_of(handle), middle_of(cell(grid, 3)))
    expect(cell(grid, 3)).to_have_text("2.20")
    assert stored(catalogue, open_batch)[:4] == ["2.20", "2.20", "2.20", "0.50"]
    cell(grid, 4).click()
    cell(grid, 5).click(modifiers=["Shift"])
    draw(grid, middle_of(handle), middle_of(cell(grid, 7)))
    expect(cell(grid, 7)).to_have_text("0.20")  # From 0.50 over 0.40.
    assert stored(catalogue, open_batch)[3:7] == ["0.50", "0.40", "0.30", "0.20"]


def test_a_double_click_on_the_edge_of_a_column_fits_it(grid: Page) -> None:
    head = grid.locator("th[data-field=description]")
    box = head.bounding_box()
    assert box is not None
    edge = (box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    draw(grid, edge, (edge[0] + 150, edge[1]))
    wide = head.bounding_box()
    assert wide is not None
    assert wide["width"] > box["width"] + 100
    address = grid.url
    grid.mouse.dblclick(edge[0] + 150, edge[1])
    fit = head.bounding_box()
    assert fit is not None
    assert fit["width"] < wide["width"]
    assert grid.url == address  # It did not sort.


def test_a_mac_has_cmd_where_others_have_ctrl(
    visits: Visits, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    page = visits.open()
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'platform', { get: () => 'MacIntel' })")
    page.goto("/login")
    page.get_by_label("User name").fill("staff")
    page.get_by_label("Password").fill(visits.passwords["staff"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{visits.address}/")
    page.goto(url_of(open_batch))
    cell(page, 1).click()
    for key in ("Shift+ArrowDown", "Control+d"):
        page.keyboard.press(key)
    assert stored(catalogue, open_batch)[:2] == ["2.20", "8.00"]
    page.keyboard.press("Meta+d")
    expect(cell(page, 2)).to_have_text("2.20")
    page.keyboard.press("Meta+z")
    expect(cell(page, 2)).to_have_text("8.00")
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("menu")).to_contain_text("Cmd+D")
