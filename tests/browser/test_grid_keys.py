"""The keys of the grid: moving, selecting, filling, emptying and finding."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.functional.harness import CatalogueDatabase, url_of

from .grid_page import all_saved, cell, editor, is_focused, status, stored

#: The row, from 1, and the column of the cell with the focus.
PLACE = """() => {
  const cell = document.activeElement.closest('.cell, .head');
  return [Number(cell.closest('tr').getAttribute('aria-rowindex')) - 1, cell.dataset.field];
}"""
SELECTED = "() => document.querySelectorAll('[aria-selected=true]').length"


@pytest.fixture
def grid(staff_page: Page, open_batch: int) -> Page:
    """The page of an open batch of eight rows."""
    staff_page.goto(url_of(open_batch))
    cell(staff_page, 3).click()
    return staff_page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_arrows_and_their_friends_move_and_extend(grid: Page) -> None:
    steps = {
        "ArrowLeft": [3, "old_price"],
        "ArrowDown": [4, "old_price"],
        "ArrowRight": [4, "new_price"],
        "ArrowUp": [3, "new_price"],
        "Home": [3, "sequence"],
        "End": [3, "status_text"],
        "Control+Home": [1, "sequence"],
        "Control+End": [8, "status_text"],
        "PageUp": [1, "status_text"],
        "PageDown": [8, "status_text"],
    }
    for key, place in steps.items():
        press(grid, key)
        assert grid.evaluate(PLACE) == place, key
        assert grid.evaluate(SELECTED) == 1
    cell(grid, 3).click()
    press(grid, "Shift+ArrowDown", "Shift+ArrowLeft")
    assert grid.evaluate(SELECTED) == 4
    press(grid, "Shift+Home")
    assert grid.evaluate(SELECTED) == 2 * 7
    press(grid, "Escape")
    assert grid.evaluate(SELECTED) == 1
    # One tab stop: behind the last cell that can be edited, Tab leaves the grid, and comes back to where one was.
    press(grid, "End", "Tab")
    assert not grid.evaluate("document.querySelector('table.grid').contains(document.activeElement)")
    press(grid, "Shift+Tab")
    assert grid.locator("table.grid [tabindex='0']").count() == 1


def test_control_with_an_arrow_goes_to_the_edge_of_the_filled_cells(grid: Page) -> None:
    press(grid, "Control+ArrowDown")
    assert grid.evaluate(PLACE) == [8, "new_price"]
    press(grid, "Control+ArrowUp")
    assert grid.evaluate(PLACE) == [1, "new_price"]
    press(grid, "Control+ArrowLeft")
    assert grid.evaluate(PLACE)[0] == 1
    press(grid, "Control+ArrowRight")
    assert grid.evaluate(PLACE)[0] == 1


def test_rows_columns_and_everything_are_selected(grid: Page) -> None:
    columns = grid.locator("thead th").count()
    press(grid, "Shift+Space")
    assert grid.evaluate(SELECTED) == columns
    press(grid, "Control+a")
    assert grid.evaluate(SELECTED) == columns * 8
    cell(grid, 3).click()
    press(grid, "Control+Space")
    assert grid.evaluate(SELECTED) == 8
    expect(grid.locator("grid-foot")).to_contain_text("8 cells · Count 8 · Sum")


def test_a_selection_is_emptied_filled_and_taken_back(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    before = stored(catalogue, open_batch)
    press(grid, "Shift+ArrowDown", "Delete")
    expect(cell(grid, 4)).to_contain_text("empty")
    assert stored(catalogue, open_batch)[2:4] == ["None", "None"]
    cell(grid, 1).click()
    press(grid, "Shift+ArrowDown", "Shift+ArrowDown", "Control+d")
    expect(cell(grid, 3)).to_have_text("2.20")
    assert stored(catalogue, open_batch)[:3] == ["2.20"] * 3
    # A text in all of the selection, while editing.
    grid.keyboard.type("5")
    press(grid, "Control+Enter")
    expect(cell(grid, 3)).to_have_text("5.00")
    assert stored(catalogue, open_batch)[:3] == ["5.00"] * 3
    assert len(before) == 8
    # Texts that the column cannot hold stay in their cells.
    cell(grid, 1).click()
    press(grid, "Shift+ArrowDown")
    grid.keyboard.type("cheap")
    press(grid, "Control+Enter")
    expect(grid.locator("[data-save=refused]")).to_have_count(2)
    expect(status(grid)).to_contain_text("2 cells were not saved.")
    press(grid, "F8")
    expect(editor(grid)).to_have_value("cheap")
    press(grid, "Escape", "F8", "Escape")
    all_saved(grid)
    assert stored(catalogue, open_batch)[:2] == ["5.00"] * 2


def test_the_next_problem_is_a_key_away(grid: Page) -> None:
    press(grid, "F8")
    is_focused(cell(grid, 8))
    expect(grid.locator("#announcer")).to_contain_text("is not a number")


def test_the_page_that_replaces_is_a_key_away_and_knows_the_column(grid: Page) -> None:
    press(grid, "Control+h")
    grid.wait_for_url("**/rows/replace?*")
    assert "column=new_price" in grid.url
    expect(grid.get_by_label("Replace with")).to_be_visible()


def test_a_cell_leads_to_its_history_and_to_rows_like_it(grid: Page, open_batch: int) -> None:
    for key in ("Shift+F2", "Control+Shift+H"):
        cell(grid, 3).focus()
        press(grid, key)
        grid.wait_for_url(f"**{url_of(open_batch, 'rows', 3, 'cells', 'new_price', 'history')}")
        grid.go_back()
    cell(grid, 3, "item_code").click()
    press(grid, "Shift+F10")
    expect(grid.get_by_role("menuitem", name="History of this cell")).to_contain_text("Shift+F2")
    text = cell(grid, 3, "item_code").text_content()
    grid.get_by_role("menuitem", name="Same as this cell").click()
    grid.wait_for_url("**f.item_code.equal=*")
    expect(grid.locator("tr[data-row]")).to_have_count(1)
    expect(cell(grid, 3, "item_code")).to_have_text(text or "")


def test_find_leads_from_one_to_the_next(grid: Page) -> None:
    press(grid, "Control+f")
    box = grid.get_by_role("searchbox", name="Find in the grid")
    expect(box).to_be_focused()
    grid.keyboard.type("bread")
    press(grid, "Enter")
    expect(grid.locator(".find-said")).to_contain_text("found in row")
    first = grid.evaluate("document.querySelector('row-grid').selection.focus")
    press(grid, "Escape", "Control+g")
    assert grid.evaluate("document.querySelector('row-grid').selection.focus") != first
    press(grid, "Control+f")
    box.fill("nowhere")
    press(grid, "Enter")
    expect(grid.locator(".find-said")).to_contain_text("was not found")


def test_the_menu_has_what_keys_do(grid: Page, catalogue: CatalogueDatabase, open_batch: int) -> None:
    press(grid, "Shift+F10")
    menu = grid.get_by_role("menu")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    press(grid, "ArrowUp", "Home", "ArrowDown")
    expect(menu.get_by_role("menuitem", name="Empty")).to_be_focused()
    by_key = menu.get_by_role("menuitem").all_inner_texts()
    press(grid, "Escape")
    is_focused(cell(grid, 3))
    cell(grid, 3).click(button="right")
    assert menu.get_by_role("menuitem").all_inner_texts() == by_key
    menu.get_by_role("menuitem", name="Empty").click()
    expect(cell(grid, 3)).to_contain_text("empty")
    assert stored(catalogue, open_batch)[2] == "None"
    cell(grid, 5).click(button="right")
    width = grid.locator("th[data-field=new_price]").bounding_box()
    assert width is not None
    menu.get_by_role("menuitem", name="Wider").click()
    wider = grid.locator("th[data-field=new_price]").bounding_box()
    assert wider is not None
    assert wider["width"] > width["width"]
    menu.get_by_role("menuitem", name="Move left").click()
    assert grid.locator("thead th").nth(5).get_attribute("data-field") == "new_price"
    is_focused(cell(grid, 5))


def test_a_new_line_and_the_list_of_keys(grid: Page, catalogue: CatalogueDatabase, open_batch: int) -> None:
    cell(grid, 4, "item_code").click()
    grid.keyboard.type("one")
    press(grid, "Alt+Enter")
    grid.keyboard.type("two")
    expect(grid.locator("textarea.cell-editor")).to_have_value("one\ntwo")
    press(grid, "Escape", "Control+/")
    expect(grid.get_by_role("dialog")).to_contain_text("Fill down")


def test_a_row_is_filled_to_the_right_and_today_is_a_key(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    cell(grid, 1, "item_code").click()
    for _ in range(6):
        press(grid, "Shift+ArrowRight")
    press(grid, "Control+r")  # Its text is no price, and stays there.
    expect(grid.locator("#announcer")).to_contain_text("cell")
    # Beside a column whose texts it takes, the text of the first is in all of them.
    grid.evaluate(
        "document.querySelector('row-grid').moveColumn(document.querySelector('th[data-field=new_price]').cellIndex, 1)"
    )
    cell(grid, 2).click()
    press(grid, "Shift+ArrowRight", "Shift+ArrowDown", "Control+r")
    expect(cell(grid, 2, "item_code")).to_have_text("8.00")
    expect(cell(grid, 3, "item_code")).to_have_text("2.70")
    assert [catalogue.row(open_batch, row).item_code for row in (2, 3)] == ["8.00", "2.70"]
    assert stored(catalogue, open_batch)[1:3] == ["8.00", "2.70"]
    cell(grid, 4).click()
    press(grid, "Control+x")
    expect(cell(grid, 4)).to_contain_text("empty")
    assert stored(catalogue, open_batch)[3] == "None"
    cell(grid, 4, "item_code").click()
    press(grid, "Control+;")
    expect(cell(grid, 4, "item_code")).to_contain_text("20")
