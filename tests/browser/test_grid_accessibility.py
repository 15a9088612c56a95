"""The grid for everyone: as the accessibility tree tells it, in the system's colours, enlarged, and by touch."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.functional.harness import CatalogueDatabase, number_in, upload, url_of
from webtest import TestApp

from .eyes import SIDEWAYS, problems_now
from .grid_page import all_saved, cell, change, editor, enter, is_focused, row_of
from .visits import Visits

OUTLINE = "(cell) => [getComputedStyle(cell).outlineStyle, getComputedStyle(cell).outlineWidth]"


@pytest.fixture
def grid(staff_page: Page, open_batch: int) -> Page:
    """The page of an open batch of eight rows."""
    staff_page.goto(url_of(open_batch))
    cell(staff_page, 1).click()
    return staff_page


def tree_of(page: Page) -> list[tuple[str, str, dict[str, Any]]]:
    """Return role, name and properties of all that assistive technology is told."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    return [
        (
            node["role"]["value"],
            node.get("name", {}).get("value", ""),
            {one["name"]: one["value"].get("value") for one in node.get("properties", [])},
        )
        for node in nodes
        if not node["ignored"]
    ]


def test_a_screen_reader_hears_of_the_grid_its_cells_and_what_becomes_of_edits(
    grid: Page, admin: TestApp, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    heard = grid.locator("#announcer")
    expect(heard).to_have_attribute("aria-live", "polite")
    grid.keyboard.press("Shift+ArrowDown")
    tree = tree_of(grid)
    names = [name for role, name, _ in tree if role == "grid"]
    assert names == ["Rows of batch 00000001"]
    heads = [name for role, name, _ in tree if role == "columnheader"]
    assert heads[:3] == ["Row", "Item code", "Description"]
    cells = [(name, told) for role, name, told in tree if role == "gridcell"]
    # The field that waits for what is typed is in the cell with the focus: each has its text once.
    assert [name for name, told in cells if told.get("selected")] == ["2.20", "8.00"]
    assert [name for role, name, told in tree if role == "textbox" and told.get("focused")] == [
        "New price 8.00"
    ]
    assert {told["readonly"] for name, told in cells if name == "RYE BREAD"} == {True}
    assert {told["readonly"] for name, told in cells if name == "2.20"} == {False}
    assert [name for name, told in cells if told.get("invalid") == "true"] != []
    # Saved, refused, in conflict.
    cell(grid, 3).click()
    enter(grid, "2.75")
    expect(heard).to_contain_text("Row 3: New price saved.")
    enter(grid, "dear")
    expect(heard).to_contain_text("1 cell was not saved.")
    refused = [(name, told) for role, name, told in tree_of(grid) if role == "gridcell" and "dear" in name]
    assert len(refused) == 1
    assert "not saved" in refused[0][0]
    assert refused[0][1]["invalid"] == "true"
    cell(grid, 1).click()
    grid.keyboard.type("2.40")
    change(admin, open_batch, 1, "2.30")
    grid.keyboard.press("Enter")
    expect(cell(grid, 1)).to_have_attribute("data-save", "conflict")
    expect(heard).to_contain_text(
        "2 cells were not saved, 1 of them because of a conflict: somebody else changed"
    )
    expect(heard).to_contain_text("arrow down leads to the choice between your value and theirs.")
    told = [name for role, name, _ in tree_of(grid) if role == "gridcell" and "2.40" in name]
    assert "in conflict with what somebody else saved meanwhile: open the cell to choose" in told[0]


def test_counts_and_places_are_those_of_all_rows_and_sorting_is_told(
    staff_page: Page, staff: TestApp, catalogue: CatalogueDatabase
) -> None:
    lines = "".join(f"9{row:08},ITEM {row},1 KG,1.00\n" for row in range(1, 401))
    staff_page.goto(url_of(number_in(upload(staff, f"item_code,description,size,price\n{lines}"))))
    grid = staff_page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", "401")
    expect(grid).to_have_attribute("aria-colcount", str(staff_page.locator("thead th").count()))
    cell(staff_page, 1).click()
    staff_page.keyboard.press("Control+End")
    expect(row_of(staff_page, 400)).to_have_attribute("aria-rowindex", "401")
    expect(cell(staff_page, 400)).to_have_attribute("aria-colindex", "7")
    head = staff_page.get_by_role("columnheader", name="Description")
    head.get_by_role("link").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(staff_page.locator("[aria-sort]")).to_have_count(1)


def test_focus_and_selection_are_seen_in_the_colours_of_the_system(grid: Page) -> None:
    grid.emulate_media(forced_colors="active", reduced_motion="reduce")
    grid.keyboard.press("Shift+ArrowDown")
    assert cell(grid, 1).evaluate(OUTLINE) == ["solid", "1px"]  # Selected.
    assert cell(grid, 2).evaluate(OUTLINE) == ["solid", "2px"]  # Selected, with the focus.
    assert cell(grid, 3).evaluate(OUTLINE)[0] == "none"
    enter(grid, "8.10")
    all_saved(grid)
    assert row_of(grid, 2).evaluate("(row) => parseFloat(getComputedStyle(row).animationDuration)") < 0.001


def test_bars_menus_and_dialogs_of_the_grid_are_without_faults(grid: Page) -> None:
    for key, role in (("Control+f", "searchbox"), ("Shift+F10", "menu"), ("Control+/", "dialog")):
        grid.set_viewport_size({"width": 1440, "height": 900})
        cell(grid, 1).focus()
        grid.keyboard.press(key)
        expect(grid.locator("main, body").get_by_role(role).filter(visible=True).last).to_be_visible()
        assert problems_now(grid) == [], key
        grid.keyboard.press("Escape")


def test_a_small_enlarged_window_and_a_finger_lose_nothing(
    visits: Visits, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    page = visits.sign_in(
        "staff", has_touch=True, viewport={"width": 720, "height": 450}, device_scale_factor=2
    )
    page.goto(url_of(open_batch))
    assert not page.evaluate(SIDEWAYS)
    cell(page, 2).tap()
    is_focused(cell(page, 2))
    expect(editor(page)).to_have_count(0)  # The first one chooses.
    cell(page, 3).tap()
    is_focused(cell(page, 3))
    expect(editor(page)).to_have_count(0)
    for _ in range(2):
        cell(page, 2).tap()
    expect(editor(page)).to_be_focused()
    editor(page).fill("8.20")
    page.keyboard.press("Enter")
    expect(cell(page, 2)).to_have_text("8.20")
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("menuitem", name="Fill down")).to_be_in_viewport()
