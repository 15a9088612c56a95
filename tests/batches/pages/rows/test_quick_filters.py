"""Rows are filtered for what the history tells of them, and for what is new to whoever looks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.functional.harness import CatalogueDatabase, column_of, form_to, json_post, post, text_of, url_of
from webtest import TestApp

from batchbook.batches.pages.rows.quick_filters import VISIT
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.master import GridSetting


def edit(browser: TestApp, catalogue: CatalogueDatabase, batch: int, row: int, price: str) -> None:
    version = catalogue.row(batch, row).version
    fields = {"field": "new_price", "value": price, "version": version}
    json_post(browser, url_of(batch, "rows", row, "cell"), 200, fields)


def rows_of(browser: TestApp, batch: int, query: str) -> list[str]:
    return column_of(browser.get(f"{url_of(batch)}?{query}"), "Row")


def quick(page: TestApp) -> dict[str, bool]:
    links = page.html.select("#quick-filters .chip-link")
    return {link.get_text(" ", strip=True): "aria-current" in link.attrs for link in links}


def test_edited_rows_and_rows_that_differ_are_found(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = str(catalogue.row(open_batch, 2).new_price)
    edit(staff, catalogue, open_batch, 1, "9.99")
    edit(staff, catalogue, open_batch, 2, "9.99")
    edit(staff, catalogue, open_batch, 2, "8.88")
    edit(staff, catalogue, open_batch, 2, before)
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
    edit(staff, catalogue, open_batch, 1, "9.99")
    edit(staff, catalogue, open_batch, 4, "9.99")
    page = staff.get(f"{url_of(open_batch)}?f.sequence.less=4")
    assert quick(page) == {
        "Has problems 1": False,
        "Edited by people": False,
        "Differs from the file": False,
    }
    page = page.click("Edited by people")
    assert quick(page)["Edited by people"]
    assert column_of(page, "Row") == ["1"]
    assert column_of(page.click("Edited by people", index=0), "Row") == ["1", "2", "3"]


def test_what_others_changed_since_the_last_visit_is_new(
    catalogue: CatalogueDatabase, staff: TestApp, client_of: Callable[[str], TestApp], open_batch: int
) -> None:
    admin, address = client_of("admin"), url_of(open_batch)
    edit(admin, catalogue, open_batch, 1, "9.99")
    form = form_to(staff.get(address), "/rows/seen")
    assert "Changed since I looked" not in quick(staff.get(address))
    form.submit(status=303)
    edit(staff, catalogue, open_batch, 2, "9.99")
    assert "Changed since I looked" not in quick(staff.get(address))
    edit(admin, catalogue, open_batch, 4, "9.99")
    page = staff.get(address)
    operation = form_to(page, "/rows/seen")["operation"].value
    seen = {
        "csrf_token": form_to(page, "/rows/seen")["csrf_token"].value,
        "operation": operation,
        "by": "page",
    }
    staff.post(f"{address}/rows/seen", seen, status=204)
    new = staff.get(address).click("Changed since I looked")
    assert column_of(new, "Row") == ["4"]
    with transaction_scope(catalogue.engine) as session:
        wanted = select(GridSetting).where(GridSetting.grid == f"batch.{open_batch}.rows.seen")
        remembered = session.scalars(wanted).one()
        earlier = utc_now() - VISIT - timedelta(minutes=1)
        remembered.settings = remembered.settings | {"at": earlier.isoformat()}
    assert "Changed since I looked" not in quick(staff.get(address))
    assert column_of(staff.get(new.request.path_qs), "Row") == ["4"]
    edit(admin, catalogue, open_batch, 3, "9.99")
    assert column_of(staff.get(address).click("Changed since I looked"), "Row") == ["3"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_nobody_has_seen_what_has_not_happened(
    catalogue: CatalogueDatabase, staff: TestApp, client_of: Callable[[str], TestApp], open_batch: int
) -> None:
    post(staff, url_of(open_batch, "rows", "seen"), 303, operation="999999")
    edit(client_of("admin"), catalogue, open_batch, 1, "9.99")
    assert "Changed since I looked" in quick(staff.get(url_of(open_batch)))
    post(staff, url_of(open_batch, "rows", "seen"), 303, operation="x")


def test_a_row_leads_to_those_with_the_same_value(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    page = staff.get(url_of(open_batch, "rows", 6))
    same = page.click("Status")
    assert column_of(same, "Row") == ["6", "7"]
    assert "f.status.equal=duplicate" in same.request.path_qs
