"""A reason for large changes, asked for in the grid: by the keyboard alone, for a cell that was typed and for a block."""

from __future__ import annotations

from decimal import Decimal

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from tests.functional.harness import CatalogueDatabase, url_of

from batchbook.batches import Policy
from batchbook.batches.models import Operation
from batchbook.batches.policies.stored import set_policy
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope

from .eyes import SIDEWAYS, problems_now
from .grid_page import all_saved, cell, enter, status, stored


def demand(catalogue: CatalogueDatabase, *listed: str) -> None:
    wanted = Policy(edit_percent=Decimal(20), edit_reasons=listed, other_edit_reasons=not listed)
    with transaction_scope(catalogue.engine) as session:
        set_policy(session, "price_change", wanted, utc_now(), "admin", 0)


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Give a reason")


def reasons(catalogue: CatalogueDatabase, batch: int) -> list[str | None]:
    found = select(Operation.reason).where(Operation.batch_id == batch, Operation.cells > 0)
    with transaction_scope(catalogue.engine, read_only=True) as session:
        return list(session.scalars(found.order_by(Operation.number)))


def test_a_large_change_is_saved_again_with_the_reason_that_was_typed(
    staff_page: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    demand(catalogue)
    page = staff_page
    page.goto(url_of(open_batch))
    cell(page, 1).focus()
    enter(page, "9.90", "8.10", "1.00")
    expect(dialog(page)).to_contain_text("New price in row 1 changes from 2.20 to 9.90, by more than 20 %.")
    expect(dialog(page).get_by_label("Reason")).to_be_focused()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert problems_now(page) == []
        assert not page.evaluate(SIDEWAYS)
    page.keyboard.press("Enter")  # Without a reason, it stays open.
    page.keyboard.type("New contract")
    page.keyboard.press("Enter")
    expect(dialog(page)).to_contain_text("New price in row 3 changes from 2.70 to 1.00")
    page.keyboard.press("Escape")
    expect(status(page)).to_contain_text("1 cell was not saved.")
    expect(cell(page, 3)).to_have_attribute("data-save", "refused")
    assert stored(catalogue, open_batch)[:3] == ["9.90", "8.10", "2.70"]
    page.keyboard.press("F8")
    page.keyboard.press("Enter")
    expect(dialog(page).get_by_label("Reason")).to_have_value("New contract")
    page.keyboard.press("Enter")
    all_saved(page)
    assert stored(catalogue, open_batch)[:3] == ["9.90", "8.10", "1.00"]
    assert reasons(catalogue, open_batch) == [None, "New contract", "New contract"] or reasons(
        catalogue, open_batch
    ) == ["New contract", None, "New contract"]


def test_a_block_and_its_undo_are_explained_from_the_list(
    staff_page: Page, catalogue: CatalogueDatabase, open_batch: int
) -> None:
    demand(catalogue, "Typing error", "New contract")
    page = staff_page
    page.goto(url_of(open_batch))
    cell(page, 1).focus()
    before = stored(catalogue, open_batch)
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Delete")
    expect(dialog(page)).to_contain_text("from 2.20 to nothing")
    page.keyboard.press("Escape")
    expect(status(page)).to_contain_text("No reason was given, so nothing was changed.")
    assert stored(catalogue, open_batch) == before
    page.keyboard.press("Delete")
    expect(dialog(page)).to_be_visible()
    page.keyboard.type("New")
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("Cleared 2 cells in 2 rows.")
    page.keyboard.press("Control+z")
    expect(dialog(page).get_by_label("Reason")).to_have_value("New contract")
    page.keyboard.press("Enter")
    expect(dialog(page)).to_have_count(0)
    expect(status(page)).to_contain_text("Undid")
    assert stored(catalogue, open_batch) == before
    assert reasons(catalogue, open_batch) == ["New contract", "New contract"]
