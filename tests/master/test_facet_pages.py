"""Lists of records have pages with their facets."""

from __future__ import annotations

from tests.functional.harness import CatalogueDatabase, form_with, text_of
from webtest import TestApp


def test_lists_of_records_have_facets(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    page = staff.get("/products").click("Facets")
    assert "Facets of Products" in text_of(page)
    form = form_with(page, "open")
    form["open"] = "description"
    page = form.submit(status=303).follow()
    assert page.html.select(".facet-line")


def test_facets_are_closed_and_their_links_keep_the_page(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    page = staff.get("/products/facets?f.description.contains=bread")
    form = form_with(page, "open")
    form["open"] = "size"
    page = form.submit(status=303).follow()
    assert page.request.GET["f.description.contains"] == "bread"
    assert [one.text for one in page.html.select("[data-facet=size] .facet-value")] == ["500 G"]
    page = staff.get(page.html.select_one("[data-facet=size] .facet-value")["href"])
    assert page.request.path == "/products/facets"
    page.click("Show 2 rows")
    staff.get("/products/facet?column=nothing", status=400)
    assert staff.get("/products/facet").html.select_one(".panel-title").text == "Item code"
