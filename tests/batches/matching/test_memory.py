"""Matches are remembered for a vendor, used for its later lists, and given up when they are revoked."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from tests.batches.harness import BatchHarness
from tests.functional.harness import CatalogueDatabase

from batchbook.batches import Action
from batchbook.batches.engine.execution_check import edited_rows
from batchbook.batches.matching.matcher import Matcher
from batchbook.catalog.models import Product, ProductMatch, Vendor
from batchbook.db.transactions import transaction_scope

HEADER = "item_code,description,size,price\n"


def learn(catalogue: CatalogueDatabase, code: str, item_code: str, vendor: str = "V1") -> None:
    with transaction_scope(catalogue.engine) as session:
        vendor_id = session.scalars(select(Vendor.id).where(Vendor.code == vendor)).one()
        product_id = session.scalars(select(Product.id).where(Product.item_code == item_code)).one()
        session.add(
            ProductMatch(
                vendor_id=vendor_id, product_id=product_id, key=code, key_form=code.lower(), matched_by="ada"
            )
        )


def facts(harness: BatchHarness, batch_id: int) -> list[tuple[Any, ...]]:
    return [(row.item_code, row.status, row.listed_key, row.status_text) for row in harness.rows(batch_id)]


def test_later_lists_are_matched_when_they_are_populated(
    catalogue: CatalogueDatabase, harness: BatchHarness
) -> None:
    learn(catalogue, "M-77", "000000021")
    batch_id = harness.open(f"{HEADER}m -77,OATS,,4.10\n000000011,RYE,,2.00\nM-78,,,1.00\n", vendor_code="V1")
    assert facts(harness, batch_id) == [
        ("000000021", "increase", "m -77", "Taken from an earlier match: “m -77” in the list."),
        ("000000011", "unchanged", None, None),
        ("M-78", "not_in_catalogue", None, None),
    ]
    batch = harness.batch(batch_id)
    assert (batch.count_of("increase"), batch.count_of("not_in_catalogue")) == (1, 1)
    assert ("remembered", "staff", "Matched 1 row as in earlier lists of V1.", 1) in harness.operations(
        batch_id
    )
    # A refresh keeps what was matched, also where it has been revoked since.
    harness.run(batch_id, Action.REFRESH)
    assert facts(harness, batch_id)[0][:3] == ("000000021", "increase", "m -77")


def test_only_rows_that_people_matched_count_as_edited_by_people(
    catalogue: CatalogueDatabase, harness: BatchHarness
) -> None:
    learn(catalogue, "M-77", "000000021")
    batch_id = harness.open(f"{HEADER}M-77,OATS,,4.10\nM-78,,,1.00\n", vendor_code="V1")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        assert edited_rows(context, 5) == []
        Matcher(engine).match(batch_id, "M-78", "000000011")
        assert edited_rows(context, 5) == [2]


def test_matches_of_other_vendors_and_revoked_ones_are_not_used(
    catalogue: CatalogueDatabase, harness: BatchHarness
) -> None:
    learn(catalogue, "M-77", "000000021", vendor="V2")
    assert (
        facts(harness, harness.open(f"{HEADER}M-77,,,4.10\n", vendor_code="V1"))[0][1] == "not_in_catalogue"
    )
    assert facts(harness, harness.open(f"{HEADER}M-77,,,4.10\n"))[0][1] == "not_in_catalogue"


def test_a_code_that_is_a_products_by_now_is_that_product(
    catalogue: CatalogueDatabase, harness: BatchHarness
) -> None:
    learn(catalogue, "000000013", "000000021")
    assert facts(harness, harness.open(f"{HEADER}000000013,,,0.50\n", vendor_code="V1"))[0][0] == "000000013"


def test_two_codes_of_one_product_are_duplicates(catalogue: CatalogueDatabase, harness: BatchHarness) -> None:
    learn(catalogue, "M-77", "000000021")
    batch_id = harness.open(f"{HEADER}M-77,,,4.10\n000000021,,,4.20\n", vendor_code="V1")
    assert [status for _, status, *_ in facts(harness, batch_id)] == ["duplicate", "duplicate"]


def test_a_refresh_takes_what_was_matched_in_another_batch_meanwhile(
    catalogue: CatalogueDatabase, harness: BatchHarness
) -> None:
    first, second = (harness.open(f"{HEADER}M-77,,,4.10\n", vendor_code="V1") for _ in range(2))
    with harness.engine() as engine:
        Matcher(engine).match(first, "M-77", "000000021")
    harness.run(second, Action.REFRESH)
    assert facts(harness, second)[0][:2] == ("000000021", "increase")


def test_another_match_of_the_code_replaces_the_one_before(
    catalogue: CatalogueDatabase, harness: BatchHarness
) -> None:
    batches = [harness.open(f"{HEADER}M-77,,,4.10\n", vendor_code="V1") for _ in range(2)]
    for batch_id, record in zip(batches, ("000000021", "000000013"), strict=True):
        with harness.engine() as engine:
            Matcher(engine).match(batch_id, "M-77", record)
    with transaction_scope(catalogue.engine, read_only=True) as session:
        matches = session.scalars(select(ProductMatch).order_by(ProductMatch.id)).all()
        assert [(one.product.item_code, one.revoked_by) for one in matches] == [
            ("000000021", "staff"),
            ("000000013", None),
        ]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_many_rows_are_matched_by_few_statements(catalogue: CatalogueDatabase, harness: BatchHarness) -> None:
    learn(catalogue, "M-77", "000000021")
    lines = "".join(f"M-77{' ' * (number % 3)},,,{number}.00\n" for number in range(1, 3_000))
    batch_id = harness.open(f"{HEADER}{lines}", vendor_code="V1")
    # All have one code but for blanks, so they are duplicates of each other in groups that are written alike.
    assert harness.batch(batch_id).count_of("duplicate") == 2_999
