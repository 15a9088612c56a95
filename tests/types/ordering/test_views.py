"""The form and the grid of orders."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from webtest import TestApp

from batchbook.catalog.models import Department, Vendor
from batchbook.db.transactions import transaction_scope

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


def offered(page: TestApp, name: str) -> list[str]:
    html = page.get("/batches/ordering/new").html
    options = html.find("datalist", id=html.find("input", {"name": name})["list"]).find_all("option")
    return [one["value"] for one in options]


def test_the_form_offers_vendors_and_departments_in_order(engine: Engine, staff: TestApp) -> None:
    with transaction_scope(engine) as session:
        session.add_all([Department(name="PRODUCE"), Department(name="GROCERY")])
        session.add_all([Vendor(code="V2"), Vendor(code="V1")])
    assert offered(staff, "vendor_code") == ["V1", "V2"]
    assert offered(staff, "department") == ["GROCERY", "PRODUCE"]


def test_the_form_proposes_by_reorder_points_unless_told_otherwise(staff: TestApp) -> None:
    form = staff.get("/batches/ordering/new").html
    groups = [legend.text.strip() for legend in form.select("legend")]
    assert groups[:3] == ["What to order", "The document", "About this batch"]
    chosen = form.select('[name="from_reorder_points"] [selected], [name="from_reorder_points"][checked]')
    assert [one.get("value") for one in chosen] == ["yes"]
