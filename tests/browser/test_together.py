"""Two people in one batch at the same time: each sees what the other changes, and where the other is editing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.functional.harness import CatalogueDatabase, form_to, number_in, post, upload, url_of
from webtest import TestApp

from .detour import Detour
from .eyes import problems_now
from .grid_page import all_saved, cell, change, editor, enter, is_focused, row_of, status
from .serving import serving
from .visits import Visits

#: What somebody sees within two seconds, and what a busy machine adds, in milliseconds.
SOON = 10_000


@pytest.fixture
def detour(app: Any) -> Detour:
    """The application behind a network that can be made bad."""
    return Detour(app)


@pytest.fixture
def address(detour: Detour) -> Iterator[str]:
    """The address at which it is served."""
    with serving(detour, threads=8) as address:
        yield address
        detour.open.set()


@pytest.fixture
def mine(staff_page: Page, open_batch: int) -> Page:
    """The batch's page, at which staff are."""
    staff_page.goto(url_of(open_batch))
    return staff_page


@pytest.fixture
def theirs(visits: Visits, open_batch: int) -> Page:
    """The batch's page, at which an administrator is."""
    page = visits.sign_in("admin")
    page.goto(url_of(open_batch))
    return page


def test_changes_and_open_cells_of_others_appear(
    mine: Page, theirs: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    cell(theirs, 1).focus()
    theirs.keyboard.press("Enter")
    expect(cell(mine, 1)).to_have_attribute("data-editing", "admin", timeout=SOON)
    expect(cell(mine, 1)).to_have_attribute("aria-description", "admin is editing this cell")
    expect(mine.locator("#announcer")).to_have_text("admin is editing New price in row 1.")
    # Whoever opens the same cell is told, and goes on.
    cell(mine, 1).focus()
    mine.keyboard.press("Enter")
    expect(status(mine)).to_contain_text("admin is editing this cell too.")
    mine.keyboard.press("Escape")
    editor(theirs).fill("1.50")
    theirs.keyboard.press("Enter")
    expect(cell(mine, 1)).to_have_text("1.50", timeout=SOON)
    expect(row_of(mine, 1)).to_contain_text("Decrease")
    expect(mine.locator("#breakdown")).to_contain_text("2 ▼ Decrease")
    expect(mine.locator("[data-editing]")).to_have_count(0, timeout=SOON)
    is_focused(cell(mine, 1))
    # A row that becomes a duplicate of the edited one follows, too.
    cell(theirs, 2, "item_code").focus()
    enter(theirs, "000000014")
    expect(row_of(mine, 5)).to_contain_text("Duplicate in list", timeout=SOON)


def test_a_page_asks_every_two_seconds_what_others_changed(
    staff_page: Page, open_batch: int, admin: TestApp
) -> None:
    # By the interval that the page sets, which is the same on a busy machine.
    staff_page.add_init_script(
        "window.delays = []; const wait = setTimeout;"
        "window.setTimeout = (act, ms, ...more) => (delays.push(ms), wait(act, ms, ...more));"
    )
    staff_page.goto(url_of(open_batch))
    expect(staff_page.locator("row-grid[data-ready]")).to_have_count(1)
    change(admin, open_batch, 1, "1.50")
    expect(cell(staff_page, 1)).to_have_text("1.50")
    assert {delay for delay in staff_page.evaluate("delays") if delay >= 1_000} == {2_000}


def test_what_others_change_takes_nothing_away(
    mine: Page, theirs: Page, catalogue: CatalogueDatabase, open_batch: int, admin: TestApp
) -> None:
    cell(mine, 3).focus()
    enter(mine, "cheap")  # Refused: it stays in its cell, with its reason.
    cell(mine, 1).focus()
    mine.keyboard.press("Enter")
    editor(mine).fill("2.40")
    change(admin, open_batch, 1, "2.30")
    change(admin, open_batch, 2, "8.80")
    change(admin, open_batch, 3, "2.60")
    expect(cell(mine, 2)).to_have_text("8.80", timeout=SOON)
    expect(editor(mine)).to_be_focused()
    expect(editor(mine)).to_have_value("2.40")
    expect(cell(mine, 3)).to_contain_text("cheap")
    # It is a conflict all the same: the text was typed over another one.
    mine.keyboard.press("Enter")
    expect(cell(mine, 1)).to_have_attribute("data-save", "conflict")
    cell(mine, 1).dblclick()
    question = mine.get_by_role("group", name="Two versions of this cell")
    for text in ("2.40", "2.30", "2.20"):  # Mine, theirs, and what was there before.
        expect(question).to_contain_text(text)
    mine.get_by_role("button", name="Use mine").click()
    expect(cell(theirs, 1)).to_have_text("2.40", timeout=SOON)


def test_rows_beyond_the_page_follow_as_well(staff_page: Page, staff: TestApp, admin: TestApp) -> None:
    lines = "".join(f"9{row:08},ITEM {row},1 KG,1.00\n" for row in range(1, 401))
    number = number_in(upload(staff, f"item_code,description,size,price\n{lines}"))
    staff_page.goto(url_of(number))
    grid = staff_page.get_by_role("grid")
    cell(staff_page, 1).click()
    staff_page.keyboard.press("Control+End")
    expect(cell(staff_page, 400)).to_have_text("1.00")
    staff_page.keyboard.press("Control+Home")
    expect(cell(staff_page, 1)).to_have_text("1.00")
    expect(cell(staff_page, 400)).to_have_count(0)  # It is kept, beside the page.
    change(admin, number, 400, "4.00")
    expect(row_of(staff_page, 400)).to_have_count(0)
    change(admin, number, 1, "1.10")
    expect(cell(staff_page, 1)).to_have_text("1.10", timeout=SOON)
    staff_page.keyboard.press("Control+End")
    expect(cell(staff_page, 400)).to_have_text("4.00")
    # A row more can be reached without loading the page anew.
    staff_page.evaluate("window.isSamePage = true")
    post(admin, url_of(number, "rows", "new"), item_code="900000401", new_price="4.01")
    expect(grid).to_have_attribute("aria-rowcount", "402", timeout=SOON)
    staff_page.keyboard.press("Control+End")
    expect(cell(staff_page, 401)).to_have_text("4.01")
    assert staff_page.evaluate("window.isSamePage")


def test_a_page_is_told_when_nothing_can_be_edited_any_more(
    mine: Page, open_batch: int, staff: TestApp
) -> None:
    form_to(staff.get(url_of(open_batch)), "/complete").submit(status=303)
    expect(status(mine)).to_contain_text("This batch is complete now.", timeout=SOON)


def test_what_could_not_be_saved_is_offered_after_a_reload(
    mine: Page,
    visits: Visits,
    detour: Detour,
    catalogue: CatalogueDatabase,
    open_batch: int,
    admin: TestApp,
) -> None:
    mine.on("dialog", lambda dialog: dialog.accept())  # The browser asks, too.
    detour.away = True
    cell(mine, 1).focus()
    enter(mine, "2.45", "8.45", "2.75")
    expect(status(mine)).to_contain_text("3 cells are not saved yet.")
    change(admin, open_batch, 2, "8.80")
    mine.reload()
    notice = mine.get_by_role("region", name="Cells that were not saved")
    expect(notice).to_contain_text("3 cells that you typed were not saved when this page was left.")
    expect(notice).to_contain_text("Row 2, New price: 8.45")
    assert problems_now(mine) == []
    mine.set_viewport_size({"width": 1440, "height": 900})
    mine.reload()  # Nothing is lost until somebody decides.
    detour.away = False
    notice.get_by_role("button", name="Save them now").click()
    expect(cell(mine, 1)).to_have_text("2.45")
    expect(cell(mine, 2)).to_have_attribute("data-save", "conflict")
    expect(cell(mine, 3)).to_have_text("2.75")
    assert catalogue.row(open_batch, 2).new_price == Decimal("8.80")
    # The conflict alone is left.
    mine.reload()
    expect(notice).to_contain_text("1 cell that you typed was not saved")
    notice.get_by_role("button", name="Discard them").click()
    expect(notice).to_have_count(0)
    mine.reload()
    expect(cell(mine, 2)).to_have_text("8.80")
    expect(notice).to_have_count(0)
    all_saved(mine)
    assert all("502" in visits.complaints.pop() for _ in list(visits.complaints))
