"""What rows of deliveries take from order and catalogue, and the statuses that follow."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, update
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.catalog.models import Product, VendorItem
from batchbook.db.transactions import transaction_scope
from batchbook.purchasing.models import PurchaseOrderLine

Make = Callable[..., int]


def test_a_delivery_begins_with_what_is_open_of_its_order(harness: BatchHarness, delivery: Make) -> None:
    rows = harness.rows(delivery())
    assert [(one.item_code, one.ordered, one.received, one.status) for one in rows] == [
        ("A1", 12, None, "nothing"),
        ("A2", 8, None, "nothing"),  # Two lines.
        ("A3", 10, None, "nothing"),
    ]
    assert [(one.expected_cost, one.vendor_item_code) for one in rows] == [
        (Decimal("2.10"), "one"),
        (Decimal("1.00"), None),
        (None, None),
    ]


def test_it_may_begin_with_everything_received(harness: BatchHarness, delivery: Make) -> None:
    rows = harness.rows(delivery(as_ordered="yes"))
    assert [(one.received, one.status) for one in rows] == [
        (12, "as_ordered"),
        (8, "as_ordered"),
        (10, "as_ordered"),
    ]


def test_without_an_order_it_begins_empty(harness: BatchHarness, delivery: Make) -> None:
    assert harness.rows(delivery(order_number="", vendor_code="V1", as_ordered="yes")) == []


def test_an_order_has_more_lines_than_are_read_at_a_time(
    harness: BatchHarness, delivery: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchbook.types.receiving.lookup._PAGE", 1)
    assert [one.item_code for one in harness.rows(delivery())] == ["A1", "A2", "A3"]


def test_an_item_whose_product_was_deleted_is_told(harness: BatchHarness, delivery: Make) -> None:
    with transaction_scope(harness.database) as session:
        line = PurchaseOrderLine
        session.execute(update(line).where(line.item_code == "A3").values(product_id=None, item_code="GONE"))
        session.execute(delete(VendorItem))
        session.execute(delete(Product).where(Product.item_code == "A3"))
    rows = harness.rows(delivery())
    assert [(one.item_code, one.status) for one in rows][2] == ("GONE", "not_found")


@pytest.mark.parametrize(
    ("code", "texts", "status", "words"),
    [
        ("A1", {"received": "12"}, "as_ordered", None),
        ("A1", {"received": "10"}, "short", "12 ordered, 10 came or are credited."),
        ("A1", {"received": "10", "damaged": "1", "missing": "1"}, "as_ordered", None),
        ("A1", {"received": "10", "damaged": "3"}, "over", "12 ordered, 13 came or are credited."),
        ("A1", {"received": "12", "cost": "2.10"}, "as_ordered", None),
        ("A1", {"received": "12", "cost": "2.30"}, "cost_differs", "Cost 2.30 instead of 2.10."),
        (
            "A1",
            {"received": "9", "cost": "2.30"},
            "cost_differs",
            "12 ordered, 9 came or are credited. Cost 2.30 instead of 2.10.",
        ),
        ("A1", {"received": "0"}, "nothing", "12 ordered, 0 came or are credited."),
        ("A1", {"expired": "12"}, "as_ordered", None),
        ("A3", {"received": "10", "cost": "1.00"}, "as_ordered", None),  # No cost was expected.
        (
            "A3",
            {"received": "9", "missing": "1"},
            "as_ordered",
            "It has no cost from which a credit could be computed.",
        ),
        (
            "A1",
            {"missing": "999999", "cost": "9999999999"},
            "invalid",
            "12 ordered, 999999 came or are credited. Cost 9999999999.00 instead of 2.10.",
        ),
    ],
)
def test_what_came_is_compared_with_the_order(
    harness: BatchHarness, delivery: Make, code: str, texts: dict[str, str], status: str, words: str | None
) -> None:
    batch_id = delivery()
    sequence = next(one.sequence for one in harness.rows(batch_id) if one.item_code == code)
    harness.edit(batch_id, sequence, **texts)
    row = harness.row(batch_id, sequence)
    assert (row.status, row.status_text) == (status, words)


@pytest.mark.parametrize(
    ("code", "order", "status", "expected"),
    [
        ("A5", "PO-1", "not_ordered", "4.50"),  # The vendor's cost.
        ("A4", "PO-1", "over", "4.00"),  # All of it came before.
        ("a5", "", "received", "4.50"),
        ("A4", "", "received", "4.00"),  # The vendor's cost is announced.
        ("A3", "", "received", None),
        ("Z9", "", "not_found", None),
        ("000000000004", "", "received", "4.50"),  # The UPC.
    ],
)
def test_rows_that_are_added(
    harness: BatchHarness, delivery: Make, code: str, order: str, status: str, expected: str | None
) -> None:
    batch_id = delivery(order_number=order, vendor_code="V1")
    row = harness.row(batch_id, harness.add(batch_id, item_code=code, received="2"))
    assert (row.status, row.expected_cost) == (status, expected and Decimal(expected))


def test_amounts_and_credits_are_exact(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery()
    harness.edit(batch_id, 1, received="9", damaged="1", expired="1", missing="1")
    row = harness.row(batch_id, 1)
    assert (row.amount, row.credit) == (Decimal("18.90"), Decimal("6.30"))
    harness.edit(batch_id, 1, cost="3.33")
    row = harness.row(batch_id, 1)
    assert (row.amount, row.credit) == (Decimal("29.97"), Decimal("9.99"))


def test_duplicates_are_told(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery(as_ordered="yes")
    sequence = harness.add(batch_id, item_code="A1", received="1")
    assert harness.statuses(batch_id) == ["duplicate", "as_ordered", "as_ordered", "duplicate"]
    harness.remove(batch_id, sequence)
    assert harness.statuses(batch_id)[0] == "as_ordered"


def test_what_came_meanwhile_is_told_by_a_refresh(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery(as_ordered="yes")
    with transaction_scope(harness.database) as session:
        line = PurchaseOrderLine
        session.execute(update(line).where(line.item_code == "A1").values(received=4))
    harness.run(batch_id, Action.REFRESH)
    row: Any = harness.row(batch_id, 1)
    assert (row.ordered, row.status) == (8, "over")
