"""The page of the rows that have to be looked at before a batch is executed."""

from __future__ import annotations

import pytest
from tests.functional.harness import CatalogueDatabase, form_to, number_in, post, text_of, upload, url_of
from webtest import TestApp

from batchbook.batches.pages.batch import large_changes

LARGE = (
    "item_code,description,size,price\n"
    "000000011,RYE BREAD,,200.00\n000000012,WHEAT BREAD,,1.00\n000000013,PRETZEL,,0.55\n"
)


@pytest.fixture
def large(catalogue: CatalogueDatabase, staff: TestApp) -> int:
    """A complete batch with three changed prices, one of them a hundredfold; a person edited one row."""
    number = number_in(upload(staff, LARGE))
    post(staff, url_of(number, "rows", 3, "edit"), version=1, new_price="0.60")
    form_to(staff.get(url_of(number)), "/complete").submit(status=303)
    return number


def test_the_panel_shows_the_largest_changes_to_all_who_see_the_batch(staff: TestApp, large: int) -> None:
    panel = text_of(staff.get(url_of(large)), "#execution")
    for text in ("2.00 → 200.00 (+9,900 %)", "3.00 → 1.00 (-66.7 %)", "People edited 1 cell in 1 row"):
        assert text in panel
    assert "I have checked them" not in panel


def test_the_page_lists_the_rows_beyond_the_limit_the_largest_first(
    admin: TestApp, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = admin.get(url_of(large)).click("Show these rows")
    rows = [row.get_text(" ", strip=True) for row in page.html.select("#changes-price tbody tr")]
    assert rows == ["1 000000011 2.00 200.00 +9,900 %", "2 000000012 3.00 1.00 -66.7 %"]
    assert text_of(page, "#edited").endswith("1 row Row 3")
    falls = admin.get(url_of(large, "large-changes") + "?apply=decrease")
    assert [row.th.text for row in falls.html.select("#changes-price tbody tr")] == ["2"]
    monkeypatch.setattr(large_changes, "LISTED", 1)
    page = admin.get(url_of(large, "large-changes"))
    assert len(page.html.select("#changes-price tbody tr")) == 1
    assert "The 1 largest are listed." in text_of(page)


def test_an_executed_batch_has_none_left(admin: TestApp, large: int) -> None:
    form_to(admin.get(url_of(large)), "/execute").submit(status=303)
    page = admin.get(url_of(large, "large-changes"))
    assert "No unusual changes" in text_of(page)
    assert text_of(page, "#edited").endswith("1 row Row 3")
    admin.get(url_of(large, "large-changes") + "?colour=red", status=400)
