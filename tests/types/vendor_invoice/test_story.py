"""An invoice on pages: staff enter and correct it, an administrator executes it, an auditor sees the payable."""

from __future__ import annotations

from sqlalchemy import Engine
from tests.functional.harness import column_of, counts_of, form_to, form_with, post, text_of
from webtest import TestApp, Upload

from .conftest import invoiced, payables

PATH = "/batches/vendor-invoice"
LINES = (
    "Item,Qty,Unit price,Line total\n000000001,12,1.00,12.00\nFREIGHT,1,5.00,5.00\n000000003,3,3.10,9.30\n"
)


def create(client: TestApp, total: str = "26.30", status: int = 303) -> str:
    """Create a batch of the invoice by the form; return the address of its page, or the page for another status."""
    form = form_with(client.get(f"{PATH}/new"), "invoice_number")
    form["file"] = Upload("invoice.csv", LINES.encode())
    for name, text in {
        "vendor_code": "V1",
        "invoice_number": "4711",
        "invoice_date": "2026-11-10",
        "due_on": "2026-12-10",
        "invoice_total": total,
    }.items():
        form[name] = text
    answer = form.submit(status=status)
    return str(answer.location).removeprefix("http://localhost") if status == 303 else answer.text


def complete(client: TestApp, url: str) -> None:
    form_to(client.get(url), "/complete").submit(status=303)


def test_staff_enter_an_invoice_until_it_adds_up(staff: TestApp, engine: Engine) -> None:
    url = create(staff, "27.00")
    page = staff.get(url)
    counts = counts_of(page)
    assert (counts["Matched"], counts["Cost differs"], counts["Not in catalogue"]) == (1, 1, 1)
    assert column_of(page, "As received") == ["12.00", "", "9.00"]
    assert "The lines add up to 26.30, and the invoice's total is 27.00" in text_of(page)
    # The freight was 5.70.
    form = form_with(staff.get(f"{url}/rows/2"), "amount")
    form["amount"] = "5.70"
    form.submit(status=303)
    assert "The lines add up" not in text_of(staff.get(url))
    complete(staff, url)
    assert "Waiting for an administrator" in text_of(staff.get(url), "#execution")
    assert "Nothing was changed" in text_of(post(staff, f"{url}/execute", 403, accept="cost"))
    assert payables(engine) == []


def test_the_same_invoice_again_is_refused_in_the_form(staff: TestApp) -> None:
    create(staff)
    assert "Invoice 4711 of vendor V1 is being entered already" in create(staff, status=422)


def test_an_administrator_accepts_what_differs(staff: TestApp, admin: TestApp, engine: Engine) -> None:
    url = create(staff)
    complete(staff, url)
    page = admin.get(url)
    assert "2 lines differ: 1 cost differs, 1 not in catalogue." in text_of(page, "#execution")
    refused = form_to(page, "/execute").submit(status=409)
    assert "because 2 lines differ" in text_of(refused)
    assert payables(engine) == []
    form = form_to(admin.get(url), "/execute")
    for place, box in enumerate(form.fields["accept"]):
        form.set("accept", box._value in ("cost", "not_found"), place)
    page = form.submit(status=303).follow()
    assert "Invoice 4711 of vendor V1 over 26.30 is payable: 3 lines, 2 matched with receipts." in text_of(
        page, ".flashes"
    )
    assert [found[0] for found in payables(engine)] == ["4711"]
    assert invoiced(engine)["R-1", "1"] == 12


def test_an_auditor_sees_the_payable_and_the_batch_that_made_it(
    staff: TestApp, admin: TestApp, auditor: TestApp
) -> None:
    url = create(staff)
    complete(staff, url)
    form = form_to(admin.get(url), "/execute")
    for place, _box in enumerate(form.fields["accept"]):
        form.set("accept", True, place)
    form.submit(status=303)
    page = auditor.get("/payables").click("4711")
    assert "R-1" in text_of(page)
    assert "Freight" not in text_of(page)
    assert "FREIGHT" in text_of(page)
    batch = page.click("The batch that made this payable").maybe_follow()
    assert batch.request.path == url
    assert "Executed and frozen" in text_of(batch)
    auditor.get(f"{PATH}/new", status=403)
    auditor.get("/payables/1/edit", status=404)
