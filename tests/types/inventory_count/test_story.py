"""Inventory counts by their pages: staff scan and settle, an administrator executes, an auditor looks at the adjustments."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.harness import on_hand
from tests.functional.harness import (
    column_of,
    counts_of,
    form_to,
    form_with,
    json_post,
    post,
    text_of,
    token_of,
)
from webtest import TestApp, Upload

PATH = "/batches/inventory-count"


def created(client: TestApp, **fields: str) -> str:
    """Create a batch by its form; return its address."""
    form = form_with(client.get(f"{PATH}/new"), "file")
    for name, text in fields.items():
        form[name] = text
    return re.sub(r"\?.*", "", form.submit(status=303).headers["Location"])


def scan(client: TestApp, address: str, *texts: str) -> list[Any]:
    scans = [{"key": f"{len(text)}{text}".ljust(32, "k"), "text": text} for text in texts]
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(client)}
    answers = client.post_json(f"{address}/enter", {"scans": scans}, headers=headers).json["answers"]
    return [one.get("message") or one["error"] for one in answers]


def execute(admin: TestApp, address: str) -> Any:
    """Execute a batch, with its largest changes confirmed; return the page that follows."""
    form = form_to(admin.get(address), "/execute")
    for box in form.fields.get("confirm", ()):
        box.checked = True
    return form.submit(status=303).follow()


@pytest.fixture
def sheet(users: Any, staff: TestApp) -> str:
    """The address of a sheet of a department that staff count."""
    return created(staff, department="BAKERY", description="Bakery, week 48", reason="Cycle count")


def test_staff_count_a_sheet_by_scanning_and_give_reasons(staff: TestApp, sheet: str) -> None:
    assert counts_of(staff.get(sheet))["Not counted"] == 4
    assert scan(staff, sheet, "036000291452", "7*12", "4*000000021", "4006381333932") == [
        "Row 1: 1 Rye bread (Short)",
        "Row 2: 7 Wheat bread (Short)",
        "Row 5, new: 4 Milk (Short)",
        "The check digit of “4006381333932” is wrong: it should end in 1. Scan or type it again; nothing was entered.",
    ]
    json_post(staff, f"{sheet}/rows/1/cell", 200, {"field": "reason", "value": "Stale", "version": "2"})
    page = staff.get(sheet)
    assert column_of(page, "Difference") == ["-4", "-1", "", "", "-5"]
    assert column_of(page, "Value") == ["-6.00", "-1.25", "", "", "-4.50"]
    assert "Counting" in text_of(page)
    assert "+0 / \N{MINUS SIGN}10" in text_of(staff.get(f"{sheet}?panel=details"), "body")
    assert "3 products get another quantity on hand: 0 more, 3 less" in text_of(page, "#execution")


def test_two_people_count_and_staff_settle_where_they_differ(
    users: Any, staff: TestApp, admin: TestApp
) -> None:
    address = created(staff, counts="2", description="Bakery, twice")
    scan(staff, address, "5*11", "3*14")
    assert scan(admin, address, "5*11", "2*14") == ["Row 1: 5 Rye bread", "Row 2: 2 Cake (Counts differ)"]
    page = staff.get(address)
    assert column_of(page, "2nd count") == ["5", "2"]
    assert "Counts differ" in text_of(page)
    details = text_of(staff.get(f"{address}?panel=details"), "body")
    assert "First counter staff" in details
    assert "Second counter admin" in details
    json_post(staff, f"{address}/rows/2/cell", 200, {"field": "agreed", "value": "2", "version": "2"})
    assert counts_of(staff.get(address))["Matches"] == 2


def test_an_administrator_executes_it_once_after_a_dry_run(
    staff: TestApp, admin: TestApp, engine: Engine, sheet: str
) -> None:
    scan(staff, sheet, "7*11", "8*12")
    form_to(staff.get(sheet), "/complete").submit(status=303)
    post(staff, f"{sheet}/execute", 403)
    page = admin.get(sheet)
    assert "2 rows were not counted; their quantities stay as they are." in text_of(page, "#execution")
    form = form_with(admin.get(f"{sheet}/dry-run"), "version")
    form["zero"] = True
    told = text_of(form.submit(), "#effects")
    assert "3 quantities on hand changed" in told
    assert on_hand(engine)["000000011"] == 5
    page = execute(admin, sheet)
    assert "1 quantity on hand changed, 1 unchanged, 0 rows left out." in text_of(page, "body")
    assert on_hand(engine) | {"000000011": 7} == on_hand(engine)
    post(admin, f"{sheet}/execute", 409)


def test_an_auditor_sees_the_adjustments_and_their_reasons(
    staff: TestApp, admin: TestApp, auditor: TestApp, sheet: str
) -> None:
    auditor.get(sheet, status=403)
    scan(staff, sheet, "6*11")
    form_to(staff.get(sheet), "/complete").submit(status=303)
    execute(admin, sheet)
    page = auditor.get(sheet)
    assert "1 quantity on hand changed" in text_of(page)
    assert not page.html.select("form[action$='/execute'], scan-box")
    movements = auditor.get("/stock-movements")
    assert column_of(movements, "Kind") == ["count"]
    assert column_of(movements, "Reason") == ["Cycle count"]
    assert "on_hand" in text_of(auditor.get("/audit/effects")) or "On hand" in text_of(
        auditor.get("/audit/effects")
    )


def test_a_file_of_a_handheld_becomes_a_count(users: Any, staff: TestApp) -> None:
    form = form_with(staff.get(f"{PATH}/new"), "file")
    form["file"] = Upload("scans.csv", b"barcode,qty\n036000291452,5\n4006381333931,7\n5901234123457,1\n")
    address = re.sub(r"\?.*", "", form.submit(status=303).headers["Location"])
    page = staff.get(address)
    assert column_of(page, "Status") == ["Matches", "Short", "Not in catalogue"]
