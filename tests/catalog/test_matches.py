"""Remembered matches: seen and filtered by all who see products, revoked by those who may edit them."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.functional.harness import CatalogueDatabase, form_to, number_in, text_of, upload
from webtest import TestApp

from batchbook.catalog.models import Product, ProductMatch, Vendor
from batchbook.db.transactions import transaction_scope

LIST = "item_code,description,size,price\nM-77,OATS,1 KG,4.10\n"


@pytest.fixture
def match(catalogue: CatalogueDatabase) -> int:
    """A match of vendor V1: M-77 is product 21."""
    with transaction_scope(catalogue.engine) as session:
        product = session.scalars(select(Product.id).where(Product.item_code == "000000021")).one()
        vendor = session.scalars(select(Vendor.id).where(Vendor.code == "V1")).one()
        found = ProductMatch(
            vendor_id=vendor, product_id=product, key="M-77", key_form="m-77", matched_by="ada"
        )
        session.add(found)
        session.flush()
        return found.id


def test_matches_are_listed_filtered_and_revoked(
    catalogue: CatalogueDatabase, staff: TestApp, match: int
) -> None:
    page = staff.get("/matches?f.vendor.equal=V1")
    line = text_of(page, "tbody tr")
    assert all(text in line for text in ("M-77", "V1", "000000021", "OAT FLAKES", "ada"))
    assert "M-77" not in text_of(staff.get("/matches?f.vendor.equal=V2"), "main")
    page = page.click("M-77")
    page = form_to(page, f"/matches/{match}/revoke").submit(status=303).follow()
    assert "Revoked the match of “M-77” in lists of V1 with 000000021." in page.text
    assert "staff" in text_of(page, "tbody tr")
    assert not staff.get(f"/matches/{match}").html.select('form[action$="/revoke"]')
    number = number_in(upload(staff, LIST, vendor_code="V1"))
    assert catalogue.row(number, 1).status == "not_in_catalogue"


def test_a_match_is_revoked_once(staff: TestApp, match: int) -> None:
    form = form_to(staff.get(f"/matches/{match}"), "/revoke")
    form.submit(status=303)
    assert "revoked already" in form.submit(status=409).text


@pytest.mark.parametrize("backend", ["sqlite"])
def test_auditors_see_matches_and_revoke_none(auditor: TestApp, staff: TestApp, match: int) -> None:
    page = auditor.get(f"/matches/{match}")
    assert not page.html.select('form[action$="/revoke"]')
    token = form_to(staff.get(f"/matches/{match}"), "/revoke")["csrf_token"].value
    auditor.post(f"/matches/{match}/revoke", {"csrf_token": token}, status="4*")
    with_match = auditor.get("/matches")
    assert "M-77" in with_match.text
