from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.functional.fixtures import complete_batch, open_batch
from tests.functional.harness import PRICE_LIST, form_to, number_in, upload, url_of
from webtest import TestApp

from .serving import serving
from .visits import Visits

__all__ = ["complete_batch", "open_batch"]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"none of {', '.join(PROGRAMS)} is installed, so the pages were not tried in a browser")
    expect.set_options(timeout=20_000)  # Milliseconds; a busy machine may take its time.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def backend() -> str:
    """What the browser does is the same on every database; the functional tests run on both."""
    return "sqlite"


@pytest.fixture
def address(app: Any) -> Iterator[str]:
    """Where the application is served, by Waitress on a free port."""
    with serving(app) as address:
        yield address


@pytest.fixture
def visits(browser: Browser, address: str, users: dict[str, str]) -> Iterator[Visits]:
    """Opens browsers at the application, and sees in the end that nothing in them complained."""
    with ExitStack() as contexts:
        visits = Visits(browser, address, users, contexts)
        yield visits
    assert visits.complaints == []


@pytest.fixture
def staff_page(visits: Visits) -> Page:
    """A browser in which staff are signed in."""
    return visits.sign_in("staff")


@pytest.fixture
def in_state(staff: TestApp, admin: TestApp) -> Callable[[str], int]:
    """Makes a batch in a state: ``new`` with columns to be chosen, ``open``, ``complete`` or ``executed``."""

    def make(state: str) -> int:
        if state == "new":
            return number_in(upload(staff, PRICE_LIST.replace("item_code", "Artikel"), vendor_code="V1"))
        number = number_in(upload(staff, PRICE_LIST, description=f"One that is {state}", warn_above="50"))
        if state != "open":
            form_to(staff.get(url_of(number)), "/complete").submit(status=303)
        if state == "executed":
            form_to(admin.get(url_of(number)), "/execute").submit(status=303)
        return number

    return make
