"""Makes the pictures in ``docs/images`` from the running application: ``make pictures``.

The application is served from a temporary database with the demo data; a headless Chromium does what a user would.
``python docs/pictures.py labels import`` makes those of these batch types alone.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from PIL import ImageOps
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from pypdfium2 import PdfDocument
from waitress.server import create_server

import batchbook
from batchbook import demo
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.demo.demo_data import (
    CATALOG,
    COUNT,
    HANDHELD,
    INVOICE,
    INVOICE_TOTAL,
    LOGINS,
    PRICE_LIST,
    PROMOTION,
    VENDOR_CATALOG,
)
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


def main(types: Collection[str]) -> None:
    """Make them, or those of ``types`` alone."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is needed to make the pictures, and there is none on the PATH.")
    with tempfile.TemporaryDirectory() as place:
        address = serve(Path(place) / "pictures.sqlite3")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM))
            if not types:
                take_pictures(browser, address)
            take_types(browser, address, types or TYPE_PICTURES)


def take_pictures(browser: Browser, address: str) -> None:
    """Do as users would, and take the pictures."""
    page = signed_in(browser, address, "staff")
    batch = uploaded(page)
    take(page, f"{batch}?panel=breakdown", "batch")
    take(page, f"{batch}?panel=facets", "facets")
    take_conflict(page, signed_in(browser, address, "admin"), batch)
    take_grid(page, batch)
    dark = signed_in(browser, address, "staff", color_scheme="dark")
    take(dark, f"{batch}?panel=history", "dark")
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


def created(page: Page, path: str, file: Path | None, texts: Mapping[str, str], **chosen: str) -> str:
    """Create a batch of the type with the address ``path``, from ``file`` unless ``None``; return the path of its page.

    ``texts`` are those of fields by their labels, ``chosen`` the values of choices by their names.
    """
    page.goto(f"/batches/{path}/new")
    if file is not None:
        page.locator("input[name=file]").set_input_files(file)
    for label, text in texts.items():
        page.get_by_label(label).first.fill(text)
    for name, value in chosen.items():
        page.locator(f"select[name={name}]").select_option(value)
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


# --- A picture for each batch type -----------------------------------------------------------------------------------

LIST_TO_IMPORT = """item_code,description,department,price,on_hand
000032265,CANDY BARS (SINGLES),GROCERY,0.65,48
000032456,TORTILLA CHIPS 13 OZ,GROCERY,3.29,12
999001,SCONES 4 CT,PASTRY,3.99,0
999002,STRUDEL,PASTRY,on request,0
"""


def price_change(page: Page) -> str:
    """Make a batch from the price list; return its path."""
    return f"{uploaded(page)}?panel=breakdown"


def import_of_products(page: Page) -> str:
    """Make an import of a short list with a new product and a problem; return its path."""
    page.goto("/batches/import/new")
    page.get_by_label("Or paste").fill(LIST_TO_IMPORT)
    page.get_by_label("Import into").select_option("product")
    page.get_by_role("button", name="Create batch").click()
    page.locator(".flashes").wait_for()
    return f"{urlsplit(page.url).path}?panel=breakdown"


def price_promotion(page: Page) -> str:
    """Make a promotion from the list of coffees; return its path."""
    texts = {"Name": "Coffee week", "Starts on": "2027-02-01", "Ends on": "2027-02-06"}
    return f"{created(page, 'price-promotion', PROMOTION, texts)}?panel=execution"


def vendor_catalog(page: Page) -> str:
    """Make a batch from the vendor's catalogue; return its path."""
    texts = {"Vendor code": "V0764", "Description": "Vendor V0764, costs for January"}
    return f"{created(page, 'vendor-catalog', VENDOR_CATALOG, texts)}?panel=breakdown"


def vendor_invoice(page: Page) -> str:
    """Make a batch from the vendor's invoice for the demo delivery; return its path."""
    texts = {
        "Vendor code": "V0764",
        "Invoice number": "2026-4711",
        "Invoice date": "2026-11-27",
        "Due": "2026-12-27",
        "Invoice total": INVOICE_TOTAL,
    }
    return f"{created(page, 'vendor-invoice', INVOICE, texts)}?panel=breakdown"


def new_product(page: Page) -> str:
    """Make proposals from the list with a mistake of each kind; return their path."""
    texts = {"Vendor code": "V0764", "Description": "Vendor V0764, new items"}
    return (
        f"{created(page, 'new-product', CATALOG.with_name('new-products-V0764.csv'), texts)}?panel=breakdown"
    )


def ordering(page: Page) -> str:
    """Have an order proposed by reorder points; return its path."""
    texts = {"Vendor code": "V0764", "Description": "Vendor V0764, order for next week"}
    return f"{created(page, 'ordering', None, texts)}?panel=breakdown"


