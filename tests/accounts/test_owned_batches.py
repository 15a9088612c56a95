"""A user's unfinished batches: counted on the user's page, and handed over together."""

from __future__ import annotations

from tests.functional.fixtures import open_batch
from tests.functional.harness import (
    PRICE_LIST,
    CatalogueDatabase,
    column_of,
    form_to,
    form_with,
    text_of,
    upload,
)
from webtest import TestApp

__all__ = ["open_batch"]


def test_all_batches_of_a_user_are_handed_over_from_the_user_s_page(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, admin: TestApp
) -> None:
    upload(staff, PRICE_LIST, description="Summer prices", vendor_code="V1")
    page = form_to(admin.get("/users?f.name.equal=staff").click("staff"), "/deactivate").submit().follow()
    assert "2 unfinished batches" in text_of(page)
    assert len(column_of(page.click("2 unfinished batches"), "Number")) == 2
    form = form_with(page.click("Hand over batches…"), "to")
    form["to"] = "admin"
    page = form.submit(status=303).follow()
    assert "2 batches were handed over to admin." in text_of(page)
    assert "No unfinished batches." in text_of(page)
    assert "Hand over batches" not in text_of(page)
    assert "Your open batches 2" in text_of(admin.get("/"))
    # Opened again meanwhile, the page has nothing to offer.
    assert "Nothing to hand over" in text_of(admin.get(f"{page.request.path}/hand-over"))
