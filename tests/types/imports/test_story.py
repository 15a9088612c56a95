"""An import from a list to new and changed products, as staff, an administrator and an auditor see it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.functional.harness import CatalogueDatabase, column_of, form_to, form_with, post, text_of
from webtest import TestApp

LIST = """item_code,description,department,price
000000011,RYE BREAD 500 G,BAKERY,2.10
000000013,PRETZEL,BAKERY,0.50
000000031,SCONE,BAKERY,1.49
000000032,STRUDEL,BAKERY,on request
"""
BATCH = "/batches/import/1"


def complete(staff: TestApp) -> Any:
    """Have staff paste the list and mark the batch complete; return its page before that."""
    form = form_with(staff.get("/batches/import/new"), "pasted")
    form["pasted"], form["target"] = LIST, "product"
    page = form.submit(status=303).follow()
    form_to(staff.get(BATCH), "/complete").submit(status=303)
    return page


def execute(admin: TestApp, apply: str, status: int = 303) -> Any:
    form = form_to(admin.get(BATCH), "/execute")
    form["apply"] = apply
    return form.submit(status=status)


def test_staff_see_what_becomes_of_each_record_and_hand_it_on(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    page = complete(staff)
    assert column_of(page, "Status") == ["Update", "Unchanged", "Create", "Has problems"]
    assert column_of(page, "Changes")[0] == "Description, Price"
    post(staff, f"{BATCH}/execute", 403, apply="good")
    assert catalogue.prices()["000000011"] == Decimal("2.00")


def test_an_administrator_applies_all_rows_or_the_valid_ones(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp
) -> None:
    complete(staff)
    assert "Nothing was executed" in text_of(execute(admin, "all", status=409))
    page = execute(admin, "good").follow()
    assert "Products: 1 updated, 1 created. 1 row went into batch 00000002." in text_of(page)
    prices = catalogue.prices()
    assert (prices["000000011"], prices["000000031"]) == (Decimal("2.10"), Decimal("1.49"))
    assert "000000032" not in prices


def test_an_auditor_sees_the_executed_import_and_no_other(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, auditor: TestApp
) -> None:
    complete(staff)
    auditor.get(BATCH, status=403)
    execute(admin, "good")
    page = auditor.get(BATCH)
    assert column_of(page, "Item code") == ["000000011", "000000013", "000000031", "000000032"]
    auditor.get("/batches/import/2", status=403)  # The rows that were left out are executed by nobody yet.
    post(auditor, f"{BATCH}/clone", 403)
