"""Figures: per month, type and person, of the batches that match the filters."""

from __future__ import annotations

from tests.functional.harness import CatalogueDatabase, text_of
from webtest import TestApp


def test_batches_and_changes_are_counted_and_lead_to_the_list(
    catalogue: CatalogueDatabase, auditor: TestApp, executed_batch: int
) -> None:
    page = auditor.get("/audit").click("Figures")
    for title in ("Per month", "Per type", "Per person"):
        assert title in page.text
    assert "1 executed batch." in text_of(page)
    charts = page.html.select("table.chart")
    assert [one.select_one("tbody td").text for one in charts] == ["1", "1", "1"]
    assert [one.select_one("tbody th").text for one in charts][1:] == ["Price change", "admin"]
    number = f"{executed_batch:08d}"
    for chart in charts:  # The bar leads to the batches that it counts.
        assert number in auditor.get(chart.select_one("tbody a")["href"]).text
    lines = page.click("Export CSV").text.splitlines()
    assert lines[1:] == [
        f"Per month,{charts[0].select_one('tbody th').text},1,0",
        "Per type,Price change,1,0",
        "Per person,admin,1,0",
    ]
    assert "Nothing to count" in auditor.get("/audit/figures?f.type.equal=import").text
    auditor.get("/audit/figures?f.colour.equal=red", status=400)
