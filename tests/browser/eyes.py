"""What is wrong with a page for those who do not see it as its author does: axe, both schemes, a narrow window."""

from __future__ import annotations

from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: What of the page is wider than the window, if the page as a whole scrolls sideways.
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
#: Colours that fade from one scheme to the other have arrived.
SETTLED = "document.getAnimations().forEach((one) => one.finish())"
WIDTHS = ((1440, 900), (390, 844))


def problems_of(page: Page, path: str) -> list[str]:
    """Open a page and return what is wrong with it, at both widths, in light and dark."""
    page.goto(path)
    return problems_now(page)


def problems_now(page: Page) -> list[str]:
    """Return what is wrong with a page as it is, at both widths, in light and dark."""
    path = urlsplit(page.url).path
    found = []
    before = page.viewport_size
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        if page.evaluate(SIDEWAYS):
            found.append(f"{path} scrolls sideways at {width}")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.evaluate(SETTLED)
            found += [f"{path} at {width}, {scheme}: {problem}" for problem in _axe(page)]
    if before is not None:
        page.set_viewport_size(before)
    return found


def _axe(page: Page) -> list[str]:
    violations = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {', '.join(str(node['target']) for node in one['nodes'][:3])}" for one in violations
    ]
