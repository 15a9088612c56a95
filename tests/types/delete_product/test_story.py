"""Product removals by their pages: staff choose products, an administrator deactivates and deletes them, an auditor looks at it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.functional.harness import column_of, counts_of, form_to, form_with, post, text_of
from webtest import TestApp

from .conftest import REMOVALS, RemovalHarness, add_history, order

PATH = "/batches/delete-product"


@pytest.fixture
def address(users: Any, staff: TestApp, engine: Engine) -> str:
    """The address of a batch that staff made of pasted item codes; A2 is on order, and N2 has history."""
    order(engine, "A2")
    add_history(engine, "N2")
    form = form_with(staff.get(f"{PATH}/new"), "pasted")
    form["pasted"] = "item_code\nA1\nA2\nAS\nN1\nN2\nN3\n"
    form["inactive_days"], form["description"] = "30", "No longer sold"
    return re.sub(r"\?.*", "", form.submit(status=303).headers["Location"])


def products(engine: Engine) -> dict[str, bool]:
    return RemovalHarness(engine, REMOVALS).products()


def test_staff_see_what_can_be_done_and_what_is_in_the_way(staff: TestApp, address: str) -> None:
    page = staff.get(address)
    found = {label: count for label, count in counts_of(page).items() if count}
    assert found == {
        "All": 6,
        "Can be deactivated": 1,
        "On order": 1,
        "In stock": 1,
        "Can be deleted": 1,
        "Has history": 1,
        "Not inactive for long": 1,
    }
    assert column_of(page, "Next step") == [
        "Deactivate",
        "Deactivate",
        "Deactivate",
        "Delete",
        "",
        "",
    ]
    assert "5 on order." in text_of(page)
    assert "1 record of its history refers to it, so it stays inactive." in text_of(page)
    assert "1 product is taken off sale." in text_of(page, "#execution")


def test_staff_scan_products_into_a_batch(users: Any, staff: TestApp) -> None:
    form = form_with(staff.get(f"{PATH}/new"), "pasted")
    address = re.sub(r"\?.*", "", form.submit(status=303).headers["Location"])
    form = form_to(staff.get(address), "/enter")
    form["text"] = "036000291452"
    form.submit(status=303)
    assert column_of(staff.get(address), "Item code") == ["A1"]


def test_staff_make_a_batch_of_products_that_they_have_searched(users: Any, staff: TestApp) -> None:
    page = staff.get("/products?f.active.is_false")
    (link,) = [one for one in page.html.select("a.menu-link") if "Product removal" in one.get_text()]
    form = form_with(staff.get(link["href"]), "inactive_days")
    address = re.sub(r"\?.*", "", form.submit(status=303).headers["Location"])
    assert sorted(column_of(staff.get(address), "Item code")) == ["N1", "N2", "N3", "NS"]


def test_an_administrator_deactivates_and_deletes_what_was_ticked(
    staff: TestApp, admin: TestApp, engine: Engine, address: str
) -> None:
    form_to(staff.get(address), "/complete").submit(status=303)
    post(staff, f"{address}/execute", 403, steps="deactivate")
    page = admin.get(address)
    assert (
        "Left out: 1 can be deleted, 1 in stock, 1 on order, 1 not inactive for long, 1 has history."
        in text_of(page)
    )
    form = form_to(page, "/execute")
    boxes = {box._value: box for name in ("steps", "also") for box in form.fields[name]}
    boxes["delete"].checked = boxes["on_order"].checked = True
    page = form.submit(status=303).follow()
    assert "2 products deactivated, 1 product deleted, 3 rows left out." in text_of(page, "body")
    assert products(engine) == {"A1": False, "A2": False, "AS": True, "N2": False, "N3": False, "NS": False}


def test_an_administrator_reverses_a_deactivation(
    staff: TestApp, admin: TestApp, engine: Engine, address: str
) -> None:
    form_to(staff.get(address), "/complete").submit(status=303)
    form_to(admin.get(address), "/execute").submit(status=303)
    page = form_to(admin.get(address), "/reverse-batch").submit(status=303).follow()
    assert column_of(page, "Next step") == ["Reactivate"]
    form_to(page, "/complete").submit(status=303)
    form_to(admin.get(page.request.path), "/execute").submit(status=303)
    assert products(engine)["A1"] is True


def test_an_auditor_sees_what_deleted_products_were(
    staff: TestApp, admin: TestApp, auditor: TestApp, address: str
) -> None:
    auditor.get(address, status=403)
    form_to(staff.get(address), "/complete").submit(status=303)
    form = form_to(admin.get(address), "/execute")
    boxes = {box._value: box for box in form.fields["steps"]}
    boxes["delete"].checked = True
    form.submit(status=303)
    page = auditor.get(address)
    assert "1 product deactivated, 1 product deleted" in text_of(page)
    assert not page.html.select("form[action$='/execute'], form[action$='/reverse']")
    effects = text_of(auditor.get("/audit/effects"))
    assert "Deleted" in effects
    assert "Item N1" in effects
