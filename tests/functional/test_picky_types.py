"""A type that refuses rows after they were edited: whatever page was used, nothing of the edit is kept."""

from __future__ import annotations

from decimal import Decimal

import pytest
from webtest import TestApp

from batchbook.batches import Callbacks, QuickEntry, Rows
from batchbook.batches.editing import CellProblems
from batchbook.errors import BadInput
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.models import PriceChange

from .harness import OWN, CatalogueDatabase, form_to, form_with, json_post, text_of, url_of

#: An item that cannot be priced here, and one whose price is to be looked at again.
SECRET, ODD = "000000098", "000000097"


def _after_edit(handler: Picky, batch: PriceChange, rows: Rows) -> None:
    handler.refresh(batch, rows)
    codes = {row.item_code for row in rows}
    if SECRET in codes:
        raise BadInput(f"The item {SECRET} is not priced here, so nothing was stored.")
    if ODD in codes:
        raise CellProblems({"item_code": f"The item {ODD} is not to be changed."})


class Picky(PriceChangeHandler):
    """Looks at what was edited only when it is stored."""

    callbacks = Callbacks(after_edit=_after_edit)
    quick_entry = QuickEntry(
        label="Scan an item",
        row_for=lambda _handler, _batch, scan: {"item_code": scan.code, "new_price": Decimal("1.00")},
    )


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"batchbook.handler.price_change": f"{__name__}:Picky"}


def test_a_scan_that_is_refused_late_leaves_nothing_and_can_be_tried_again(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    form = form_to(staff.get(url_of(open_batch)), "/enter")
    form["text"] = SECRET
    before = catalogue.dump(without=OWN)
    for _ in range(2):
        page = form.submit(status=303).follow()
        assert "is not priced here, so nothing was stored." in text_of(page, ".flashes")
        assert catalogue.dump(without=OWN) == before
    form["text"] = "000000013"
    assert "Row 9, new: 000000013 (Duplicate in list)." in text_of(
        form.submit(status=303).follow(), ".flashes"
    )
    assert (catalogue.batch(open_batch).row_count, catalogue.row(open_batch, 9).status) == (9, "duplicate")
    assert "Row 9, new: 000000013 (Duplicate in list). Nothing was done a second time." in text_of(
        form.submit(status=409)
    )


@pytest.mark.parametrize("code", [SECRET, ODD])
def test_a_row_that_is_refused_late_is_not_added(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, code: str
) -> None:
    form = form_with(staff.get(url_of(open_batch, "rows", "new")), "item_code")
    form["item_code"], form["new_price"] = code, "1.20"
    before = catalogue.dump(without=OWN)
    page = form.submit(status=400 if code == SECRET else 422)
    assert code in text_of(page)
    assert catalogue.dump(without=OWN) == before
    form["item_code"] = "000000013"
    form.submit(status=303)


@pytest.mark.parametrize("code", [SECRET, ODD])
def test_a_row_that_is_refused_late_is_not_changed(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, code: str
) -> None:
    before = catalogue.dump(without=OWN)
    form = form_with(staff.get(url_of(open_batch, "rows", 1)), "item_code")
    form["item_code"] = code
    page = form.submit(status=400 if code == SECRET else 422)
    assert code in text_of(page)
    cell = {"field": "item_code", "value": code, "version": "1"}
    answer = json_post(staff, url_of(open_batch, "rows", 1, "cell"), 400 if code == SECRET else 422, cell)
    assert code in answer["error"]
    assert catalogue.dump(without=OWN) == before


def test_the_page_of_a_row_that_is_refused_late_shows_what_is_stored(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    form = form_with(staff.get(url_of(open_batch, "rows", 1)), "item_code")
    form["item_code"] = ODD
    page = form.submit(status=422)
    assert form_with(page, "item_code")["item_code"].value == ODD
    facts = text_of(page, "dl")
    assert "In catalogue RYE BREAD" in facts
    assert ODD not in facts