def labels(page: Page) -> str:
    """Make labels from a list of coffees, with pictures of them as they are printed; return their path."""
    admin, texts = administrator(page), {"Description": "New labels for the coffee shelf"}
    for paper, scale in (("a4", 1.6), ("roll", 4)):
        batch = created(admin, "labels", CATALOG.with_name("labels-coffee.csv"), texts, paper=paper)
        admin.get_by_role("button", name="Mark complete").click()
        admin.locator(".flashes").wait_for()
        admin.goto(f"{batch}?panel=execution")
        admin.get_by_role("button", name="Execute").last.click()
        admin.wait_for_url(f"**{batch}**")
        admin.goto(f"{batch}?panel=files")
        link = admin.get_by_role("link", name=re.compile(r"standard\.pdf")).first
        pdf = admin.request.get(urljoin(admin.url, link.get_attribute("href") or "")).body()
        with closing(PdfDocument(pdf)) as document:
            printed = document[0].render(scale=scale, grayscale=True).to_pil()
        # Paper is as white as a page of the documentation, so it gets an edge.
        framed = ImageOps.expand(printed, border=1, fill=205).quantize(16)
        framed.save(IMAGES / "types" / f"labels-{'sheet' if paper == 'a4' else paper}.png", optimize=True)
    return f"{created(page, 'labels', CATALOG.with_name('labels-coffee.csv'), texts)}?panel=breakdown"


def administrator(page: Page) -> Page:
    """Return a page of the site of ``page`` on which an administrator is signed in."""
    if page.context.browser is None:
        raise RuntimeError("The page belongs to no browser.")
    site = urlsplit(page.url)
    return signed_in(page.context.browser, f"{site.scheme}://{site.netloc}", "admin")


def inventory_count(page: Page) -> str:
    """Make a count from a list, and scan what was found besides; return its path."""
    texts = {"Reason": "Cycle count", "Description": "Nutrition, week 48"}
    batch = created(page, "inventory-count", COUNT, texts)
    page.goto(f"{batch}?panel=breakdown")
    page.wait_for_load_state("networkidle")
    scans = ("2*007169057", "010356075", "009999990")
    for text in scans:
        page.locator("scan-box input[name=text]").press_sequentially(text)
        page.keyboard.press("Enter")
    page.locator(".scan-log li").nth(len(scans) - 1).wait_for()
    return f"{batch}?panel=breakdown"


def handheld(page: Page) -> str:
    """Make a batch of what a mobile scanner wrote; return its path."""
    texts = {"Device": "MC-3", "Description": "Coffee shelves, Friday morning"}
    batch = created(page, "handheld", HANDHELD, texts, becomes="inventory_count")
    return f"{batch}?panel=breakdown"


def delete_product(page: Page) -> str:
    """Make removals from the list of what a vendor no longer sells; return their path."""
    texts = {"Description": "Vendor V0764, discontinued"}
    return f"{created(page, 'delete-product', CATALOG.with_name('discontinued-V0764.csv'), texts)}?panel=breakdown"


#: The cells of a delivery that differ from its order: row, column and what is typed there.
_DIFFERENCES = (
    (2, "received", "11"),
    (2, "damaged", "1"),
    (3, "received", "10"),
    (5, "received", "14"),
    (6, "cost", "9.99"),
    (7, "received", "4"),
    (7, "missing", "2"),
)


def receiving(page: Page) -> str:
    """Make a delivery against an order that an administrator has placed; return its path."""
    number = "PO-2026-118"
    created(page, "ordering", None, {"Vendor code": "V0764", "Order number": number})
    order = urlsplit(page.url).path
    page.get_by_role("button", name="Mark complete").click()
    page.locator(".flashes").wait_for()
    admin = administrator(page)
    admin.goto(f"{order}?panel=execution")
    admin.get_by_role("button", name="Execute").last.click()
    admin.locator(".flashes").wait_for()
    page.goto("/batches/receiving/new")
    page.get_by_label("Order number").fill(number)
    page.get_by_label("Begin as ordered").check()
    page.get_by_role("button", name="Create batch").click()
    page.locator(".flashes").wait_for()
    delivery = urlsplit(page.url).path
    page.goto(f"{delivery}?panel=")
    page.wait_for_load_state("networkidle")
    for row, field, text in _DIFFERENCES:
        cell(page, row, field).click()
        page.keyboard.type(text)
        with page.expect_response(re.compile(r"/cells?\b")):
            page.keyboard.press("Enter")
    return f"{delivery}?panel=breakdown"


#: By the key of a type, the function that makes a batch of it on a page of staff, and returns the path of its picture.
TYPE_PICTURES: dict[str, Callable[[Page], str]] = {
    "delete_product": delete_product,
    "handheld": handheld,
    "import": import_of_products,
    "inventory_count": inventory_count,
    "labels": labels,
    "new_product": new_product,
    "ordering": ordering,
    "price_change": price_change,
    "price_promotion": price_promotion,
    "receiving": receiving,
    "vendor_catalog": vendor_catalog,
    "vendor_invoice": vendor_invoice,
}


def take_types(browser: Browser, address: str, types: Collection[str]) -> None:
    """Take the pictures of batch types."""
    (IMAGES / "types").mkdir(exist_ok=True)
    for key in types:
        page = signed_in(browser, address, "staff")
        take(page, TYPE_PICTURES[key](page), f"types/{key}")
        page.context.close()


if __name__ == "__main__":
    main(sys.argv[1:])
