"""Values typed faster than they are saved: each is in its cell, or it is said which are not, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.functional.harness import CatalogueDatabase, number_in, upload, url_of
from webtest import TestApp

from .detour import Detour
from .eyes import problems_now
from .grid_page import all_saved, cell, change, editor, enter, is_focused, row_of, status, stored
from .serving import serving
from .visits import Visits

ROWS = 100


@pytest.fixture
def detour(app: Any) -> Detour:
    """The application behind a network that can be made slow."""
    return Detour(app)


@pytest.fixture
def address(detour: Detour) -> Iterator[str]:
    """The address at which it is served."""
    with serving(detour) as address:
        yield address
        detour.open.set()


@pytest.fixture
def grid(staff_page: Page, open_batch: int) -> Page:
    """The page of an open batch."""
    staff_page.goto(url_of(open_batch))
    return staff_page


# --- The order of things ---------------------------------------------------------------------------------------------


def test_a_hundred_prices_typed_at_once_are_in_their_rows(
    staff_page: Page, detour: Detour, catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    lines = "".join(f"9{row:08},ITEM {row},1 KG,1.00\n" for row in range(1, ROWS + 1))
    number = number_in(upload(staff, f"item_code,description,size,price\n{lines}"))
    staff_page.goto(f"{url_of(number)}?size={ROWS}")
    detour.delay = 0.1
    typed = [f"{1 + row / 100:.2f}" for row in range(1, ROWS + 1)]
    staff_page.locator("td[data-field=new_price]").first.focus()
    staff_page.keyboard.type("".join(f"{price}\n" for price in typed), delay=30)
    last = staff_page.locator("td[data-field=new_price]").last
    expect(last).to_have_attribute("data-text", typed[-1], timeout=60_000)
    assert stored(catalogue, number) == typed
    assert [catalogue.row(number, row).version for row in (1, ROWS)] == [2, 2]
    assert detour.edits == ROWS
    all_saved(staff_page)


def test_a_refused_price_stays_behind_while_the_others_are_saved(
    grid: Page, detour: Detour, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    detour.delay = 0.2
    cell(grid, 1).focus()
    enter(grid, "12.50", "13.5O", "14.50", "-5", "16.50")
    is_focused(cell(grid, 6))
    grid.keyboard.type("17")  # The refusals come while this field is open.
    expect(status(grid)).to_contain_text("2 cells were not saved.")
    expect(editor(grid)).to_be_focused()
    expect(editor(grid)).to_have_value("17")
    expect(grid.locator("cell-popover")).to_have_count(0)
    grid.keyboard.type(".50")
    grid.keyboard.press("Enter")
    expect(cell(grid, 6)).to_have_attribute("data-text", "17.50")
    assert stored(catalogue, open_batch)[:6] == ["12.50", "8.00", "14.50", "0.50", "16.50", "17.50"]
    # From one to the next, and round; by the mouse as well.
    for row, text in ((2, "13.5O"), (4, "-5"), (2, "13.5O")):
        grid.keyboard.press("F8")
        expect(cell(grid, row).locator(".cell-editor")).to_have_value(text)
    status(grid).get_by_role("button", name="Go to the next").click()
    is_focused(cell(grid, 4).locator(".cell-editor"))
    editor(grid).fill("15.50")
    grid.keyboard.press("Enter")
    expect(cell(grid, 4)).to_have_attribute("data-text", "15.50")
    expect(status(grid)).to_contain_text("1 cell was not saved.")
    assert catalogue.row(open_batch, 4).new_price == Decimal("15.50")


def test_a_conflict_is_left_for_later_and_is_none_with_oneself(
    grid: Page, detour: Detour, catalogue: CatalogueDatabase, open_batch: int, admin: TestApp
) -> None:
    detour.open.clear()
    cell(grid, 1).focus()
    enter(grid, "12.50", "13.50", "14.50")
    cell(grid, 3, "item_code").focus()
    enter(grid, "000000019")  # Row 3, once more.
    expect(cell(grid, 2)).to_have_attribute("data-save", "waiting")
    change(admin, open_batch, 2, "9.99")
    detour.open.set()
    expect(cell(grid, 2)).to_have_attribute("data-save", "conflict")
    expect(grid.locator("[data-save]")).to_have_count(1)
    expect(row_of(grid, 3)).to_have_attribute("data-version", "3")
    assert stored(catalogue, open_batch)[:3] == ["12.50", "9.99", "14.50"]
    expect(cell(grid, 2)).to_have_attribute("data-text", "9.99")
    expect(cell(grid, 2)).to_contain_text("13.50")
    # Typed over it, it is in conflict still: nobody's price is replaced without a word.
    cell(grid, 2).focus()
    enter(grid, "13.60")
    expect(cell(grid, 2)).to_contain_text("13.60")
    expect(cell(grid, 2)).to_have_attribute("data-save", "conflict")
    assert catalogue.row(open_batch, 2).new_price == Decimal("9.99")
    grid.keyboard.press("F8")
    grid.get_by_role("button", name="Use mine").click()
    expect(cell(grid, 2)).to_have_attribute("data-text", "13.60")
    all_saved(grid)


def test_somebody_elses_change_between_two_of_ones_own_is_a_conflict(
    grid: Page, detour: Detour, catalogue: CatalogueDatabase, open_batch: int, admin: TestApp
) -> None:
    cell(grid, 1, "item_code").focus()
    enter(grid, "000000012")
    expect(row_of(grid, 1)).to_have_attribute("data-version", "2")
    detour.open.clear()
    cell(grid, 1).focus()
    enter(grid, "5.00")
    change(admin, open_batch, 1, "6.00", 2)
    detour.open.set()
    expect(cell(grid, 1)).to_have_attribute("data-save", "conflict")
    assert catalogue.row(open_batch, 1).new_price == Decimal("6.00")


def test_a_row_that_is_saved_takes_nothing_from_a_field_that_is_open_in_it(
    grid: Page, detour: Detour, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    detour.open.clear()
    cell(grid, 5).focus()
    enter(grid, "0.45")
    cell(grid, 5, "item_code").focus()
    grid.keyboard.type("0000")
    detour.open.set()
    expect(row_of(grid, 5)).to_have_attribute("data-version", "2")
    expect(editor(grid)).to_be_focused()
    grid.keyboard.type("00013")
    expect(editor(grid)).to_have_value("000000013")
    grid.keyboard.press("Tab")
    is_focused(cell(grid, 5))
    all_saved(grid)
    assert (catalogue.row(open_batch, 5).item_code, catalogue.row(open_batch, 5).version) == ("000000013", 3)
    # Its peer, on the same page, was brought up to date.
    expect(row_of(grid, 4)).to_contain_text("Duplicate in list")


def test_the_last_edits_are_taken_back_whether_they_wait_or_are_saved(
    grid: Page, detour: Detour, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    cell(grid, 1).focus()
    enter(grid, "12.50")
    expect(cell(grid, 1)).to_have_attribute("data-text", "12.50")
    detour.open.clear()
    enter(grid, "13.50", "14.50")
    grid.keyboard.press("Control+z")  # Row 3: waits.
    is_focused(cell(grid, 3))
    expect(cell(grid, 3)).to_have_text("2.70")
    grid.keyboard.press("Control+z")  # Row 2: is under way, so it is saved first.
    detour.open.set()
    all_saved(grid)
    expect(cell(grid, 2)).to_have_text("8.00")
    grid.keyboard.press("Control+z")  # Row 1: is saved.
    expect(cell(grid, 1)).to_have_text("2.20")
    assert stored(catalogue, open_batch)[:3] == ["2.20", "8.00", "2.70"]
    grid.keyboard.press("Control+z")
    expect(status(grid)).to_contain_text("nothing")


# --- The server is away ----------------------------------------------------------------------------------------------


def test_what_is_typed_while_the_server_is_away_is_saved_when_it_is_back(
    grid: Page, visits: Visits, detour: Detour, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    detour.away = True
    cell(grid, 1).focus()
    enter(grid, "12.50", "13.50", "14.50")
    expect(status(grid)).to_contain_text("What you typed is kept on this page. 3 cells are not saved yet.")
    expect(grid.locator("#announcer")).to_contain_text("The server answered 502")
    enter(grid, "15.50")
    is_focused(cell(grid, 5))
    expect(grid.locator("[data-save=waiting]")).to_have_count(4)
    detour.away = False
    status(grid).get_by_role("button", name="Try again").click()
    all_saved(grid)
    assert stored(catalogue, open_batch)[:4] == ["12.50", "13.50", "14.50", "15.50"]
    assert all("502" in visits.complaints.pop() for _ in list(visits.complaints))


def test_an_edit_whose_answer_was_lost_is_no_conflict_with_oneself(
    grid: Page, visits: Visits, detour: Detour, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    detour.loses_answers = True
    cell(grid, 1).focus()
    enter(grid, "12.50")
    expect(status(grid)).to_contain_text("1 cell is not saved yet.")
    assert catalogue.row(open_batch, 1).version == 2
    cell(grid, 1, "item_code").focus()
    enter(grid, "000000012")  # The same row, as it was before.
    cell(grid, 1).focus()
    enter(grid, "12.60")
    detour.loses_answers = False
    status(grid).get_by_role("button", name="Try again").click()
    all_saved(grid)
    row = catalogue.row(open_batch, 1)
    assert (row.item_code, row.new_price, row.version) == ("000000012", Decimal("12.60"), 4)
    assert all("502" in visits.complaints.pop() for _ in list(visits.complaints))


def test_who_was_signed_out_signs_in_elsewhere_and_goes_on(
    grid: Page, visits: Visits, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    other = grid.context.new_page()
    other.goto("/")
    sign_out(other)
    cell(grid, 1).focus()
    enter(grid, "12.50", "13.50")
    expect(status(grid)).to_contain_text("You are signed out. What you typed is kept on this page.")
    # Nobody else's hands finish it.
    sign_in(other, visits, "admin")
    status(grid).get_by_role("button", name="Try again").click()
    expect(status(grid)).to_contain_text("Somebody else is signed in")
    assert stored(catalogue, open_batch)[:2] == ["2.20", "8.00"]
    sign_out(other)
    sign_in(other, visits, "staff")
    grid.evaluate("dispatchEvent(new Event('focus'))")  # Back from the other tab.
    all_saved(grid)
    assert stored(catalogue, open_batch)[:2] == ["12.50", "13.50"]


def test_the_bar_leads_to_the_sign_in_and_the_cell_is_saved_on_the_way_back(
    grid: Page, visits: Visits, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    other = grid.context.new_page()
    other.goto("/")
    sign_out(other)
    cell(grid, 1).focus()
    enter(grid, "12.50")
    with grid.context.expect_page() as opened:
        status(grid).get_by_role("link", name="Sign in").click()
    sign_in(opened.value, visits, "staff")
    opened.value.close()
    grid.bring_to_front()
    grid.evaluate("dispatchEvent(new Event('focus'))")
    all_saved(grid)
    assert stored(catalogue, open_batch)[0] == "12.50"


def sign_out(page: Page) -> None:
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("User name").wait_for()


def sign_in(page: Page, visits: Visits, name: str) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(visits.passwords[name])
    page.get_by_role("button", name="Sign in").click()
    page.locator(".user-menu").wait_for()


# --- Leaving the page ------------------------------------------------------------------------------------------------


def test_the_browser_asks_before_what_is_not_saved_is_left(grid: Page, detour: Detour) -> None:
    detour.open.clear()
    cell(grid, 1).focus()
    enter(grid, "12.50")
    expect(status(grid)).to_contain_text("Saving 1 cell")
    assert asks(grid)
    detour.open.set()
    all_saved(grid)
    grid.keyboard.press("Enter")
    assert not asks(grid)
    grid.keyboard.type("cheap")
    assert asks(grid)
    grid.keyboard.press("Enter")
    expect(status(grid)).to_contain_text("1 cell was not saved.")
    assert asks(grid)


def asks(page: Page) -> bool:
    """Tell whether the page would be left with a question only."""
    left = "() => !dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    return bool(page.evaluate(left))


def test_a_reload_is_asked_for_and_can_be_declined(grid: Page, detour: Detour) -> None:
    detour.open.clear()
    cell(grid, 1).focus()
    enter(grid, "12.50")
    with grid.expect_event("dialog") as asked:
        grid.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    detour.open.set()
    expect(cell(grid, 1)).to_have_attribute("data-text", "12.50")


def test_a_form_waits_for_the_edits_that_were_made_before_it(
    grid: Page, detour: Detour, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    detour.delay = 0.3
    cell(grid, 1).focus()
    enter(grid, "12.50", "13.50")
    grid.keyboard.type("14.50")
    grid.get_by_role("button", name="Mark complete").click()
    expect(grid.locator(".flashes")).to_contain_text("it can be executed now")
    assert stored(catalogue, open_batch)[:3] == ["12.50", "13.50", "14.50"]


def test_a_form_does_not_go_on_over_a_refused_price(
    grid: Page, detour: Detour, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    detour.delay = 0.3
    cell(grid, 1).focus()
    enter(grid, "1.2.3", "13.50")
    grid.get_by_role("link", name="Duplicate in list").click()
    expect(status(grid)).to_contain_text("You are still on this page, because some cells were not saved.")
    expect(cell(grid, 1)).to_have_attribute("data-save", "refused")
    assert "status" not in grid.url
    assert catalogue.row(open_batch, 2).new_price == Decimal("13.50")


# --- Keys that could be misunderstood --------------------------------------------------------------------------------


def test_an_emptied_cell_is_saved_only_if_that_was_meant(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    for _ in range(2):
        cell(grid, 1).click()
    grid.keyboard.press("Backspace")
    grid.locator("h1").click()
    expect(status(grid)).to_contain_text("“2.20” is back")
    expect(cell(grid, 1)).to_have_text("2.20")
    cell(grid, 2).focus()
    grid.keyboard.press("Backspace")  # Opens it empty.
    expect(editor(grid)).to_have_value("")
    grid.locator("h1").click()
    expect(cell(grid, 2)).to_have_text("8.00")
    # Meant: by Delete in the field, by Delete on the cell, by Enter.
    for row, keys in ((2, ("F2", "Delete")), (3, ("Delete",)), (4, ("Backspace", "Enter"))):
        cell(grid, row).focus()
        for key in keys:
            grid.keyboard.press(key)
        grid.locator("h1").click()
        expect(cell(grid, row)).to_have_attribute("data-text", "")
    all_saved(grid)
    assert stored(catalogue, open_batch)[:5] == ["2.20", "None", "None", "None", "0.40"]


def test_what_is_typed_beyond_the_last_row_replaces_nothing(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    cell(grid, 7).focus()
    enter(grid, "12.50", "13.50", "14.50", "15.50")
    is_focused(cell(grid, 8))
    expect(status(grid)).to_contain_text("there is no further cell. F2 edits New price here again.")
    all_saved(grid)
    assert stored(catalogue, open_batch)[6:] == ["12.50", "13.50"]
    grid.keyboard.press("ArrowDown")
    enter(grid, "16.50")
    grid.keyboard.press("F2")
    enter(grid, "17.50")
    expect(cell(grid, 8)).to_have_attribute("data-text", "17.50")
    grid.keyboard.press("ArrowUp")
    enter(grid, "18.50")
    expect(cell(grid, 7)).to_have_attribute("data-text", "18.50")
    assert stored(catalogue, open_batch)[6:] == ["18.50", "17.50"]


def test_texts_are_typed_into_closed_cells_as_well(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    cell(grid, 4, "item_code").focus()
    enter(grid, "jek-1", "000000013")
    is_focused(cell(grid, 6, "item_code"))
    all_saved(grid)
    assert [catalogue.row(open_batch, row).item_code for row in (4, 5)] == ["jek-1", "000000013"]
    cell(grid, 4).focus()
    enter(grid, "keg")  # No figure, but what was typed, and none of the page's shortcuts.
    expect(cell(grid, 4)).to_contain_text("keg✕")


def test_a_character_finds_its_entry_in_a_list(grid: Page) -> None:
    for key, value, choices in (
        ("d", "down", [["up", "Upwards"], ["down", "Downwards"]]),
        ("y", "yes", [["yes", "Yes"], ["no", "No"]]),
    ):
        grid.locator("row-grid").evaluate(
            "(grid, choices) => (grid.columns.find(({ field }) => field === 'new_price').choices = choices)",
            choices,
        )
        cell(grid, 4).focus()
        grid.keyboard.press(key)
        expect(editor(grid)).to_be_focused()
        expect(editor(grid)).to_have_value(value)
        grid.keyboard.press("Escape")
        is_focused(cell(grid, 4))


def test_the_enter_of_an_input_method_belongs_to_it(grid: Page) -> None:
    cell(grid, 4, "item_code").focus()
    grid.keyboard.type("ka")
    editor(grid).evaluate(
        "field => field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    expect(editor(grid)).to_be_focused()
    expect(editor(grid)).to_have_value("ka")


# --- For every eye ---------------------------------------------------------------------------------------------------


def test_what_is_not_saved_is_told_to_every_eye(
    grid: Page, detour: Detour, open_batch: int, admin: TestApp
) -> None:
    detour.open.clear()
    cell(grid, 1).focus()
    enter(grid, "cheap", "13.50")
    change(admin, open_batch, 2, "9.99")
    detour.open.set()
    expect(cell(grid, 2)).to_have_attribute("data-save", "conflict")
    detour.open.clear()
    enter(grid, "14.50", "15.50")
    found = problems_now(grid)
    for _ in range(2):  # The refused one, then the one in conflict, open.
        grid.keyboard.press("F8")
        expect(grid.locator("cell-popover")).to_be_visible()
        found += problems_now(grid)
    assert found == [], "\n".join(found)
