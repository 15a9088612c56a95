"""The form and the grid of deliveries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from webtest import TestApp

from batchbook.catalog.models import Vendor
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.purchasing.models import PurchaseOrder

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


def offered(page: TestApp, name: str) -> list[str]:
    html = page.get("/batches/receiving/new").html
    options = html.find("datalist", id=html.find("input", {"name": name})["list"]).find_all("option")
    return [one["value"] for one in options]


def test_the_form_offers_open_orders_the_latest_first(engine: Engine, staff: TestApp) -> None:
    with transaction_scope(engine) as session:
        vendors = [Vendor(code="V2"), Vendor(code="V1")]
        session.add_all(vendors)
        session.flush()
        session.add_all(
            PurchaseOrder(
                number=number,
                vendor_id=vendors[0].id,
                ordered_by="x",
                state=state,
                ordered_at=utc_now() - timedelta(days=days),
            )
            for number, state, days in (("A", "open", 3), ("B", "closed", 2), ("C", "open", 1))
        )
    assert offered(staff, "order_number") == ["C", "A"]
    assert offered(staff, "vendor_code") == ["V1", "V2"]


def test_the_form_begins_with_what_is_delivered(staff: TestApp) -> None:
    page = staff.get("/batches/receiving/new").html
    groups = [legend.text.strip() for legend in page.select("legend")]
    assert groups[:3] == ["What is delivered", "The receipt", "About this batch"]
