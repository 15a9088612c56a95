"""The form and the grid of price changes."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.functional.harness import number_in, text_of, upload, url_of
from webtest import TestApp

from batchbook.catalog.models import Department
from batchbook.db.transactions import transaction_scope

LIST = "item_code,description,size,price\n\n000000001,,,1.50\n"

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


def test_the_form_offers_the_departments_in_order(engine: Engine, staff: TestApp) -> None:
    with transaction_scope(engine) as session:
        session.add_all([Department(name="PRODUCE"), Department(name="GROCERY")])
    page = staff.get("/batches/price-change/new").html
    names = page.find("datalist", id=page.find("input", {"name": "department"})["list"]).find_all("option")
    assert [name["value"] for name in names] == ["GROCERY", "PRODUCE"]


def test_the_form_asks_for_a_list_or_for_a_change_by_per_cent(staff: TestApp) -> None:
    page = staff.get("/batches/price-change/new").html
    groups = {
        group.find("legend").text.strip(): {
            field["name"] for field in group.select("input, select, textarea")
        }
        for group in page.select("fieldset:has(legend)")
    }
    assert groups["From a price list"] >= {"file", "pasted"}
    assert groups["Or from the catalogue"] == {"percent", "amount", "margin", "set_to", "rounding"}
    assert groups["Options"] == {"vendor_code", "department", "warn_above", "description", "notes"}


def test_a_row_of_a_list_leads_to_its_row_in_the_file(staff: TestApp) -> None:
    number = number_in(upload(staff, LIST, vendor_code=""))
    row = staff.get(url_of(number, "rows", 1))
    assert "Row 3 of “list.csv”" in text_of(row.click("View in file"))
