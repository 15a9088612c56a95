"""Facets beside the rows: fetched when they are seen, narrowing by clicks, and counted anew after an edit."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from tests.functional.harness import url_of

from .eyes import problems_now, problems_of
from .grid_page import cell


def test_facets_are_fetched_when_their_panel_opens_and_again_after_an_edit(
    staff_page: Page, open_batch: int
) -> None:
    page = staff_page
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "part=1" in request.url else None)
    page.goto(f"{url_of(open_batch)}?panel=history")
    expect(page.locator("[data-facet]").first).not_to_be_visible()
    assert fetched == []
    page.locator('[data-panel="facets"] > summary').click()
    status = page.locator('[data-facet="status"]')
    expect(status.get_by_role("link", name="Increase", exact=True)).to_be_visible()
    expect(page.locator('[data-facet="new_price"] .facet-bars')).to_be_visible()
    assert len([url for url in fetched if "column=status" in url]) == 1
    cell(page, 1).click()
    page.keyboard.type("1.50")
    with page.expect_response(lambda answer: "column=status" in answer.url):
        page.keyboard.press("Enter")
    expect(status.get_by_role("listitem").filter(has_text="Decrease")).to_contain_text("2")
    status.get_by_role("link", name="Exclude Increase", exact=True).click()
    page.wait_for_url(re.compile("f.status.none_of=increase"))
    expect(page.locator("[data-result-count]")).to_contain_text("7 rows match")


def test_pages_of_facets_clusters_and_exports_have_no_problems(staff_page: Page, open_batch: int) -> None:
    page = staff_page
    rows = url_of(open_batch, "rows")
    paths = (
        "facets?f.size.any_of=500+G",
        "facet?column=new_price",
        "clusters?method=nearest-neighbour",
        "export",
    )
    assert [problem for path in paths for problem in problems_of(page, f"{rows}/{path}")] == []
    page.goto(f"{url_of(open_batch)}?panel=facets")
    expect(page.locator('[data-facet="new_price"] .facet-bars')).to_be_visible()
    assert problems_now(page) == []
