"""A column changed by a rule in the rows that match the filters."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.functional.harness import CatalogueDatabase, form_with, text_of, url_of
from webtest import TestApp


def test_a_column_is_changed_by_per_cent_after_a_preview(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = catalogue.row(open_batch, 1).new_price
    page = staff.get(url_of(open_batch)).click("Change a column…").click("Change by per cent")
    form = form_with(page, "value")
    form["column"], form["value"] = "new_price", "10"
    page = form.submit()
    assert "would change: changed by 10 %" in text_of(page)
    confirm = form_with(page, "seen")
    done = confirm.submit(status=303).follow()
    assert "changed by 10 %." in text_of(done)
    assert catalogue.row(open_batch, 1).new_price == (before * Decimal("1.1")).quantize(Decimal("0.01"))
    # The rows are not those of the preview any more.
    assert "not the rows that you were shown" in text_of(confirm.submit(status=409))


def test_only_rows_that_match_are_changed_and_what_is_refused_is_told(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    url = f"{url_of(open_batch, 'rows', 'change')}?f.sequence.any_of=1&f.sequence.any_of=2&do=add&preview=1"
    page = staff.get(f"{url}&column=new_price&value=-1000")
    assert "2 cells would be refused" in text_of(page)
    page = staff.get(f"{url}&column=new_price&value=1")
    assert "2 cells in 2 rows of 2 would change: increased by 1" in text_of(page)
    prices = [catalogue.row(open_batch, row).new_price for row in (1, 2, 3)]
    form_with(page, "seen").submit(status=303)
    after = [catalogue.row(open_batch, row).new_price for row in (1, 2, 3)]
    assert after == [prices[0] + 1, prices[1] + 1, prices[2]]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_change_that_cannot_be_made_is_shown_again_with_a_reason(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    before = catalogue.dump()
    url = f"{url_of(open_batch, 'rows', 'change')}?view=default&preview=1"
    wrong = {
        "do=add&column=new_price&value=ten": "not a number",
        "do=set&value=1": "Choose a column",
        "do=upper&column=new_price": "makes no sense",
        "do=round&column=new_price&value=x": "how prices are rounded",
        "do=replace&column=item_code&value=(&regex=yes": "can't be read",
        "do=replace&column=item_code&value=": "Give a text to find",
        "do=set&column=new_price&value=1&f.no.equal=1": "no filter",
    }
    for query, words in wrong.items():
        assert words in text_of(staff.get(f"{url}&{query}", status=422)), query
    assert catalogue.dump() == before


@pytest.mark.parametrize("backend", ["sqlite"])
def test_find_and_replace_has_an_address_of_its_own(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    page = staff.get(f"{url_of(open_batch, 'rows', 'replace')}?f.sequence.equal=1&column=item_code")
    form = form_with(page, "replacement")
    assert form.get("column", index=0).checked
    code = catalogue.row(open_batch, 1).item_code
    form["value"], form["replacement"], form["whole"] = code, "NEW", True
    page = form.submit()
    assert "1 cell in 1 row of 1 would change" in text_of(page)
    form_with(page, "seen").submit(status=303)
    assert catalogue.row(open_batch, 1).item_code == "NEW"
