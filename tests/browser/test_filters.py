"""Search, alternatives, order and views in a browser, with JavaScript and without."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.functional.harness import CatalogueDatabase, json_post, url_of
from webtest import TestApp

from .eyes import problems_now
from .modules import static_files

ROWS = "table.grid tbody tr"


def query_of(page: Page) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(page.url).query, keep_blank_values=True)


def test_a_list_is_searched_filtered_by_alternatives_sorted_and_saved_as_a_view(
    staff_page: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    page = staff_page
    page.goto(url_of(open_batch))
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("bread")
    page.keyboard.press("Enter")
    expect(page.locator(ROWS)).to_have_count(2)
    with page.expect_navigation():  # It has ended when the page hears keys.
        page.get_by_role("link", name="Clear the search").click()
    page.locator("h1").click()
    page.keyboard.press("f")
    for number, text in ((1, "rye"), (2, "oat")):
        row = page.get_by_role("group", name=f"Filter {number}")
        row.get_by_label("Column").select_option("Description")
        row.get_by_label("Value 1").fill(text)
        if number == 1:
            page.get_by_role("button", name="Or…").click()
    assert problems_now(page) == []
    page.keyboard.press("Enter")
    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.locator(".chips")).to_contain_text("either")
    page.locator("a.sort", has_text="New price").click()
    page.locator("a.sort", has_text="Description").click(modifiers=["Shift"])
    expect(page.locator(".sort-place")).to_have_count(2)
    expected = [
        ("f1.description.contains", "rye"),
        ("f2.description.contains", "oat"),
        ("sort", "new_price"),
        ("sort", "description"),
    ]
    assert query_of(page) == expected
    page.locator(".views > summary").click()
    assert problems_now(page) == []
    page.locator(".views-panel").get_by_label("Name").fill("Rye or oat")
    page.get_by_role("button", name="Save view").click()
    expect(page.locator(".views > summary")).to_have_text("Rye or oat")
    page.locator("a.sort", has_text="New price").click()
    expect(page.locator(".views > summary")).to_contain_text("changed")


def test_what_others_changed_is_new_once_the_page_was_seen(
    staff_page: Page, catalogue: CatalogueDatabase, admin: TestApp, open_batch: int
) -> None:
    page = staff_page
    with page.expect_response(lambda response: response.url.endswith("/rows/seen")) as seen:
        page.goto(url_of(open_batch))
    assert seen.value.status == 204
    version = catalogue.row(open_batch, 2).version
    fields = {"field": "new_price", "value": "9.99", "version": version}
    json_post(admin, url_of(open_batch, "rows", 2, "cell"), 200, fields)
    page.reload()
    page.get_by_role("link", name="Changed since I looked").click()
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.get_by_role("link", name="Changed since I looked")).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Mark all as seen").click()
    expect(page.get_by_role("link", name="Changed since I looked")).to_have_count(0)


@pytest.mark.parametrize(
    ("kind", "field", "text", "query"),
    [
        ("text", "code", "rye & oat", "f.price.less=5&f.code.equal=rye+%26+oat"),
        ("decimal", "price", "1.20", "f.price.less=5&f.price.equal=1.20"),
        ("boolean", "vegan", "no", "f.price.less=5&f.vegan.is_false="),
        ("datetime", "at", "2026-11-30 10:00", "f.price.less=5&f.at.on=2026-11-30"),
        ("choice", "state", "", "f.price.less=5&f.state.empty="),
        ("text", "name", " rye", None),
    ],
)
def test_same_as_this_cell_is_an_address(
    browser: Browser, kind: str, field: str, text: str, query: str | None
) -> None:
    with static_files() as address, browser.new_context(base_url=address) as context:
        page = context.new_page()
        page.goto("/")
        call = "async (values) => (await import('/js/grid/cell-pages.js')).sameAsUrl(...values)"
        here = "http://shop/rows?f.price.less=5&page=3&view=default#row"
        found = page.evaluate(call, [kind, field, text, here])
        assert found == (query and f"http://shop/rows?{query}")
