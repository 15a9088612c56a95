"""Blocks of cells through the real clipboard: out of a spreadsheet into the grid, and out of the grid into a spreadsheet."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update
from tests.functional.harness import CatalogueDatabase, url_of

from batchbook.security.models import User

from .grid_page import all_saved, cell, editor, enter, status, stored
from .visits import Visits

_EXCEL = Path(__file__).parent / "clipboard" / "excel-prices"
#: Copies a text and HTML, as another program does.
_COPY = """([text, html]) => addEventListener("copy", (event) => {
  event.preventDefault();
  event.clipboardData.setData("text/plain", text);
  event.clipboardData.setData("text/html", html);
}, {once: true})"""
#: Pastes into a field of its own beside the grid, and returns what a program would be given.
_TAKE = """() => new Promise((resolve) => {
  const field = document.body.appendChild(document.createElement("textarea"));
  field.addEventListener("paste", ({clipboardData: data}) => {
    resolve({text: data.getData("text/plain"), html: data.getData("text/html")});
    field.remove();
  });
  field.focus();
})"""


@pytest.fixture
def grid(visits: Visits, open_batch: int) -> Page:
    """The page of an open batch of eight rows, in a browser that may use the clipboard."""
    page = visits.sign_in("staff", permissions=["clipboard-read", "clipboard-write"])
    page.goto(url_of(open_batch))
    return page


def put(page: Page, text: str, html: str = "") -> None:
    """Copy something in another window, of which this application knows nothing."""
    other = page.context.new_page()
    other.route(
        "**/other", lambda route: route.fulfill(body="<title>Other</title>", content_type="text/html")
    )
    other.goto("/other")
    other.evaluate(_COPY, [text, html])
    other.keyboard.press("Control+c")
    other.close()
    page.bring_to_front()


def take(page: Page) -> Any:
    """Return what another program would paste."""
    taken = page.evaluate_handle(f"() => ({{answer: ({_TAKE})()}})")
    page.keyboard.press("Control+v")
    return taken.evaluate("({answer}) => answer")


def test_a_block_from_excel_is_pasted_as_one_operation(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    put(
        grid,
        _EXCEL.with_suffix(".txt").read_bytes().decode(),
        _EXCEL.with_suffix(".html").read_bytes().decode(),
    )
    cell(grid, 1).click()
    grid.keyboard.press("Control+v")
    expect(cell(grid, 3)).to_have_text("2.90")
    assert stored(catalogue, open_batch)[:4] == ["2.25", "8.10", "2.90", "0.50"]
    assert [catalogue.row(open_batch, row).version for row in (1, 2, 3, 4)] == [2, 2, 2, 1]
    grid.keyboard.press("Control+z")
    expect(cell(grid, 3)).to_have_text("2.70")
    assert stored(catalogue, open_batch)[:3] == ["2.20", "8.00", "2.70"]


def test_cells_that_cannot_be_changed_are_counted_in_one_message(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    put(grid, "000000011\tOTHER\r\n000000021\tOTHER\r\n")
    cell(grid, 1, "item_code").click()
    grid.keyboard.press("Control+v")
    expect(status(grid)).to_contain_text("2 cells")
    assert catalogue.row(open_batch, 1).description == "RYE BREAD"


def test_what_is_copied_keeps_its_zeros_and_lines(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    cell(grid, 1, "item_code").click()
    grid.keyboard.press("Shift+ArrowDown")
    cell(grid, 2, "new_price").click(modifiers=["Shift"])
    grid.keyboard.press("Control+c")
    expect(status(grid)).to_contain_text("cells copied")
    taken = take(grid)
    first, second, rest = taken["text"].split("\r\n")
    assert (first.split("\t")[0], first.split("\t")[-1], rest) == ("000000011", "2.20", "")
    assert (second.split("\t")[0], second.split("\t")[-1]) == ("000000021", "8.00")
    assert """<td x:str style='mso-number-format:"\\@"'>000000011</td>""" in taken["html"]
    assert """<td x:num="2.20" sdval="2.20" style='mso-number-format:"0\\.00"'>2.20</td>""" in taken["html"]


def test_one_cell_fills_a_range_and_goes_into_an_open_field_as_text(
    grid: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    cell(grid, 4).click()
    grid.keyboard.press("Control+c")
    cell(grid, 1).click()
    cell(grid, 3).click(modifiers=["Shift"])
    grid.keyboard.press("Control+v")
    expect(cell(grid, 3)).to_have_text("0.50")
    assert stored(catalogue, open_batch)[:4] == ["0.50"] * 4
    cell(grid, 5).dblclick()
    grid.keyboard.press("Control+a")
    grid.keyboard.press("Control+v")
    expect(editor(grid)).to_have_value("0.50")
    grid.keyboard.press("Enter")
    expect(cell(grid, 5)).to_have_text("0.50")
    assert catalogue.row(open_batch, 5).new_price == Decimal("0.50")


def test_numbers_are_typed_filled_copied_and_pasted_with_a_comma(
    visits: Visits, users: dict[str, str], catalogue: CatalogueDatabase, open_batch: int
) -> None:
    with catalogue.engine.begin() as connection:
        connection.execute(update(User).where(User.name == "staff").values(number_format="1.234,56"))
    page = visits.sign_in("staff", permissions=["clipboard-read", "clipboard-write"])
    page.goto(url_of(open_batch))
    expect(cell(page, 1)).to_have_text("2,20")
    cell(page, 1).click()
    enter(page, "1.000,5", "1.001", "2.5")
    expect(cell(page, 1)).to_have_text("1.000,50")
    expect(status(page)).to_contain_text("1 cell was not saved")
    page.keyboard.press("F8")
    expect(cell(page, 3)).to_contain_text("2.5")
    page.keyboard.press("F2")
    expect(page.locator(".cell-popover")).to_contain_text("with , as the decimal sign")
    page.keyboard.press("Escape")
    put(page, "1,5\r\n2,0\r\n")
    cell(page, 1).click()
    page.keyboard.press("Control+v")
    expect(cell(page, 2)).to_have_text("2,00")
    cell(page, 1).click()
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("grid-foot")).to_contain_text("Sum 3,50 · Average 1,7500")
    fill = page.locator(".fill-handle")
    fill.hover()
    page.mouse.down()
    cell(page, 4).hover()
    page.mouse.up()
    expect(cell(page, 4)).to_have_text("3,00")
    all_saved(page)
    assert stored(catalogue, open_batch)[:4] == ["1.50", "2.00", "2.50", "3.00"]
    page.keyboard.press("Control+c")
    copied = take(page)
    assert copied["text"].splitlines()[0].endswith("1,50")
    assert 'x:num="1.50"' in copied["html"]
