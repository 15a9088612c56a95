"""Prices typed faster than they are saved: each of them is in its row, or it is said which are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from tests.functional.world import Shop, number_in, upload, url_of
from webtest import TestApp

from batchbook.types.price_change.models import PriceChangeRow

from .detour import Detour
from .serving import serving

ROWS = 200


@pytest.fixture
def detour(app: Any) -> Detour:
    """The application behind a network that can be made slow."""
    return Detour(app)


@pytest.fixture
def address(detour: Detour) -> Iterator[str]:
    """Where it is served."""
    with serving(detour) as address:
        yield address


def test_two_hundred_prices_typed_at_once_are_in_their_rows(
    staff_page: Page, detour: Detour, shop: Shop, staff: TestApp
) -> None:
    lines = "".join(f"9{row:08},ITEM {row},1 KG,1.00\n" for row in range(1, ROWS + 1))
    number = number_in(upload(staff, f"item_code,description,size,price\n{lines}"))
    staff_page.goto(f"{url_of(number)}?size={ROWS}")
    detour.delay = 0.15
    typed = [f"{10 + row / 100:.2f}" for row in range(1, ROWS + 1)]
    staff_page.locator("td[data-field=new_price] a").first.focus()
    for price in typed:
        staff_page.keyboard.type(price, delay=30)
        staff_page.keyboard.press("Enter", delay=30)
    expect(staff_page.locator("td[data-field=new_price]").last).to_have_attribute("data-text", typed[-1])
    assert stored(shop, number) == typed


def stored(shop: Shop, number: int) -> list[str]:
    """Return the new prices of a batch, in the order of its rows."""
    wanted = select(PriceChangeRow.new_price).where(PriceChangeRow.batch_id == number)
    with shop.engine.connect() as connection:
        return [str(price) for price in connection.scalars(wanted.order_by(PriceChangeRow.sequence))]
