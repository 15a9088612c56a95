"""Rows that are fetched as they are scrolled to: any number of them, with what is typed meanwhile."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect
from tests.functional.harness import CatalogueDatabase, number_in, upload, url_of
from webtest import TestApp

from .grid_page import all_saved, cell, editor, is_focused, row_of

ROWS = 1_200
FOCUS = """() => {
  const cell = document.activeElement.closest('.cell');
  return cell.closest('tr').getAttribute('aria-rowindex') + ' ' + cell.cellIndex;
}"""


@pytest.fixture
def long_batch(catalogue: CatalogueDatabase, staff: TestApp) -> int:
    """A batch of more rows than a page holds."""
    rows = "".join(f"0000{n:05},LOAF {n},500 G,1.50\n" for n in range(1, ROWS + 1))
    return number_in(upload(staff, f"item_code,description,size,price\n{rows}"))


def test_further_rows_come_as_they_are_scrolled_to(
    staff_page: Page, catalogue: CatalogueDatabase, long_batch: int
) -> None:
    page = staff_page
    page.goto(url_of(long_batch))
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", str(ROWS + 1))
    page.locator(".grid-scroll").evaluate(
        "one => (one.scrollTop = 600 * one.querySelector('tr[data-row]').offsetHeight)"
    )
    expect(cell(page, 610, "description")).to_have_text("LOAF 610")
    expect(row_of(page, 610)).to_have_attribute("aria-rowindex", "611")
    assert page.locator("tr[data-row]").count() < 100
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    # A cell that was not loaded with the page is edited like any other; its edit waits wherever one scrolls meanwhile.
    cell(page, 610).click()
    page.keyboard.type("7.50")
    page.locator(".grid-scroll").evaluate("one => (one.scrollTop = 0)")
    expect(cell(page, 1)).to_be_in_viewport()
    expect(editor(page)).to_have_value("7.50")
    page.keyboard.press("Enter")
    is_focused(cell(page, 611))
    expect(cell(page, 611)).to_be_in_viewport()
    all_saved(page)
    expect(cell(page, 610)).to_have_text("7.50")
    assert str(catalogue.row(long_batch, 610).new_price) == "7.50"


def test_rows_that_come_later_have_the_columns_of_the_page(
    staff_page: Page, staff: TestApp, long_batch: int
) -> None:
    page = staff_page
    page.goto(url_of(long_batch))
    cell(page, 1).click()
    form = next(form for form in staff.get(url_of(long_batch)).forms.values() if "shown" in form.fields)
    for box in form.fields["shown"]:  # In another window.
        box.checked = box._value != "description"
    form.submit(status=303)
    page.keyboard.press("Control+End")
    expect(cell(page, ROWS, "description")).to_have_text(f"LOAF {ROWS}")
    fields = "(row) => [...row.cells].map((cell) => cell.dataset.field)"
    heads = page.locator("#grid thead tr").evaluate(fields)
    assert row_of(page, ROWS).evaluate(fields) == heads
    # The same after a column was hidden and another moved here.
    page.evaluate("document.querySelector('row-grid').layout.hide(3, true)")
    page.evaluate("document.querySelector('row-grid').moveColumn(5, 1)")
    page.keyboard.press("Control+Home")
    page.locator(".grid-scroll").evaluate(
        "one => (one.scrollTop = 600 * one.querySelector('tr[data-row]').offsetHeight)"
    )
    expect(row_of(page, 610)).to_be_visible()
    assert row_of(page, 610).evaluate(fields) == page.locator("#grid thead tr").evaluate(fields)


def test_keys_lead_to_rows_that_are_not_loaded(staff_page: Page, long_batch: int) -> None:
    page = staff_page
    page.goto(url_of(long_batch))
    cell(page, 1).click()
    page.keyboard.press("Control+End")
    expect(row_of(page, ROWS)).to_be_in_viewport()
    assert page.evaluate(FOCUS).startswith(f"{ROWS + 1} ")
    page.keyboard.press("Control+Home")
    expect(row_of(page, 1)).to_be_in_viewport()
    for _ in range(3):
        page.keyboard.press("PageDown")
    expect(page.locator("td:focus, th:focus")).to_be_in_viewport()
    place = int(page.evaluate(FOCUS).split()[0])
    assert place > 50
    # The whole column is selected, without its rows being loaded.
    page.keyboard.press("Control+Space")
    assert page.evaluate("document.querySelector('row-grid').selection.range.bottom") == ROWS - 1
    expect(page.locator("td:focus, th:focus")).to_have_attribute("aria-selected", "true")


def test_a_million_rows_are_scrolled_from_end_to_end(staff_page: Page, long_batch: int) -> None:
    page, million = staff_page, 1_000_000
    asked: list[int] = []

    def window(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        first, count = int(query["first"][0]), int(query["count"][0])
        asked.append(count)
        rows = "".join(
            f'<tr data-row data-key="{n + 1}" data-version="1" aria-rowindex="{n + 2}"><th class="cell" scope="row">{n + 1}</th>'
            + "<td class=cell></td>" * 9
            + "</tr>"
            for n in range(first, min(first + count, million))
        )
        route.fulfill(json={"first": first, "total": million, "html": rows, "keys": "", "version": "1"})

    def whole(route: Route) -> None:
        answer = route.fetch()
        body = re.sub(r'data-total="\d+"', f'data-total="{million}"', answer.text())
        route.fulfill(response=answer, body=body)

    page.route("**/rows/window?*", window)
    page.route(f"**{url_of(long_batch)}", whole)
    page.goto(url_of(long_batch))
    scroll = page.locator(".grid-scroll")
    assert scroll.evaluate("one => one.scrollHeight") < 15_000_000
    for share, expected in ((0.5, million / 2), (0.25, million / 4), (1, million - 1)):
        scroll.evaluate(
            "(one, share) => (one.scrollTop = share * (one.scrollHeight - one.clientHeight))", share
        )
        page.wait_for_timeout(400)
        top = scroll.evaluate("one => one.closest('row-grid').rows.top")
        assert abs(top - expected) < 200
        expect(row_of(page, top + 5)).to_be_in_viewport()
    # A turn of the wheel moves rows as far as in a short list, wherever the bar is.
    scroll.evaluate("one => (one.scrollTop = 0.3 * one.scrollHeight)")
    page.wait_for_timeout(400)
    before = scroll.evaluate("one => one.closest('row-grid').rows.top")
    scroll.hover()
    page.mouse.wheel(0, 250)
    page.wait_for_timeout(600)
    after = scroll.evaluate("one => one.closest('row-grid').rows.top")
    assert 5 <= after - before <= 15
    expect(row_of(page, after + 5)).to_be_in_viewport()
    cell_of_row = page.locator("tr[data-row] > th").first
    cell_of_row.focus()
    page.keyboard.press("Control+End")
    expect(row_of(page, million)).to_be_in_viewport()
    page.keyboard.press("ArrowUp")
    assert page.evaluate(FOCUS).startswith(f"{million} ")
    assert max(asked) <= 300
