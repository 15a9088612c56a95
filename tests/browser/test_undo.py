"""Undo and redo by the buttons of a batch's page, after a reload, in another browser, and without scripts."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.functional.harness import json_post, url_of
from webtest import TestApp

from .eyes import SIDEWAYS, problems_now
from .visits import Visits


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def test_what_was_done_before_is_undone_in_another_browser(
    visits: Visits, staff: TestApp, open_batch: int
) -> None:
    for row, value in ((1, "2.30"), (2, "3.40")):
        fields = {"field": "new_price", "value": value, "version": "1"}
        json_post(staff, url_of(open_batch, "rows", row, "cell"), 200, fields)
    page = visits.sign_in("staff")
    page.goto(url_of(open_batch))
    press(page, "Undo: Changed New price in row 2")
    expect(page.get_by_role("status").filter(has_text="Undid: Changed New price in row 2.")).to_be_visible()
    page.reload()
    plain = visits.sign_in("staff", java_script_enabled=False)
    plain.goto(url_of(open_batch))
    press(plain, "Undo: Changed New price in row 1")
    press(plain, "Redo: Changed New price in row 1")
    expect(plain.locator("main")).to_contain_text("2.30")
    page.goto(url_of(open_batch, "history"))
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert problems_now(page) == []
        assert not page.evaluate(SIDEWAYS)
    page.goto(f"{url_of(open_batch)}?panel=history")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(url_of(open_batch, "rows", 1, "cells", "new_price", "history"))
    assert problems_now(page) == []
