"""Rows are filtered for what the history tells of them."""

from __future__ import annotations

from tests.functional.harness import (
    CatalogueDatabase,
    column_of,
    edit_price,
    post,
    quick_filters_of,
    text_of,
    url_of,
)
from webtest import TestApp


def rows_of(browser: TestApp, batch: int, query: str) -> list[str]:
    return column_of(browser.get(f"{url_of(batch)}?{query}"), "Row")


def test_edited_rows_and_rows_that_differ_are_found(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = str(catalogue.row(open_batch, 2).new_price)
    edit_price(staff, catalogue, open_batch, 1, "9.99")
    edit_price(staff, catalogue, open_batch, 2, "9.99")
    edit_price(staff, catalogue, open_batch, 2, "8.88")
    edit_price(staff, catalogue, open_batch, 2, before)
    post(staff, url_of(open_batch, "rows", 3, "remove"), version=str(catalogue.row(open_batch, 3).version))
    post(staff, url_of(open_batch, "rows", "new"), 303, item_code="000000013", new_price="0.60")
    found = {
        "f.edited.is_true=": ["1", "2", "9"],
        "f.edited.is_false=": ["3", "4", "5", "6", "7", "8"],
        "f.differs.is_true=": ["1", "9"],
        "f.differs.is_false=&q=0000": ["2", "3", "4", "5", "6", "7", "8"],
        "f.removed.is_true=": ["3"],
        "f1.differs.is_true=&f2.removed.is_true=": ["1", "3", "9"],
    }
    assert {query: rows_of(staff, open_batch, query) for query in found} == found
    file = staff.get(f"{url_of(open_batch)}/rows.csv?f.differs.is_true=").body.decode("utf-8-sig")
    assert len(file.splitlines()) == 3
    assert "Edited by people" not in file


def test_quick_filters_are_switched_on_and_off_beside_the_others(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    page = staff.get(f"{url_of(open_batch)}?view=default")
    assert "Edited by people" not in text_of(page, "#quick-filters")
    edit_price(staff, catalogue, open_batch, 1, "9.99")
    edit_price(staff, catalogue, open_batch, 4, "9.99")
    page = staff.get(f"{url_of(open_batch)}?f.sequence.less=4")
    assert quick_filters_of(page) == {
        "Has problems 1": False,
        "Edited by people": False,
        "Differs from the file": False,
    }
    page = page.click("Edited by people")
    assert quick_filters_of(page)["Edited by people"]
    assert column_of(page, "Row") == ["1"]
    assert column_of(page.click("Edited by people", index=0), "Row") == ["1", "2", "3"]


def test_a_row_leads_to_those_with_the_same_value(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    page = staff.get(url_of(open_batch, "rows", 6))
    same = page.click("Status")
    assert column_of(same, "Row") == ["6", "7"]
    assert "f.status.equal=duplicate" in same.request.path_qs
