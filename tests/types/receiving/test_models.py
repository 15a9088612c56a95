"""The header and rows of deliveries."""

from __future__ import annotations

from sqlalchemy import select
from tests.batches.harness import BatchHarness

from batchbook.db.transactions import transaction_scope
from batchbook.types.receiving.models import (
    OPTIONAL,
    RECEIVED,
    SETTLED,
    DeliveryStatus,
    ReceivingRow,
)


def test_no_status_is_received_by_default_and_by_choice() -> None:
    assert not {*RECEIVED} & {*OPTIONAL}
    left = {*DeliveryStatus} - {*RECEIVED} - {*OPTIONAL}
    assert {str(one) for one in left} == {"not_found", "nothing", "duplicate", "invalid"}


def test_empty_cells_count_as_none(harness: BatchHarness) -> None:
    with transaction_scope(harness.database) as session:
        batch_id = harness.create(None, order_number="PO-1")
        harness.run(batch_id, "populate")  # type: ignore[arg-type]
        harness.edit(batch_id, 1, received="4", expired="2")
        found = session.scalars(select(SETTLED).where(ReceivingRow.batch_id == batch_id)).all()
    assert sorted(found) == [0, 0, 6]
