"""Browsers at the application: people signing in, and what their browsers complain of."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page

#: How a browser notes an answer that is a refusal. Refusals are part of the stories.
_REFUSAL = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


class Visits:
    """Opens pages in browsers of their own."""

    def __init__(
        self, browser: Browser, address: str, passwords: dict[str, str], contexts: ExitStack
    ) -> None:
        self.browser = browser
        self.address = address
        self.passwords = passwords
        self.contexts = contexts
        #: Errors and warnings in consoles, scripts that failed, breaches of the content security policy.
        self.complaints: list[str] = []

    def open(self, **options: Any) -> Page:
        """Return a page of a new browser in which nobody is signed in."""
        options = {"viewport": {"width": 1440, "height": 900}, "base_url": self.address} | options
        context = self.browser.new_context(**options)
        self.contexts.callback(context.close)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        return page

    def sign_in(self, name: str, **options: Any) -> Page:
        """Return a page of a new browser in which somebody has signed in by the form."""
        page = self.open(**options)
        page.goto("/login")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(self.passwords[name])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile(rf"{re.escape(self.address)}/(audit)?$"))
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _REFUSAL.match(message.text):
            self.complaints.append(f"{message.type}: {message.text}")


def confirm(page: Page) -> None:
    """Tick the warnings of an execution on a batch's page."""
    page.locator("#execution").wait_for()
    for box in page.locator("#execution input[name=confirm]").all():
        box.check()
