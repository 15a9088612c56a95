"""An import in a browser: the way from the file to the records, for every eye, and a correction by the keyboard alone."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from tests.batches.sheets import Book
from tests.functional.harness import CatalogueDatabase
from tests.functional.test_imports import IMPORTS, LIST, form_to, number_of, product, send, url_of
from webtest import TestApp, Upload

from .eyes import problems_of
from .visits import Visits, confirm


def upload(page: Page, file: Path) -> None:
    """Make an import of a file into products."""
    page.goto(f"{IMPORTS}/new")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_label("Import into").select_option("Products")
    page.get_by_label("Source").fill("Mühle Nord")
    page.get_by_role("button", name="Create batch").click()
    expect(page.locator("h1")).to_contain_text("Check the file")


def column(page: Page, field: str, choice: str) -> None:
    page.locator(f"[name='column.{field}']").select_option(choice)


def test_a_list_becomes_products_in_a_browser(
    visits: Visits, staff_page: Page, catalogue: CatalogueDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "Preisliste.csv"
    file.write_bytes(LIST.encode("cp1252"))
    page = staff_page
    upload(page, file)
    intake_url = page.url
    assert problems_of(page, intake_url) == []
    page.get_by_label("Rows to skip").fill("9, 10")
    page.get_by_role("button", name="Next: match columns").click()
    expect(page.locator("h1")).to_contain_text("Match the columns of")
    for field, choice in (
        ("description", "Warenname"), ("department", "Abt."), ("price", "VK netto"), ("on_hand", "Lager"),
    ):  # fmt: skip
        column(page, field, choice)
    column(page, "vendor", "Same value for every row")
    page.locator("[name='constant.vendor']").fill("V1")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_label("On hand: “ausverkauft” means")).to_be_visible()
    assert problems_of(page, page.url) == []
    page.get_by_label("Pad with zeros to 9 digits").check()
    page.get_by_label("On hand: “ausverkauft” means").fill("0")
    page.get_by_role("button", name="Populate").click()
    expect(page.locator("table.grid tbody tr")).to_have_count(6)
    batch_url = page.url
    assert problems_of(page, batch_url) == []

    # By the keyboard alone: to the problems, into the box, and on.
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("link", name=re.compile("3 rows have problems")).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".problem-table tbody tr")).to_have_count(2)
    assert problems_of(page, page.url) == []
    box = page.locator(".problem-table tbody tr", has_text="Backwaren").locator("input[name=with]")
    _tab_to(page, box)
    page.keyboard.type("BAKERY")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Department becomes BAKERY in 2 rows.")
    preview_url = page.url
    assert problems_of(page, preview_url) == []
    _tab_to(page, page.get_by_role("button", name="Change 2 cells"))
    page.keyboard.press("Enter")
    expect(page.locator(".flashes")).to_contain_text("Changed 2 cells in 2 rows.")

    # A price that nobody knows is a cell like any other.
    page.goto(batch_url)
    cell = page.locator("tr[data-key='6'] > [data-field=new_price]")
    cell.click()
    cell.click()
    page.locator(".cell-editor").fill("1.10")
    page.keyboard.press("Enter")
    expect(page.locator("#problem-count")).to_be_hidden()
    page.get_by_role("button", name="Mark complete").click()
    expect(page.locator(".flashes")).to_contain_text("it can be executed now")
    admin = visits.sign_in("admin")
    admin.goto(batch_url)
    confirm(admin)
    admin.get_by_role("button", name="Execute").click()
    expect(admin.locator(".flashes")).to_contain_text("Products: 3 updated, 2 created.")
    assert product(catalogue, "000000032")[:2] == ("RUSK", Decimal("1.10"))
    assert problems_of(admin, batch_url) == []


def _tab_to(page: Page, wanted: Any) -> None:
    """Press Tab until ``wanted`` has the focus."""
    for _ in range(80):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("It cannot be reached by the keyboard.")


def test_pages_of_what_changed_are_for_every_eye(
    staff_page: Page, catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    number = number_of(send(staff, "item_code,price\n000000011,2.20\n000000099,1.30\n", mode="update"))
    book = Book.read(staff.get(url_of(number, "worksheet.xlsx")).body)
    book[1, "price"], book[2, "price"] = "2.30", "dear"
    form = form_to(staff.get(url_of(number)), "/worksheets")
    form["file"] = Upload("sheet.xlsx", book.save())
    diff = form.submit(status=303).headers["Location"]
    catalogue.set_price("000000011", "2.10")
    found = [
        *problems_of(staff_page, diff.removeprefix("http://localhost")),
        *problems_of(staff_page, url_of(number, "changed")),
        *problems_of(staff_page, url_of(number, "rows", 1)),
        *problems_of(staff_page, f"{IMPORTS}/new"),
    ]
    assert found == []
