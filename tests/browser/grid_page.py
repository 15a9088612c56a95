"""A grid in a browser: its cells, the open field, the bar that says what is not saved, and typing."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from tests.functional.harness import CatalogueDatabase, json_post, url_of
from webtest import TestApp

from batchbook.types.price_change.models import PriceChangeRow


def row_of(page: Page, number: int) -> Locator:
    """Return a row by its number in the batch."""
    return page.locator(f"tr[data-key='{number}']")


def cell(page: Page, number: int, field: str = "new_price") -> Locator:
    """Return a cell of a row."""
    return page.locator(f"tr[data-key='{number}'] > [data-field={field}]")


def editor(page: Page) -> Locator:
    """Return the field of the open cell."""
    return page.locator(".cell-editor")


def is_focused(one: Locator) -> None:
    """Wait until a cell, or the field in it, has the focus."""
    expect(one.and_(one.page.locator(":focus-within"))).to_have_count(1)


def status(page: Page) -> Locator:
    """Return the bar that says what is not saved."""
    return page.locator("save-status")


def enter(page: Page, *texts: str) -> None:
    """Type values as from a list: each with Enter, without a look at the page."""
    for text in texts:
        page.keyboard.type(text)
        page.keyboard.press("Enter")


def all_saved(page: Page) -> None:
    """Wait until nothing is on its way or refused."""
    expect(page.locator("[data-save]")).to_have_count(0)


def stored(catalogue: CatalogueDatabase, number: int) -> list[str]:
    """Return the new prices of a batch, in the order of its rows."""
    wanted = select(PriceChangeRow.new_price).where(PriceChangeRow.batch_id == number)
    with catalogue.engine.connect() as connection:
        return [str(price) for price in connection.scalars(wanted.order_by(PriceChangeRow.sequence))]


def change(somebody: TestApp, number: int, place: int, value: str, version: int = 1) -> None:
    """Have somebody else store a price."""
    fields = {"field": "new_price", "value": value, "version": str(version)}
    json_post(somebody, url_of(number, "rows", place, "cell"), 200, fields)
