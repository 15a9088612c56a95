"""Overlapping batches on the pages of batches and records, whatever their types."""

from __future__ import annotations

from tests.functional.harness import PRICE_LIST, CatalogueDatabase, form_with, text_of, upload, url_of
from webtest import TestApp, Upload


def test_a_batch_and_a_product_name_the_other_batches_also_of_another_type(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    assert not staff.get(url_of(open_batch)).html.select(".overlaps")
    upload(staff, PRICE_LIST, description="Summer prices", vendor_code="V1")
    form = form_with(admin.get("/batches/import/new"), "file")
    form["target"] = "product"
    form["file"] = Upload("p.csv", b"item_code,description\n000000011,RYE\n000000099,MILK\n")
    page = form.submit(status=303).follow()
    if "/populate" in "".join(one.action for one in page.forms.values()):
        next(one for one in page.forms.values() if one.action.endswith("/populate")).submit(status=303)
    page = admin.get(url_of(open_batch))
    assert "2 other batches change the same records" in text_of(page, ".page-lead")
    told = text_of(page, "#overlaps")
    assert "Summer prices ● Open of staff: 7 records" in told
    assert "of admin: 2 records" in told
    products = admin.get("/products?f.item_code.equal=000000011")
    page = products.click("000000011")
    told = text_of(page, "#panel-in-these-batches")
    assert told.count("row 1") == 3
    assert "Spring prices ● Open of staff: row 1" in told
