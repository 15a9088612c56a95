"""Makes the pictures in ``docs/images`` from the running application: ``make pictures``.

The application is served from a temporary database with the demo data; a headless Chromium does what a user would.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, Playwright, sync_playwright
from waitress.server import create_server

import batchbook
from batchbook import demo
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.demo.demo_data import COUNT, LOGINS, PRICE_LIST, VENDOR_CATALOG
from batchbook.migrate import upgrade

IMAGES = Path(__file__).parent / "images"
#: Sizes of windows, in CSS pixels.
LARGE, SMALL = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
CHROMIUM = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
)


def serve(database: Path) -> str:
    """Serve the demo on a free port; return its address."""
    url = f"sqlite:///{database}"
    engine = make_engine(url)
    upgrade(engine)
    with transaction_scope(engine) as session:
        demo.load(session)
    settings = {"sqlalchemy.url": url, "batchbook.development": "true", "batchbook.secure_cookies": "false"}
    server: Any = create_server(batchbook.main({}, **settings), host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    return f"http://127.0.0.1:{server.effective_port}"


def signed_in(browser: Browser, address: str, name: str, **options: Any) -> Page:
    """Return a page on which the demo user ``name`` is signed in."""
    page = browser.new_context(base_url=address, **{"viewport": LARGE} | options).new_page()
    page.goto("/login")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(LOGINS[0].password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")
    return page


def main() -> None:
    """Make them."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is needed to make the pictures, and there is none on the PATH.")
    with tempfile.TemporaryDirectory() as place:
        address = serve(Path(place) / "pictures.sqlite3")
        with sync_playwright() as playwright:
            take_pictures(playwright, chromium, address)


def take_pictures(playwright: Playwright, chromium: str, address: str) -> None:
    """Do as users would, and take the pictures."""
    browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM))
    page = signed_in(browser, address, "staff")
    batch = uploaded(page)
    take(page, f"{batch}?panel=breakdown", "batch")
    take(page, f"{batch}?panel=facets", "facets")
    take_conflict(page, signed_in(browser, address, "admin"), batch)
    take_grid(page, batch)
    dark = signed_in(browser, address, "staff", color_scheme="dark")
    take(dark, f"{batch}?panel=history", "dark")
    take_types(page)
    narrow = signed_in(browser, address, "staff", viewport=SMALL)
    take(narrow, f"{batch}?panel=", "narrow")


def uploaded(page: Page) -> str:
    """Upload the price list; return the path of its batch."""
    page.goto("/batches/price-change/new")
    page.get_by_label("File").set_input_files(PRICE_LIST)
    page.get_by_label("Vendor code").fill("V0764")
    page.get_by_label("Flag changes over (%)").fill("25")
    page.get_by_label("Description").fill("Vendor V0764, October price list")
    page.get_by_role("button", name="Create batch").click()
    page.locator(".flashes").wait_for()  # It is shown once, so the pictures are without it.
    return urlsplit(page.url).path


def take_types(page: Page) -> None:
    """Take a picture of a batch of each type that has a file to try."""
    vendor_catalog = created(
        page,
        "vendor-catalog",
        VENDOR_CATALOG,
        {"Vendor code": "V0764", "Description": "Vendor V0764, costs for January"},
    )
    take(page, f"{vendor_catalog}?panel=breakdown", "types/vendor_catalog")
    count = created(
        page, "inventory-count", COUNT, {"Reason": "Cycle count", "Description": "Nutrition, week 48"}
    )
    scan_into(page, count, "2*007169057", "010356075", "009999990")
    page.screenshot(path=IMAGES / "types/inventory_count.png")


def scan_into(page: Page, batch: str, *texts: str) -> None:
    """Scan ``texts`` into the box of a batch, and wait until the last one is told."""
    page.goto(f"{batch}?panel=breakdown")
    page.wait_for_load_state("networkidle")
    for text in texts:
        page.locator("scan-box input[name=text]").press_sequentially(text)
        page.keyboard.press("Enter")
    page.locator(".scan-log li").nth(len(texts) - 1).wait_for()
    page.wait_for_timeout(1_500)  # Milliseconds, in which the rows follow.


def created(page: Page, path: str, file: Path, texts: Mapping[str, str]) -> str:
    """Create a batch of the type with the address ``path`` from ``file``, with ``texts`` by label; return the path of its page."""
    page.goto(f"/batches/{path}/new")
    page.get_by_label("File").set_input_files(file)
    for label, text in texts.items():
        page.get_by_label(label).first.fill(text)
    page.get_by_role("button", name="Create batch").click()
    page.locator(".flashes").wait_for()  # It is shown once, so the pictures are without it.
    return urlsplit(page.url).path


def take(page: Page, path: str, name: str) -> None:
    """Take a picture of the page at ``path`` as soon as nothing more is loaded."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")


def take_grid(page: Page, batch: str) -> None:
    """Take a picture of the grid alone, with cells that are selected, refused and being edited."""
    page.goto(f"{batch}?panel=")
    page.wait_for_load_state("networkidle")
    cell(page, 3, "new_price").click()
    page.keyboard.type("cheap")
    page.keyboard.press("Enter")
    page.locator("[data-save=refused]").wait_for()
    cell(page, 6, "description").click()
    page.keyboard.down("Shift")
    for key in ["ArrowDown"] * 5 + ["ArrowRight"] * 4:
        page.keyboard.press(key)
    page.keyboard.up("Shift")
    page.wait_for_timeout(500)  # Milliseconds, in which the sum of the selection comes.
    page.screenshot(path=IMAGES / "grid.png")


def take_conflict(page: Page, other: Page, batch: str) -> None:
    """Take a picture of a cell that two people changed to different texts."""
    page.goto(f"{batch}?panel=")
    page.wait_for_load_state("networkidle")
    cell(page, 8, "new_price").click()
    page.keyboard.type("8.19")  # Begun before the other one saves.
    other.goto(f"{batch}?panel=")
    other.wait_for_load_state("networkidle")
    cell(other, 8, "new_price").click()
    other.keyboard.type("8.49")
    with other.expect_response(re.compile(r"/cells?\b")):
        other.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.locator("[data-save=conflict]").wait_for()
    cell(page, 8, "new_price").click()
    page.keyboard.press("Enter")
    page.locator(".cell-popover:not([hidden])").wait_for()
    page.screenshot(path=IMAGES / "conflict.png", clip={"x": 0, "y": 0, "width": 1440, "height": 600})
    page.get_by_role("button", name="Keep theirs").click()
    page.locator("[data-save]").wait_for(state="detached")


def cell(page: Page, row: int, field: str) -> Locator:
    """Return a cell of the grid."""
    return page.locator(f"[data-key='{row}'] > [data-field={field}]")


if __name__ == "__main__":
    main()
