"""Changed records: each target value before and after, for a batch, a record and a person, and for whom."""

from __future__ import annotations

from tests.functional.harness import CatalogueDatabase, column_of, text_of, url_of
from webtest import TestApp


def test_each_target_value_is_listed_before_and_after(
    catalogue: CatalogueDatabase, auditor: TestApp, executed_batch: int
) -> None:
    page = auditor.get(url_of(executed_batch)).click("All 3 changed records")
    assert column_of(page, "Key") == ["000000011", "000000012", "000000021"]
    assert column_of(page, "Before")[0] == "Price 2.00"
    assert column_of(page, "After")[0] == "Price 2.20"
    assert set(column_of(page, "Executed by")) == {"admin"}
    assert "2.20" in auditor.get(f"/audit/effects/export.csv?f.batch_id.equal={executed_batch}").text
    assert len(column_of(auditor.get("/audit/effects?f.record.equal=000000012"), "Key")) == 1
    assert "No matches" in auditor.get("/audit/effects?f.kind.equal=deleted").text
    row = page.click(href="row=1$").maybe_follow()
    assert "Product 000000011 Updated Price 2.00 2.20" in text_of(row, "#panel-effect-of-the-execution")
    assert "Executed by admin" in text_of(row, "#panel-effect-of-the-execution")


def test_they_are_for_those_who_may_see_executed_batches(
    catalogue: CatalogueDatabase, auditor: TestApp, staff: TestApp, executed_batch: int, client: TestApp
) -> None:
    product = auditor.get("/products?f.item_code.equal=000000011").click("000000011")
    assert column_of(product.click("Every value of it that batches changed"), "Before") == ["Price 2.00"]
    assert column_of(staff.get("/audit/effects"), "Key") == column_of(auditor.get("/audit/effects"), "Key")
    assert client.get("/audit/effects").status_int in (302, 303, 401)
