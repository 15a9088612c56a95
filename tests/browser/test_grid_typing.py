"""Typing into the grid: what is composed from several keys, as in Chinese, Japanese and Korean, and records that are looked up."""

from __future__ import annotations

import re

from playwright.sync_api import CDPSession, Page, expect
from tests.functional.harness import CatalogueDatabase, url_of

from .eyes import problems_now
from .grid_page import all_saved, cell, editor, is_focused, status


def compose(method: CDPSession, *texts: str) -> None:
    """Show each text as not yet decided, as an input method does with every key, which the page sees as one of its own."""
    for text in texts:
        key = {"key": "Process", "windowsVirtualKeyCode": 229}
        method.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
        method.send(
            "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        )


def test_a_composition_begins_on_a_closed_cell(
    staff_page: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    page = staff_page
    page.goto(url_of(open_batch))
    method = page.context.new_cdp_session(page)
    cell(page, 3, "item_code").click()
    is_focused(cell(page, 3, "item_code"))
    assert problems_now(page) == []
    expect(page.locator(":focus")).to_have_accessible_name(re.compile(r"^Item code \S+$"))
    compose(method, "に", "にほ", "にほん")
    expect(editor(page)).to_have_value("にほん")
    # Enter, Escape and arrows choose among the words of the input method, and close nothing.
    for key in ("ArrowDown", "Enter", "Escape"):
        method.send(
            "Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": key, "windowsVirtualKeyCode": 229}
        )
        assert editor(page).count() == 1
    method.send("Input.insertText", {"text": "日本"})
    expect(editor(page)).to_have_value("日本")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    is_focused(cell(page, 4, "item_code"))
    all_saved(page)
    assert catalogue.row(open_batch, 3).item_code == "日本7"
    # What comes without keys, such as dictated text, opens the cell as well; a space alone opens nothing.
    page.keyboard.press("Space")
    assert editor(page).count() == 0
    page.keyboard.insert_text("한")
    expect(editor(page)).to_have_value("한")
    page.keyboard.press("Escape")
    # Behind the last cell there is none into which it could go.
    cell(page, 8, "item_code").click()
    page.keyboard.type("한")
    page.keyboard.press("Enter")
    all_saved(page)
    compose(method, "ㅎ", "하")
    method.send("Input.insertText", {"text": "하"})
    expect(status(page)).to_contain_text("“하” was not entered: there is no further cell.")
    assert editor(page).count() == 0


def test_records_are_looked_up_while_their_code_is_typed(
    staff_page: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    page = staff_page
    page.goto(url_of(open_batch))
    code = catalogue.row(open_batch, 1).item_code
    cell(page, 3, "item_code").click()
    page.keyboard.type(code[:-1])
    box = page.get_by_role("combobox", name="Item code")
    options = page.get_by_role("listbox", name="Item code").get_by_role("option")
    expect(options.filter(has_text=code)).to_have_count(1)
    expect(box).to_have_attribute("aria-expanded", "true")
    assert problems_now(page) == []
    # Escape closes the list first, then the field.
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(box).to_have_value(code[:-1])
    page.keyboard.press("Alt+ArrowDown")
    expect(options.first).to_be_visible()
    place = [one.get_attribute("data-text") for one in options.all()].index(code)
    for _ in range(place + 1):
        page.keyboard.press("ArrowDown")
    expect(options.nth(place)).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", f"reference-list-{place}")
    page.keyboard.press("Enter")
    is_focused(cell(page, 4, "item_code"))
    expect(options).to_have_count(0)
    all_saved(page)
    assert catalogue.row(open_batch, 3).item_code == code
    # What is in no list is typed as before.
    page.keyboard.type("nowhere")
    page.keyboard.press("ArrowDown")
    all_saved(page)
    is_focused(cell(page, 5, "item_code"))
    assert catalogue.row(open_batch, 4).item_code == "nowhere"
