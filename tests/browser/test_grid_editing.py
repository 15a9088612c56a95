"""Cells edited in their place in the grid, by mouse and by keyboard."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update
from tests.functional.harness import CatalogueDatabase, json_post, url_of
from webtest import TestApp

from batchbook.batches import issue
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.models import PriceChangeRow

from .grid_page import cell, editor, is_focused, row_of
from .modules import static_files


@pytest.fixture
def grid(staff_page: Page, open_batch: int) -> Page:
    """The page of an open batch."""
    staff_page.goto(url_of(open_batch))
    return staff_page


def test_a_click_chooses_a_cell_and_the_second_opens_it(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    cell(grid, 1).click()
    is_focused(cell(grid, 1))
    expect(editor(grid)).to_have_count(0)
    cell(grid, 1).click()
    expect(editor(grid)).to_be_focused()
    expect(editor(grid)).to_have_value("2.20")
    editor(grid).fill("2.55")
    grid.locator("h1").click()  # Leaving the cell saves it.
    expect(cell(grid, 1)).to_have_attribute("data-text", "2.55")
    assert catalogue.row(open_batch, 1).new_price == Decimal("2.55")
    expect(grid).to_have_url(grid.url)


def test_enter_saves_and_goes_down_and_the_row_and_the_counts_follow(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    cell(grid, 1).focus()
    grid.keyboard.press("Enter")
    grid.keyboard.type("1.50")
    grid.keyboard.press("Enter")
    is_focused(cell(grid, 2))
    expect(row_of(grid, 1)).to_contain_text("Decrease")
    expect(grid.locator("#breakdown")).to_contain_text("2 ▼ Decrease")
    expect(grid.locator("#announcer")).to_contain_text("Row 1: New price saved.")
    assert catalogue.row(open_batch, 1).status == "decrease"
    # A figure begins anew; Shift with Enter goes up.
    grid.keyboard.press("3")
    expect(editor(grid)).to_have_value("3")
    grid.keyboard.press("Shift+Enter")
    is_focused(cell(grid, 1))
    expect(grid.locator("#announcer")).to_contain_text("Row 2: New price saved.")
    assert catalogue.row(open_batch, 2).new_price == Decimal("3.00")


def test_the_counts_keep_their_mark(grid: Page, catalogue: CatalogueDatabase, open_batch: int) -> None:
    marked = grid.locator("#breakdown a[aria-current]")
    for address, label in ((grid.url, "All"), (f"{grid.url}?f.status.equal=increase", "Increase")):
        grid.goto(address)
        expect(marked).to_contain_text(label)
        cell(grid, 1).focus()
        grid.keyboard.press("Enter")
        editor(grid).fill("2.90" if label == "All" else "2.95")
        grid.keyboard.press("Enter")
        expect(grid.locator("#announcer")).to_contain_text("Row 1: New price saved.")
        expect(marked).to_have_count(1)
        expect(marked).to_contain_text(label)


def test_tab_saves_and_goes_right_and_back(grid: Page, catalogue: CatalogueDatabase, open_batch: int) -> None:
    cell(grid, 5, "item_code").focus()
    grid.keyboard.press("F2")
    grid.keyboard.type("000000099")
    grid.keyboard.press("Tab")
    is_focused(cell(grid, 5))
    expect(row_of(grid, 5)).to_contain_text("Duplicate in list")
    assert catalogue.row(open_batch, 5).item_code == "000000099"
    grid.keyboard.press("Enter")
    grid.keyboard.press("Shift+Tab")
    is_focused(cell(grid, 5, "item_code"))
    grid.keyboard.press("ArrowUp")
    is_focused(cell(grid, 4, "item_code"))
    grid.keyboard.press("Tab")  # Over the columns that cannot be edited.
    is_focused(cell(grid, 4))


def test_escape_takes_nothing_over(grid: Page, catalogue: CatalogueDatabase, open_batch: int) -> None:
    cell(grid, 1).focus()
    grid.keyboard.press("Enter")
    grid.keyboard.type("9.99")
    grid.keyboard.press("Escape")
    expect(editor(grid)).to_have_count(0)
    is_focused(cell(grid, 1))
    expect(cell(grid, 1)).to_have_text("2.20")
    assert catalogue.row(open_batch, 1).version == 1


def test_what_is_no_price_stays_in_its_cell_with_the_reason(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    cell(grid, 1).focus()
    grid.keyboard.press("Enter")
    grid.keyboard.type("cheap")
    grid.keyboard.press("Enter")
    # Whoever types on is not disturbed.
    expect(cell(grid, 1)).to_have_attribute("data-save", "refused")
    expect(cell(grid, 1)).to_contain_text("cheap✕, not saved. “cheap” is not a number")
    is_focused(cell(grid, 2))
    expect(grid.locator("cell-popover")).to_have_count(0)
    expect(grid.locator("save-status")).to_contain_text("1 cell was not saved.")
    expect(grid.locator("#announcer")).to_contain_text("1 cell was not saved. F8 goes to the next one.")
    grid.keyboard.press("F8")
    expect(grid.locator("cell-popover[role=alert]")).to_contain_text("cheap")
    expect(editor(grid)).to_be_focused()
    expect(editor(grid)).to_have_value("cheap")
    expect(editor(grid)).to_have_attribute("aria-invalid", "true")
    assert catalogue.row(open_batch, 1).version == 1
    editor(grid).fill("2.50")
    grid.keyboard.press("Enter")
    expect(cell(grid, 1)).to_have_attribute("data-text", "2.50")
    expect(grid.locator("[data-save]")).to_have_count(0)
    expect(grid.locator("save-status")).to_be_hidden()


def test_escape_gives_back_what_is_stored_in_a_cell_that_was_refused(grid: Page) -> None:
    for is_open in (True, False):
        cell(grid, 1).focus()
        grid.keyboard.press("Enter")
        grid.keyboard.type("cheap")
        grid.keyboard.press("Shift+Enter")
        expect(cell(grid, 1)).to_have_attribute("data-save", "refused")
        if is_open:
            grid.keyboard.press("F8")
        grid.keyboard.press("Escape")
        expect(grid.locator("[data-save]")).to_have_count(0)
        is_focused(cell(grid, 1))
        expect(cell(grid, 1)).to_have_text("2.20")
        expect(grid.locator("#announcer")).to_contain_text("“cheap” was discarded")


def test_ctrl_z_takes_the_last_edits_back(grid: Page, catalogue: CatalogueDatabase, open_batch: int) -> None:
    for row, price in ((1, "2.50"), (2, "7.00")):
        cell(grid, row).focus()
        grid.keyboard.press("Enter")
        grid.keyboard.type(price)
        grid.keyboard.press("Enter")
        expect(cell(grid, row)).to_have_attribute("data-text", price)
    for row, price in ((2, "8.00"), (1, "2.20")):
        cell(grid, 4).focus()
        grid.keyboard.press("Control+z")
        expect(cell(grid, row)).to_have_text(price)
        assert catalogue.row(open_batch, row).new_price == Decimal(price)
    # By the server, so that a reload takes nothing from it.
    grid.reload()
    cell(grid, 1).focus()
    grid.keyboard.press("Control+y")
    expect(cell(grid, 1)).to_have_text("2.50")
    grid.keyboard.press("Control+Shift+Z")
    expect(cell(grid, 2)).to_have_text("7.00")
    # The history keeps what was done and undone.
    assert catalogue.row(open_batch, 1).version == 4


def test_the_keyboard_leads_from_the_top_to_the_first_price_and_works_where_the_focus_lands(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    focused = "document.activeElement.closest('[data-cell]')?.dataset.field ?? document.activeElement.textContent.trim()"
    grid.evaluate("document.activeElement.blur()")
    grid.keyboard.press("e")  # No row has the focus, so nothing is edited and no page is left.
    for _ in range(8):
        grid.keyboard.press("Tab")
        if grid.evaluate(focused) == "Skip to rows":
            grid.keyboard.press("Enter")
        if grid.evaluate(focused) == "new_price":
            break
    assert grid.evaluate(focused) == "new_price"
    grid.evaluate("document.activeElement.blur()")
    grid.keyboard.press("j")
    assert grid.evaluate(focused) == "1"
    grid.keyboard.press("ArrowDown")
    grid.keyboard.press("j")
    assert grid.evaluate(focused) == "3"
    grid.keyboard.press("ArrowUp")
    grid.keyboard.press("ArrowRight")
    assert grid.evaluate(focused) == "item_code"
    grid.reload()
    grid.keyboard.press("j")
    grid.keyboard.type("7")
    expect(cell(grid, 1).locator(".cell-editor")).to_have_value("7")
    grid.keyboard.type(".77")
    grid.keyboard.press("Enter")
    expect(cell(grid, 1)).to_have_attribute("data-text", "7.77")


def test_the_other_value_of_a_conflict_can_be_kept(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int, admin: TestApp
) -> None:
    _conflict(grid, open_batch, admin)
    grid.get_by_role("button", name="Keep theirs").click()
    expect(editor(grid)).to_have_count(0)
    expect(cell(grid, 1)).to_contain_text("2.30")
    expect(row_of(grid, 1)).to_have_attribute("data-version", "2")
    expect(row_of(grid, 1)).to_contain_text("Increase")
    expect(grid.locator("#breakdown a[aria-current]")).to_contain_text("All")
    assert catalogue.row(open_batch, 1).new_price == Decimal("2.30")
    # The row as it now is can be edited on.
    cell(grid, 1).focus()
    grid.keyboard.press("Enter")
    editor(grid).fill("2.60")
    grid.keyboard.press("Enter")
    expect(row_of(grid, 1)).to_have_attribute("data-version", "3")


def test_ones_own_value_of_a_conflict_can_be_insisted_on(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int, admin: TestApp
) -> None:
    _conflict(grid, open_batch, admin)
    expect(editor(grid)).to_be_focused()  # A further Enter chooses nothing.
    grid.keyboard.press("ArrowDown")
    expect(grid.get_by_role("button", name="Use mine")).to_be_focused()
    grid.keyboard.press("Enter")
    expect(cell(grid, 1)).to_have_attribute("data-text", "2.40")
    is_focused(cell(grid, 1))
    assert catalogue.row(open_batch, 1).new_price == Decimal("2.40")
    grid.keyboard.press("Control+z")
    expect(cell(grid, 1)).to_have_text("2.30")


def _conflict(grid: Page, batch: int, somebody: TestApp) -> None:
    cell(grid, 1).focus()
    grid.keyboard.press("Enter")
    editor(grid).fill("2.40")
    fields = {"field": "new_price", "value": "2.30", "version": "1"}
    json_post(somebody, url_of(batch, "rows", 1, "cell"), 200, fields)
    grid.keyboard.press("Enter")
    expect(cell(grid, 1)).to_have_attribute("data-save", "conflict")
    expect(cell(grid, 1)).to_contain_text(
        "2.40≠, in conflict with what somebody else saved meanwhile: open the cell to choose."
    )
    is_focused(cell(grid, 2))
    cell(grid, 1).click(click_count=2)
    question = grid.get_by_role("group", name="Two versions of this cell")
    expect(question).to_contain_text("2.40")
    expect(question).to_contain_text("2.30")


def test_a_removed_row_and_a_complete_batch_have_no_cells_to_edit(
    staff_page: Page, catalogue: CatalogueDatabase, complete_batch: int
) -> None:
    staff_page.goto(url_of(complete_batch))
    expect(staff_page.locator("table.grid tbody tr")).to_have_count(8)
    expect(staff_page.locator("[data-cell]")).to_have_count(0)


def test_what_would_do_is_offered_beside_the_cell_and_fills_its_field(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    issues = [issue("new_price", "odd", "It has doubled.", suggestions=["2.10", "2.05"])]
    with transaction_scope(catalogue.engine) as session:
        wanted = update(PriceChangeRow).where(
            PriceChangeRow.sequence == 1, PriceChangeRow.batch_id == open_batch
        )
        session.execute(wanted.values(issues=issues))
    grid.get_by_role("button", name="Refresh").click()
    expect(grid.locator("#problem-count")).to_contain_text("2 rows have problems")
    grid.wait_for_load_state()  # Before that, a key on the cell's link would follow it.
    offer = grid.locator("cell-popover")
    cell(grid, 1).focus()
    grid.keyboard.press("Enter")
    expect(offer).to_contain_text("It has doubled.")
    grid.keyboard.press("ArrowDown")
    grid.keyboard.press("ArrowRight")
    grid.keyboard.press("Enter")
    expect(editor(grid)).to_be_focused()
    expect(editor(grid)).to_have_value("2.05")
    expect(cell(grid, 1)).to_contain_text("2.20!")  # Nothing is saved yet.
    offer.get_by_role("button", name="2.10").click()
    expect(editor(grid)).to_have_value("2.10")
    grid.keyboard.press("Enter")
    expect(cell(grid, 1)).to_have_attribute("data-text", "2.10")
    expect(offer).to_have_count(0)
    expect(grid.locator("#problem-count")).to_contain_text("1 row has problems")
    assert str(catalogue.row(open_batch, 1).new_price) == "2.10"


def test_a_date_is_typed_or_taken_from_the_calendar(staff_page: Page) -> None:
    with static_files() as address:
        staff_page.goto(address)
        staff_page.evaluate(
            """async () => {
              const { CellEditor } = await import("/js/grid/cell-editor.js");
              document.body.innerHTML = '<table><td data-cell data-text="2026-02-03"><a>2026-02-03</a></td></table>';
              const cell = document.querySelector("td");
              window.taken = [];
              const grid = {
                dataset: {}, addressOf: () => ({}), unsavedOf: () => undefined, textOf: () => cell.dataset.text,
                put: (_cell, text) => taken.push(text), step: () => {}, tell: () => {},
              };
              // The browser's own calendar would take the next key for as long as it is there.
              HTMLInputElement.prototype.showPicker = function () { window.shown = this.value; };
              window.open = () => new CellEditor(grid, cell, { kind: "date", label: "Valid from" }).begin();
              open();
            }"""
        )
        field, calendar = editor(staff_page), staff_page.get_by_label("Calendar: Valid from")
        staff_page.keyboard.press("Alt+ArrowDown")
        assert staff_page.evaluate("shown") == "2026-02-03"
        calendar.fill("2026-03-04")
        expect(field).to_be_focused()
        expect(field).to_have_value("2026-03-04")
        staff_page.keyboard.press("Enter")
        staff_page.evaluate("open()")
        calendar.focus()  # No look elsewhere.
        expect(field).to_have_count(1)
        staff_page.keyboard.press("Escape")
        expect(field).to_be_focused()
        staff_page.keyboard.type("5.4.2026")
        staff_page.keyboard.press("Enter")
        expect(calendar).to_have_count(0)
        assert staff_page.evaluate("taken") == ["2026-03-04", "5.4.2026"]
