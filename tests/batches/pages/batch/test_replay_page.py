"""The page that offers earlier corrections to the next batch of the same vendor."""

from __future__ import annotations

from tests.functional.harness import (
    PRICE_LIST,
    CatalogueDatabase,
    edit_price,
    form_to,
    number_in,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp


def test_corrections_of_the_last_list_are_shown_and_applied(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    assert "Earlier corrections" not in text_of(staff.get(url_of(open_batch)), ".page-actions")
    edit_price(staff, catalogue, open_batch, 2, "4.40")
    edit_price(staff, catalogue, open_batch, 3, "2.90")
    new_list = PRICE_LIST.replace("000000012,WHEAT BREAD,500 G,2.70", "000000012,WHEAT BREAD,500 G,2.80")
    after = number_in(upload(staff, new_list, description="Summer prices", vendor_code="V1"))
    page = staff.get(url_of(after)).click("Earlier corrections…")
    assert "2 000000021 New price 8.00 4.40" in text_of(page, "#confirm")
    assert "000000012 New price 2.70 2.90 row 3 has “2.80”" in text_of(page)
    form = form_to(page, "/replay")
    told = text_of(form.submit(status=303).follow(), ".flashes")
    assert f"Replayed 1 correction of batch {open_batch:08d} in 1 row. 1 correction does not fit." in told
    assert str(catalogue.row(after, 2).new_price) == "4.40"
