"""Likely records for unknown codes: the better ones first, without a statement for each code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, insert, select
from tests.batches.harness import BatchHarness
from tests.functional.harness import CatalogueDatabase

from batchbook.batches.matching.proposals import Proposal, Proposer, UnknownKey
from batchbook.catalog.models import Product, ProductMatch, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.matching import MATCHING
from batchbook.types.price_change.models import PriceChangeRow

HEADER = "item_code,description,size,price\n"


@pytest.fixture
def shop(catalogue: CatalogueDatabase) -> CatalogueDatabase:
    """The five products, one with an EAN, one with a long code, and twins of two vendors."""
    with transaction_scope(catalogue.engine) as session:
        vendors = {vendor.code: vendor.id for vendor in session.scalars(select(Vendor))}
        session.execute(
            insert(Product),
            [
                {"item_code": code, "description": text, "price": 1, "vendor_id": vendors.get(vendor)}
                for code, text, vendor in (
                    ("5901234123457", "Chocolate wafers", "V1"),
                    ("AB-1234567", "Olive oil, extra virgin", "V2"),
                    ("800000001", "Sparkling water", "V2"),
                    ("800000002", "Sparkling water", "V1"),
                )
            ],
        )
    return catalogue


def proposed(
    shop: CatalogueDatabase, harness: BatchHarness, *wanted: tuple[str, str], vendor: str = "V1"
) -> list[list[Proposal]]:
    batch_id = harness.open(f"{HEADER}zzz,,,1.00\n000000012,,,1.00\n", vendor_code=vendor)
    with transaction_scope(shop.engine, read_only=True) as session:
        batch = harness.on(session).find(batch_id)
        found = Proposer(session, MATCHING, batch, PriceChangeRow).propose(
            [UnknownKey(*one) for one in wanted]
        )
    return [found[key] for key, _ in wanted]


@pytest.mark.parametrize(
    ("code", "text", "best", "reason"),
    [
        ("590123412345", "", "5901234123457", "same code with its check digit"),
        ("ab1234567", "", "AB-1234567", "same code, written differently"),
        ("\uff21\uff22 1234567", "", "AB-1234567", "same code, written differently"),
        ("AB-1234576", "", "AB-1234567", "differs by one character"),
        ("AB-123456", "OLIVE OIL VIRGIN", "AB-1234567", "differs by one character, similar description"),
        ("X", "Wafers chocolate", "5901234123457", "similar description"),
        ("X", "Extra virgin olive oil 1 L", "AB-1234567", "similar description"),
    ],
)
def test_a_record_is_proposed_with_the_reason(
    shop: CatalogueDatabase, harness: BatchHarness, code: str, text: str, best: str, reason: str
) -> None:
    ((first, *_),) = proposed(shop, harness, (code, text))
    assert (first.key, first.reason) == (best, reason)


def test_a_code_without_a_similar_record_has_no_proposal(
    shop: CatalogueDatabase, harness: BatchHarness
) -> None:
    assert proposed(shop, harness, ("77777", "Light bulb"), ("-", "")) == [[], []]


def test_a_typing_error_is_no_reason_where_the_descriptions_differ(
    shop: CatalogueDatabase, harness: BatchHarness
) -> None:
    assert proposed(shop, harness, ("AB-1234576", "Light bulb")) == [[]]


@pytest.mark.parametrize(("vendor", "best"), [("V1", "800000002"), ("V2", "800000001")])
def test_records_of_the_vendor_come_first(
    shop: CatalogueDatabase, harness: BatchHarness, vendor: str, best: str
) -> None:
    (found,) = proposed(shop, harness, ("W", "Sparkling water"), vendor=vendor)
    assert [one.own for one in found] == [True, False]
    assert found[0].key == best


def test_a_record_that_another_row_has_comes_last(shop: CatalogueDatabase, harness: BatchHarness) -> None:
    (found,) = proposed(shop, harness, ("0000-00012", "RYE BREAD"))
    assert [(one.key, one.taken) for one in found] == [("000000011", False), ("000000012", True)]


def test_what_was_matched_in_lists_of_others_is_proposed(
    shop: CatalogueDatabase, harness: BatchHarness
) -> None:
    with transaction_scope(shop.engine) as session:
        vendor = session.scalars(select(Vendor.id).where(Vendor.code == "V2")).one()
        product = session.scalars(select(Product.id).where(Product.item_code == "000000021")).one()
        session.add(
            ProductMatch(vendor_id=vendor, product_id=product, key="Q1", key_form="q1", matched_by="ada")
        )
    ((first,),) = proposed(shop, harness, ("q 1", "Light bulb"))
    assert (first.key, first.reason) == ("000000021", "matched in lists of vendor V2")


@contextmanager
def statements(shop: CatalogueDatabase) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(shop.engine, "before_cursor_execute", note)
    yield seen
    event.remove(shop.engine, "before_cursor_execute", note)


def test_the_number_of_statements_does_not_grow(shop: CatalogueDatabase, harness: BatchHarness) -> None:
    proposed(shop, harness)  # Indexes the records.
    counts = []
    for many in (1, 40):
        with statements(shop) as seen:
            proposed(shop, harness, *((f"AB-{number:07d}", f"Olive {number}") for number in range(many)))
        counts.append(len(seen))
    assert counts[0] == counts[1]
