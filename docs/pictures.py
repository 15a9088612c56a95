"""Makes the pictures in ``docs/images`` from the running application: ``make pictures``.

The application is served from a temporary database with the demo data; a headless Chromium does what a user would.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from waitress.server import create_server

import batchbook
from batchbook import demo
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.demo.demo_data import LOGINS, PRICE_LIST
from batchbook.migrate import upgrade

IMAGES = Path(__file__).parent / "images"
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


def signed_in(browser: Browser, address: str, name: str, scheme: Any = "light") -> Page:
    """Return a page on which the demo user ``name`` is signed in."""
    page = browser.new_context(color_scheme=scheme, viewport={"width": 1440, "height": 960}).new_page()
    page.goto(f"{address}/login")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(LOGINS[0].password)
    page.get_by_role("button", name="Sign in").click()
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
    """Do as a user would, and take the pictures."""
    browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM))
    page = signed_in(browser, address, "staff")
    page.goto(f"{address}/batches/price-change/new")
    page.get_by_label("File").set_input_files(PRICE_LIST)
    page.get_by_label("Vendor code").fill("V0764")
    page.get_by_label("Flag changes over (%)").fill("25")
    page.get_by_label("Description").fill("Vendor V0764, October price list")
    page.get_by_role("button", name="Create batch").click()
    page.goto(page.url)  # Without the message, which is shown once.
    page.screenshot(path=IMAGES / "batch.png")


if __name__ == "__main__":
    main()
