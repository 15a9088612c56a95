"""A vendor's list of costs on pages: staff bring it in, an administrator executes it, an auditor sees what it did."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from tests.functional.harness import column_of, counts_of, form_to, form_with, post, text_of
from webtest import TestApp, Upload

from .conftest import costs, items
from .test_comparison import LIST

PATH = "/batches/vendor-catalog"


def create(client: TestApp, **texts: str) -> str:
    """Create a batch of the list by the form; return the address of its page."""
    form = form_with(client.get(f"{PATH}/new"), "vendor_code")
    form["file"] = Upload("costs.csv", LIST.encode())
    for name, text in {"vendor_code": "V1", "description": "Costs for January", **texts}.items():
        form[name] = text
    return str(form.submit(status=303).location).removeprefix("http://localhost")


def test_staff_bring_a_list_in_and_do_not_execute_it(staff: TestApp, engine: Engine) -> None:
    url = create(staff)
    page = staff.get(url)
    counts = counts_of(page)
    assert (counts["Cost up"], counts["Cost down"], counts["New item"], counts["Not in catalogue"]) == (
        1,
        1,
        1,
        1,
    )
    assert column_of(page, "Margin %")[:3] == ["50.00", "45.00", "52.50"]
    assert "Average margin" in text_of(page)
    # They correct a cost that could not be read.
    form = form_with(staff.get(f"{url}/rows/8"), "new_cost")
    form["new_cost"] = "1.10"
    form.submit(status=303)
    assert counts_of(staff.get(url))["Invalid"] == 0
    page = form_to(staff.get(url), "/complete").submit(status=303).follow()
    assert "Waiting for an administrator" in text_of(page, "#execution")
    assert "Nothing was changed" in text_of(post(staff, f"{url}/execute", 403, apply="cost_up"))
    assert costs(engine)["2"] == "1.00"


def test_an_unknown_vendor_is_named_in_the_form(staff: TestApp) -> None:
    form = form_with(staff.get(f"{PATH}/new"), "vendor_code")
    form["vendor_code"], form["file"] = "V9", Upload("costs.csv", LIST.encode())
    assert "There is no vendor “V9”" in form.submit(status="4*")


def test_an_administrator_executes_it_and_reverses_it(staff: TestApp, admin: TestApp, engine: Engine) -> None:
    before = costs(engine), items(engine)
    url = create(staff)
    form_to(staff.get(url), "/complete").submit(status=303)
    page = admin.get(url)
    assert "Products of this vendor get the new costs, effective immediately." in text_of(page, "#execution")
    page = form_to(page, "/execute").submit(status=303).follow()
    assert "4 items applied, 3 costs of products changed, 1 vendor item created." in text_of(page, ".flashes")
    assert (costs(engine)["2"], items(engine)["4"][0]) == ("1.10", "1.00")
    assert column_of(admin.get("/cost-history?f.vendor.equal=V1"), "New cost") != []
    back = post(admin, f"{url}/reverse-batch").location
    form_to(admin.get(back), "/complete").submit(status=303)
    form_to(admin.get(back), "/execute").submit(status=303)
    assert (costs(engine), items(engine)) == before


def test_an_auditor_sees_what_it_did_and_changes_nothing(
    staff: TestApp, admin: TestApp, auditor: TestApp, engine: Engine
) -> None:
    url = create(staff)
    auditor.get(url, status=403)
    form_to(staff.get(url), "/complete").submit(status=303)
    form_to(admin.get(url), "/execute").submit(status=303)
    page = auditor.get(url)
    assert "Executed and frozen" in text_of(page)
    assert "000000002" in auditor.get("/cost-history")
    product: Any = auditor.get("/products?f.item_code.equal=000000002").click("000000002")
    assert column_of(product.click("Cost history", href="equal"), "New cost") == ["1.10", "1.10"]
    auditor.get(f"{PATH}/new", status=403)
    post(auditor, f"{url}/reverse-batch", 403)
