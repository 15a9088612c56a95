"""A handheld's file by its pages: staff upload and correct it, an administrator has it become a count or an order, an auditor looks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from tests.functional.harness import column_of, counts_of, form_to, form_with, json_post, post, text_of
from webtest import TestApp, Upload

from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.demo.demo_data import HANDHELD
from batchbook.demo.demo_values import add_demo_values

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])
PATH = "/batches/handheld"


@pytest.fixture
def demo_catalogue(real_catalogue: None, engine: Engine) -> None:
    """The database has the real catalogue, with the demo's bar codes."""
    with transaction_scope(engine) as session:
        if session.scalar(select(func.count()).where(Product.reorder_point.is_not(None))) == 0:
            add_demo_values(session)


def created(client: TestApp, file: bytes, **fields: str) -> str:
    """Create a batch from ``file`` by the form; return its address."""
    form = form_with(client.get(f"{PATH}/new"), "file")
    form["file"] = Upload("scans.txt", file)
    for name, text in fields.items():
        form[name] = text
    found = re.search(rf"{PATH}/[0-9]+", form.submit(status=303).location)
    assert found is not None
    return found[0]


@pytest.fixture
def shelf(demo_catalogue: None, staff: TestApp) -> str:
    """The address of a batch of the demo's file, which is to become a count."""
    return created(
        staff, HANDHELD.read_bytes(), becomes="inventory_count", device="MC-3", description="Coffee"
    )


def made_by(admin: TestApp, address: str, key: str) -> Any:
    """Execute the complete batch at ``address``; return the page of the batch that it made, the next one, which it names."""
    form_to(admin.get(address), "/execute").submit(status=303)
    made = int(address.rpartition("/")[2]) + 1
    facts = text_of(admin.get(f"{address}?panel=details"), "body")
    assert re.search(f"Made into [a-z ]+ Batch {made:08d}", facts)
    return admin.get(f"/batches/{key}/{made}")


def test_the_form_offers_the_types_that_declare_it(users: Any, staff: TestApp) -> None:
    options = staff.get(f"{PATH}/new").html.select("select[name=becomes] option")
    assert [one.get_text().strip() for one in options if one["value"]] == [
        "Delivery", "Inventory count", "Labels", "Order", "Product proposal", "Product removal",
    ]  # fmt: skip


def test_staff_upload_a_file_without_headings_and_correct_what_was_misread(
    shelf: str, staff: TestApp
) -> None:
    page = staff.get(shelf)
    counts = {name: count for name, count in counts_of(page).items() if count}
    assert counts == {
        "All": 27, "Ready": 23, "Repeated": 2, "Not in catalogue": 1, "Wrong check digit": 1,
    }  # fmt: skip
    assert "Inventory count" in text_of(staff.get(f"{shelf}?panel=details"), "body")
    wrong = f"{shelf}?f.status.any_of=check_digit"
    (row,) = staff.get(wrong).html.select("tr[data-key]")
    assert "should end in 3" in text_of(staff.get(wrong), "tr[data-key]")
    fields = {"field": "item_code", "value": "400008627993", "version": "1"}
    json_post(staff, f"{shelf}/rows/{row['data-key']}/cell", 200, fields)
    assert counts_of(staff.get(shelf))["Wrong check digit"] == 0
    form_to(staff.get(shelf), "/complete").submit(status=303)
    post(staff, f"{shelf}/execute", 403)


def test_the_next_file_of_a_device_is_read_as_the_last_one(demo_catalogue: None, staff: TestApp) -> None:
    # Two numbers: a person says once which of them is the quantity.
    file = b"400001131541;7;2\n400008226295;9;3\n400008415842;1;4\n"
    address = created(staff, file, becomes="labels", device="Gun 7")
    form = form_with(staff.get(f"{address}/mapping"), "column.code")
    assert form["column.code"].value == "0"
    form["column.quantity"] = "2"
    form.submit("do", value="populate", status=303)
    assert column_of(staff.get(address), "Quantity") == ["2", "3", "4"]
    again = created(staff, b"400001131541;7;5\n400008226295;9;6\n", becomes="labels", device="Gun 7")
    assert column_of(staff.get(again), "Quantity") == ["5", "6"]


def test_an_administrator_has_it_become_a_count(shelf: str, staff: TestApp, admin: TestApp) -> None:
    form_to(staff.get(shelf), "/complete").submit(status=303)
    told = text_of(admin.get(shelf), "#execution")
    assert "A batch of the type Inventory count is made of 25 rows with 101 units" in told
    assert "Left out: 1 not in catalogue, 1 wrong check digit." in told
    page = made_by(admin, shelf, "inventory-count")
    assert "Inventory count" in text_of(page, "body")
    assert counts_of(page)["All"] == 25
    assert counts_of(page)["Added to another row"] == 1
    # It is the work of those who scanned.
    assert "Coffee" in text_of(staff.get(page.request.path))


def test_an_order_is_made_of_it_for_a_vendor(demo_catalogue: None, staff: TestApp, admin: TestApp) -> None:
    address = created(staff, HANDHELD.read_bytes(), becomes="ordering")
    assert "Vendor code is missing" in text_of(staff.get(address))
    form = form_with(staff.get(f"{address}/edit"), "vendor_code")
    form["vendor_code"] = "V1046"
    form.submit(status=303)
    form_to(staff.get(address), "/complete").submit(status=303)
    counts = counts_of(made_by(admin, address, "ordering"))
    assert (counts["All"], counts["Duplicate in order"]) == (24, 0)


def test_chosen_rows_become_labels(shelf: str, staff: TestApp) -> None:
    menu = [
        one
        for one in staff.get(f"{shelf}?f.location.equal=C1").html.select("a")
        if "labels/make" in one.get("href", "")
    ]
    form = form_with(staff.get(menu[0]["href"]), "paper")
    page = form.submit(status=303).follow()
    assert column_of(page, "Copies")[:3] == ["1", "6", "5"]


def test_an_auditor_sees_it_once_it_is_executed(
    shelf: str, staff: TestApp, admin: TestApp, auditor: TestApp
) -> None:
    auditor.get(shelf, status=403)
    form_to(staff.get(shelf), "/complete").submit(status=303)
    made_by(admin, shelf, "inventory-count")
    page = auditor.get(shelf)
    summary = (
        "25 rows with 101 units passed on, 2 left out. Made a batch of the type Inventory count with 25 rows."
    )
    assert summary in text_of(auditor.get(f"{shelf}/history"))
    assert not page.html.select("form[action$='/execute'], scan-box")
