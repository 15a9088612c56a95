"""The effects of a delivery name the records that it may change, on both databases."""

from __future__ import annotations

from collections.abc import Callable

from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.effects.models import effects_of
from batchbook.db.transactions import transaction_scope

Make = Callable[..., int]


def effects(harness: BatchHarness, batch_id: int) -> list[tuple[str, str, str]]:
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    with transaction_scope(harness.database, read_only=True) as session:
        return sorted((one.target, one.kind, one.record_key) for one in effects_of(session, batch_id))


def test_the_effects_name_each_record(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery(as_ordered="yes")
    assert effects(harness, batch_id) == [
        *(("order line", "updated", code) for code in ("A1", "A2", "A2", "A3")),
        *(("product", "updated", code) for code in ("A1", "A2", "A3")),
        ("purchase order", "updated", "PO-1"),
        ("receipt", "created", f"{batch_id:08d}"),
        *(("receipt line", "created", code) for code in ("A1", "A2", "A3")),
    ]


def test_a_delivery_without_an_order_touches_none(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery(order_number="", vendor_code="V1", receipt_number="N-1")
    harness.add(batch_id, item_code="A1", received="2")
    harness.add(batch_id, item_code="A2", received="0")  # Nothing of it came.
    assert effects(harness, batch_id) == [
        ("product", "updated", "A1"),
        ("receipt", "created", "N-1"),
        ("receipt line", "created", "A1"),
    ]
