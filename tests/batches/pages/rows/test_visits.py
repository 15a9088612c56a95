"""Rows that others changed since the last visit are new to whoever looks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.functional.harness import (
    CatalogueDatabase,
    column_of,
    edit_price,
    form_to,
    post,
    quick_filters_of,
    url_of,
)
from webtest import TestApp

from batchbook.batches.pages.rows.visits import PAUSE
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.master import GridSetting


def test_what_others_changed_since_the_last_visit_is_new(
    catalogue: CatalogueDatabase, staff: TestApp, client_of: Callable[[str], TestApp], open_batch: int
) -> None:
    admin, address = client_of("admin"), url_of(open_batch)
    edit_price(admin, catalogue, open_batch, 1, "9.99")
    form = form_to(staff.get(address), "/rows/seen")
    assert "Changed since I looked" not in quick_filters_of(staff.get(address))
    form.submit(status=303)
    edit_price(staff, catalogue, open_batch, 2, "9.99")
    assert "Changed since I looked" not in quick_filters_of(staff.get(address))
    edit_price(admin, catalogue, open_batch, 4, "9.99")
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
        earlier = utc_now() - PAUSE - timedelta(minutes=1)
        remembered.settings = remembered.settings | {"at": earlier.isoformat()}
    assert "Changed since I looked" not in quick_filters_of(staff.get(address))
    assert column_of(staff.get(new.request.path_qs), "Row") == ["4"]
    edit_price(admin, catalogue, open_batch, 3, "9.99")
    assert column_of(staff.get(address).click("Changed since I looked"), "Row") == ["3"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_nobody_has_seen_what_has_not_happened(
    catalogue: CatalogueDatabase, staff: TestApp, client_of: Callable[[str], TestApp], open_batch: int
) -> None:
    post(staff, url_of(open_batch, "rows", "seen"), 303, operation="999999")
    edit_price(client_of("admin"), catalogue, open_batch, 1, "9.99")
    assert "Changed since I looked" in quick_filters_of(staff.get(url_of(open_batch)))
    post(staff, url_of(open_batch, "rows", "seen"), 303, operation="x")
