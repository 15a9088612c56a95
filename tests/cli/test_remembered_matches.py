"""The commands that list remembered matches and revoke one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select

from batchbook.catalog.models import Product, ProductMatch, Vendor
from batchbook.db.transactions import transaction_scope

Run = Callable[..., Any]


@pytest.fixture
def match(catalogue: Engine) -> int:
    """A match of vendor V1: M-77 is product 13."""
    with transaction_scope(catalogue) as session:
        product = session.scalars(select(Product.id).where(Product.item_code == "000000013")).one()
        vendor = session.scalars(select(Vendor.id).where(Vendor.code == "V1")).one()
        found = ProductMatch(
            vendor_id=vendor, product_id=product, key="M-77", key_form="m-77", matched_by="ada"
        )
        session.add(found)
        session.flush()
        return found.id


def test_matches_are_listed_and_revoked(batchbook: Run, match: int) -> None:
    line = f"{match}: “M-77” in lists of V1 is 000000013 (by ada)"
    assert batchbook("catalog", "matches", "--vendor", "V1").stdout.splitlines() == [line]
    assert batchbook("catalog", "matches", "--vendor", "V2").stdout == "There are no matches.\n"
    assert "may not revoke" in batchbook("catalog", "revoke-match", match, "--as", "auditor").stderr
    assert (
        batchbook("catalog", "revoke-match", match, "--as", "staff").stdout
        == f"Revoked match {match}, of “M-77”.\n"
    )
    assert "revoked already" in batchbook("catalog", "revoke-match", match, "--as", "staff").stderr
    assert "There is no match 99" in batchbook("catalog", "revoke-match", 99, "--as", "staff").stderr
    assert json.loads(batchbook("catalog", "matches", "--json").stdout)["matches"] == []
    (revoked,) = json.loads(batchbook("catalog", "matches", "--revoked", "--json").stdout)["matches"]
    assert (revoked["revoked_by"], revoked["product"]) == ("staff", "000000013")
