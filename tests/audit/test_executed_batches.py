"""The auditors' start page: what it lists, by which filters, and for whom."""

from __future__ import annotations

from tests.functional.harness import CatalogueDatabase, column_of, form_to, text_of, url_of
from webtest import TestApp


def test_auditors_find_executed_batches_by_type_person_period_and_record(
    catalogue: CatalogueDatabase, auditor: TestApp, executed_batch: int
) -> None:
    number = f"{executed_batch:08d}"
    found = {
        "f.type.equal=price_change": [number],
        "f.type.equal=import": [],
        "f.person.equal=Staff": [number],
        "f.person.equal=auditor": [],
        "f.executed_by.equal=admin": [number],
        "f.executed_at.after=2020-01-01": [number],
        "f.executed_at.before=2020-01-01": [],
        "f.touched.equal=000000011": [number],
        "f.touched.equal=no+such+code": [],
        "f.seal.equal=1": [number],
        "f.amount.equal=4.50": [number],
        "f.amount.greater=4.50": [],
    }
    for query, numbers in found.items():
        page = auditor.get(f"/audit?{query}")
        assert (column_of(page, "Number") if numbers else []) == numbers, query
        assert (number in page.text) is bool(numbers), query
    exported = auditor.get("/audit/export.csv").text
    assert number in exported
    assert ",4.50," in exported


def test_the_page_is_for_those_who_may_see_executed_batches(
    catalogue: CatalogueDatabase, auditor: TestApp, staff: TestApp, open_batch: int, client: TestApp
) -> None:
    assert f"{open_batch:08d}" not in auditor.get("/audit").text
    assert "No executed batches yet" in staff.get("/audit").text
    assert auditor.get("/").follow().request.path == "/audit"
    assert 'href="/audit"' not in staff.get("/").text
    assert client.get("/audit").status_int in (302, 303, 401)


def test_who_changed_a_price_is_two_clicks_from_the_product(
    catalogue: CatalogueDatabase, auditor: TestApp, admin: TestApp, complete_batch: int
) -> None:
    executed_batch, reason = complete_batch, "The mill raised its prices."
    form = form_to(admin.get(url_of(complete_batch)), "/execute")
    form["reason"] = reason
    form.submit(status=303)
    products = auditor.get("/products?f.item_code.equal=000000011")
    product = products.click("000000011")
    (change,) = product.html.select("#price-history tbody tr")
    said = change.get_text(" ", strip=True)
    assert "2.00" in said
    assert "admin" in said
    assert f"{executed_batch:08d}" in said
    assert "Spring prices" in said
    assert reason in said
    row = product.click(href="row=")
    assert row.status_int in (200, 303)
    row = row.maybe_follow()
    assert "000000011" in row.text
    assert f"Reason: {reason}" in text_of(row, "#panel-effect-of-the-execution")
    batches = product.click("Executed batches that touched this product")
    assert column_of(batches, "Number") == [f"{executed_batch:08d}"]
    rows = batches.click(f"{executed_batch:08d}", href="f.item_code.equal=000000011")
    assert column_of(rows, "Item code") == ["000000011"]
