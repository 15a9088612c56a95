"""A price change from a list to the price history, as staff, an administrator and an auditor see it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.functional.harness import (
    PRICE_LIST,
    CatalogueDatabase,
    column_of,
    counts_of,
    edit_price,
    form_to,
    number_in,
    post,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp


def complete(staff: TestApp, catalogue: CatalogueDatabase) -> int:
    """Have staff upload the list, correct the price that is not a number, and mark the batch complete."""
    batch = number_in(upload(staff, PRICE_LIST, vendor_code="V1"))
    edit_price(staff, catalogue, batch, 8, "1.15")
    form_to(staff.get(url_of(batch)), "/complete").submit(status=303)
    return batch


def execute(admin: TestApp, batch: int) -> None:
    form_to(admin.get(url_of(batch)), "/execute").submit(status=303)


def test_staff_upload_a_list_correct_it_and_hand_it_on(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    batch = complete(staff, catalogue)
    page = staff.get(url_of(batch))
    assert counts_of(page)["Other vendor"] == 1  # Milk is the other vendor's.
    assert "Waiting for an administrator" in text_of(page, "#execution")
    post(staff, url_of(batch, "execute"), 403, apply="increase")
    assert catalogue.prices()["000000011"] == Decimal("2.00")


def test_an_administrator_is_told_what_will_happen_and_executes_it(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp
) -> None:
    batch = complete(staff, catalogue)
    told = text_of(admin.get(url_of(batch)), "#execution")
    assert "3 products get a new price, effective immediately: 2 go up, 1 goes down." in told
    execute(admin, batch)
    assert "3 prices changed, 1 unchanged, 4 rows left out." in text_of(admin.get(url_of(batch)))
    assert catalogue.prices()["000000021"] == Decimal("8.00")
    assert catalogue.prices()["000000099"] == Decimal("1.10")


def test_an_auditor_sees_the_executed_batch_and_what_it_changed(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, auditor: TestApp
) -> None:
    batch = complete(staff, catalogue)
    auditor.get(url_of(batch), status=403)
    execute(admin, batch)
    page = auditor.get(url_of(batch))
    assert column_of(page, "New price")[:3] == ["2.20", "8.00", "2.70"]
    history = [(code, str(old), str(new), by) for code, old, new, by, _, _ in catalogue.price_history()]
    assert history == [
        ("000000011", "2.00", "2.20", "admin"),
        ("000000021", "4.00", "8.00", "admin"),
        ("000000012", "3.00", "2.70", "admin"),
    ]
    for action in ("reopen", "execute", "clone"):
        post(auditor, url_of(batch, action), 403)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_vendor_that_the_catalogue_lacks_is_refused(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    refused = upload(staff, PRICE_LIST, status=422, vendor_code="V9")
    assert "There is no vendor “V9” in the catalogue." in text_of(refused)
    assert catalogue.batches() == 0
