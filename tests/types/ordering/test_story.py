"""An order from the demo catalogue: staff prepare it, an administrator places it, an auditor reads it."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, func, select
from tests.functional.harness import counts_of, form_to, form_with, json_post, post, text_of
from webtest import TestApp

from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.demo.demo_values import add_demo_values
from batchbook.purchasing.models import PurchaseOrder, PurchaseOrderLine

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])
PATH = "/batches/ordering"


@pytest.fixture
def demo_catalogue(real_catalogue: None, engine: Engine) -> None:
    """The database has the real catalogue, with the demo's reorder points."""
    with transaction_scope(engine) as session:
        if session.scalar(select(func.count()).where(Product.reorder_point.is_not(None))) == 0:
            add_demo_values(session)


@pytest.fixture
def order(demo_catalogue: None, staff: TestApp) -> int:
    """An order of what vendor V0764 has to deliver, made by staff with the form."""
    form = form_with(staff.get(f"{PATH}/new"), "vendor_code")
    form["vendor_code"], form["order_number"] = "v0764", "PO-1"
    return int(form.submit(status=303).location.rpartition("/")[2])


def test_staff_prepare_an_order_and_cannot_place_it(order: int, staff: TestApp, engine: Engine) -> None:
    page = staff.get(f"{PATH}/{order}")
    counts = counts_of(page)
    assert counts["All"] > 50
    assert counts["To order"] + counts["No vendor code"] == counts["All"]
    assert "Items to order" in text_of(page)
    answer = json_post(
        staff, f"{PATH}/{order}/rows/1/cell", 200, {"field": "wanted", "value": "1001", "version": 1}
    )
    assert "Below case pack" in answer["row_html"]
    post(staff, f"{PATH}/{order}/complete")
    post(staff, f"{PATH}/{order}/execute", 403)
    with transaction_scope(engine) as session:
        assert session.scalar(select(func.count()).select_from(PurchaseOrder)) == 0


def test_an_administrator_places_it(order: int, staff: TestApp, admin: TestApp, engine: Engine) -> None:
    post(staff, f"{PATH}/{order}/complete")
    page = admin.get(f"{PATH}/{order}")
    assert "Order PO-1 is placed with V0764" in text_of(page)
    form_to(page, "/execute").submit(status=303)
    with transaction_scope(engine) as session:
        placed = session.scalars(select(PurchaseOrder)).one()
        lines = session.scalar(select(func.count()).where(PurchaseOrderLine.order_id == placed.id))
        assert (placed.number, placed.state, placed.ordered_by, placed.batch_id) == (
            "PO-1",
            "open",
            "admin",
            order,
        )
        assert lines == counts_of(admin.get(f"{PATH}/{order}"))["All"]
        address = f"/purchase-orders/{placed.id}"
    assert "PO-1" in text_of(admin.get(address))


def test_an_auditor_reads_it_and_its_files(
    order: int, staff: TestApp, admin: TestApp, auditor: TestApp
) -> None:
    auditor.get(f"{PATH}/{order}", status=403)
    post(staff, f"{PATH}/{order}/complete")
    form_to(admin.get(f"{PATH}/{order}"), "/execute").submit(status=303)
    page = auditor.get(f"{PATH}/{order}")
    assert "was placed with V0764" in text_of(page)
    names = {link.get_text().strip(): link["href"] for link in page.html.select('a[href*="/files/"]')}
    pdf, csv = (next(href for name, href in names.items() if end in name) for end in (".pdf", ".csv"))
    assert auditor.get(pdf).body.startswith(b"%PDF-")
    assert re.match(r"\ufeff?Line,", auditor.get(csv).body.decode())
    post(auditor, f"{PATH}/{order}/reopen", 403)
