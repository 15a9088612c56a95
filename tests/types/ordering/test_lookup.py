"""What rows of orders take from the catalogue, and what reorder points propose."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, update
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.catalog.models import Product, Vendor, VendorItem
from batchbook.db.transactions import transaction_scope


def proposed(harness: BatchHarness, **texts: str) -> list[tuple[str, int]]:
    batch_id = harness.create(None, **{"vendor_code": "V1", **texts})
    harness.run(batch_id, Action.POPULATE)
    return [(row.item_code, row.wanted) for row in harness.rows(batch_id)]


def taken(harness: BatchHarness, item_code: str, wanted: str = "13", **texts: str) -> Any:
    batch_id = harness.create(None, **{"vendor_code": "V1", "from_reorder_points": "false", **texts})
    harness.run(batch_id, Action.POPULATE)
    sequence = harness.add(batch_id, item_code=item_code, wanted=wanted)
    return harness.row(batch_id, sequence)


def test_reorder_points_propose_full_cases(harness: BatchHarness) -> None:
    # A1 needs 8, and its vendor packs 24; A6 has 11 on order; B1 is of another vendor that V1 supplies as well.
    assert proposed(harness) == [("A1", 24), ("A3", 1), ("B1", 35)]


def test_a_department_limits_the_proposal(harness: BatchHarness) -> None:
    assert proposed(harness, department="produce") == [("A3", 1)]


def test_nothing_is_proposed_for_an_order_that_begins_empty(harness: BatchHarness) -> None:
    assert proposed(harness, from_reorder_points="false") == []


def test_a_proposal_is_no_more_than_a_row_takes(harness: BatchHarness) -> None:
    with transaction_scope(harness.database) as session:
        session.execute(update(Product).where(Product.item_code == "A3").values(reorder_point=2_000_000))
    assert ("A3", 999_999) in proposed(harness)


def test_more_products_than_are_read_at_a_time(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchbook.types.ordering.lookup._PAGE", 2)
    with transaction_scope(harness.database) as session:
        vendor = session.query(Vendor.id).where(Vendor.code == "V2").scalar()
        session.execute(
            insert(Product),
            [
                {
                    "item_code": f"C{n}",
                    "description": "C",
                    "price": Decimal(1),
                    "vendor_id": vendor,
                    "reorder_point": 0,
                }
                for n in range(5)
            ],
        )
    assert [code for code, _ in proposed(harness, vendor_code="V2")] == [
        "B1",
        "B2",
        "C0",
        "C1",
        "C2",
        "C3",
        "C4",
    ]


@pytest.mark.parametrize(
    ("code", "wanted", "pack", "cases", "quantity", "cost", "amount"),
    [
        ("A1", "13", 24, 1, 24, "2.10", "50.40"),  # The vendor's case and cost.
        ("A1", "25", 24, 2, 48, "2.10", "100.80"),
        ("A2", "12", 12, 1, 12, "2.00", "24.00"),  # The product's.
        ("A3", "7", None, 7, 7, "0.55", "3.85"),  # No case; the announced cost does not count yet.
        ("A6", "6", 6, 1, 6, "1.00", "6.00"),  # The vendor's item says nothing.
        ("B1", "5", 5, 1, 5, "2.95", "14.75"),
        ("A2", "0", 12, 0, 0, "2.00", "0.00"),
        ("A2", "", 12, None, None, "2.00", None),
        ("A1", "999999", 24, 41_667, 1_000_008, "2.10", "2100016.80"),
    ],
)
def test_units_are_rounded_up_to_cases(
    harness: BatchHarness,
    code: str,
    wanted: str,
    pack: int | None,
    cases: int | None,
    quantity: int | None,
    cost: str,
    amount: str | None,
) -> None:
    row = taken(harness, code, wanted)
    assert (row.case_pack, row.cases, row.quantity, row.cost) == (pack, cases, quantity, Decimal(cost))
    assert row.amount == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize("pack", [0, -3, 2_000_000_000])
def test_a_case_that_cannot_be_is_none(harness: BatchHarness, pack: int) -> None:
    with transaction_scope(harness.database) as session:
        session.execute(update(VendorItem).values(case_pack=pack))
    row = taken(harness, "A1")
    assert (row.case_pack, row.quantity, row.status) == (None, 13, "to_order")


def test_stock_and_what_is_on_its_way(harness: BatchHarness) -> None:
    row = taken(harness, "A6")
    assert (row.on_hand, row.on_order, row.reorder_point) == (0, 11, 10)
    # What came above the order is nothing that is still to come, and closed orders bring nothing.
    assert taken(harness, "A1").on_order == 0


@pytest.mark.parametrize(
    ("code", "wanted", "vendor", "status", "words"),
    [
        ("A1", "24", "V1", "to_order", None),
        ("A1", "25", "V1", "rounded", "25 wanted, rounded up to full cases of 24."),
        ("a 1", "24", "V1", "to_order", None),
        ("000000000000", "24", "V1", "to_order", None),  # The UPC.
        ("A2", "13", "V1", "no_vendor_item", "13 wanted, rounded up to full cases of 12."),
        ("A3", "1", "V1", "no_vendor_item", None),  # An item without a code.
        ("B1", "5", "V1", "to_order", None),
        ("B2", "5", "V1", "other_vendor", None),
        ("B2", "5", "V2", "no_vendor_item", None),
        ("A5", "5", "V1", "inactive", None),
        ("A1", "0", "V1", "nothing", None),
        ("A1", "", "V1", "nothing", None),
        ("Z9", "5", "V1", "not_found", None),
    ],
)
def test_each_row_has_its_status(
    harness: BatchHarness, code: str, wanted: str, vendor: str, status: str, words: str | None
) -> None:
    row = taken(harness, code, wanted, vendor_code=vendor)
    assert (row.status, row.status_text) == (status, words)
