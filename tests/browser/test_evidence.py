"""Control and evidence in a browser: risky prices are sent back, signed, undone, and proven from a pack alone."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Page, expect
from tests.functional.harness import CatalogueDatabase, number_in, upload, url_of
from tests.functional.test_evidence import RISKY, complete, set_policy
from webtest import TestApp

from .grid_page import all_saved, cell, enter
from .visits import Visits, confirm


def sign(page: Page, number: int, password: str, reason: str) -> bool:
    """Execute a batch by its page: tick the warnings, give a reason, and type the password; return whether it was asked for.

    The one that was typed to sign in just before does not count.
    """
    page.goto(url_of(number))
    confirm(page)
    page.get_by_label("Reason").fill(reason)
    expect(page.locator("#execution")).to_contain_text("You sign this, as it is now: reviewed and approved")
    page.locator("#execution").get_by_role("button", name="Execute").click()
    expect(page.locator("main")).to_contain_text(re.compile("Confirm your password|Executed and frozen"))
    asked = page.locator("h1").inner_text() == "Confirm your password"
    if asked:
        page.locator("[name=present]").fill(password)
        page.get_by_role("button", name="Confirm").click()
        page.locator("form[action$='/execute'] button").first.click()
    expect(page.locator("main")).to_contain_text("Executed and frozen")
    return asked


def bare(*arguments: object) -> tuple[int, str]:
    """Run a program in an interpreter without site packages, environment and working directory."""
    command = [sys.executable, "-I", "-S", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_risky_prices_are_sent_back_signed_undone_and_proven_from_a_pack(
    visits: Visits, catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, tmp_path: Path
) -> None:
    set_policy(admin, signature=True, reason=True)
    before = catalogue.prices()
    number = number_in(upload(staff, RISKY, description="Summer prices", vendor_code="V1"))
    complete(staff, number)

    # The administrator finds the four risky rows, and sends the batch back.
    page = visits.sign_in("admin")
    page.get_by_role("link", name="Summer prices").first.click()
    expect(page.locator("#execution")).to_contain_text("4 rows change the price by more than 20 %")
    page.get_by_role("link", name="Show these rows").click()
    expect(page.locator("main tbody tr")).to_have_count(4)
    page.goto(url_of(number))
    page.get_by_role("link", name="Send back…").click()
    page.get_by_label("What has to be corrected").fill("A pretzel for 51.00?")
    page.get_by_role("button", name="Send back").click()
    expect(page.locator(".flashes")).to_contain_text("sent back")

    # Staff read why on the start page, correct it in the grid, and mark it complete again.
    desk = visits.sign_in("staff")
    expect(desk.locator("main")).to_contain_text("A pretzel for 51.00?")
    desk.get_by_role("link", name="Summer prices").first.click()
    desk.wait_for_load_state("networkidle")  # The grid's module is there.
    cell(desk, 3).focus()
    enter(desk, "0.51")
    expect(cell(desk, 3)).to_have_attribute("data-text", "0.51")
    all_saved(desk)
    desk.get_by_role("button", name="Mark complete").click()
    expect(desk.locator(".flashes")).to_contain_text("marked complete")

    # The administrator gets it again, sees what was changed, signs, and must undo it by a reverse batch.
    page.goto(url_of(number))
    page.get_by_role("link", name="Cells that differ from the file").click()
    expect(page.locator("table.grid tbody tr")).to_have_count(1)
    expect(page.locator("table.grid tbody")).to_contain_text("51.00")
    sign(page, number, visits.passwords["admin"], "Price list of the vendor")
    assert catalogue.prices()["000000013"] == Decimal("0.51")
    page.get_by_role("button", name="Reverse").click()
    expect(page.locator("main")).to_contain_text(f"Reverses batch {number:08d}")
    back = int(page.url.rpartition("/")[2].partition("?")[0])
    page.get_by_role("button", name="Mark complete").click()
    assert sign(page, back, visits.passwords["admin"], "Wrong list")
    assert catalogue.prices() == before

    # An auditor proves all of it from a pack alone.
    audit = visits.sign_in("auditor")
    audit.goto("/audit")
    with audit.expect_download() as download:
        audit.get_by_role("link", name="Auditor's pack of these").click()
    pack = tmp_path / "pack.zip"
    download.value.save_as(pack)
    folder = tmp_path / "pack"
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(folder)
    status, told = bare(folder / "verify.py")
    assert status == 0, told
    assert "Batches: 2." in told
    assert "The chain of seals is unbroken. Seals: 2." in told
    assert bare(folder / "verify.py", pack)[0] == 0
    kept = "\n".join(path.read_text() for path in sorted(folder.glob(f"batch-{number:08d}/*.jsonl")))
    for fact in (
        "A pretzel for 51.00?",
        "Price list of the vendor",
        "reviewed and approved",
        '"old":"51.00"',
    ):
        assert fact in kept, fact
    rows = folder / f"batch-{number:08d}" / "rows.price_change_row.jsonl"
    changed = bytearray(rows.read_bytes())
    changed[changed.index(b"0.51")] ^= 1
    rows.write_bytes(changed)
    status, told = bare(folder / "verify.py")
    assert status == 1
    assert f"FAILED batch-{number:08d}/rows.price_change_row.jsonl, line 3, column new_price: differs" in told
    shutil.rmtree(folder)
