"""What a delivery counts as received by the lines of its order, and what it locks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.types.receiving.handler import ReceivingHandler

Make = Callable[..., int]


@pytest.mark.parametrize(
    ("came", "first", "second"),
    [(1, 3, 0), (3, 5, 0), (4, 5, 1), (8, 5, 5), (20, 5, 17)],
)
def test_lines_of_one_item_are_filled_one_after_the_other(
    harness: BatchHarness,
    delivery: Make,
    lines_of_order: Callable[[], Any],
    came: int,
    first: int,
    second: int,
) -> None:
    """The first line has 5 units, of which 2 came; the second one has 5, and takes whatever is beyond."""
    batch_id = delivery()
    harness.edit(batch_id, 2, received=str(came))
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    received, _ = lines_of_order()
    assert (received[1], received[4]) == (first, second)


def test_a_line_that_came_before_takes_what_is_more(
    harness: BatchHarness, delivery: Make, lines_of_order: Callable[[], Any]
) -> None:
    batch_id = delivery()
    harness.add(batch_id, item_code="A4", received="2", damaged="1")
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    assert lines_of_order()[0] == [0, 2, 0, 9, 0]


@pytest.mark.parametrize("backend", ["postgresql"])
def test_nobody_changes_stock_or_order_while_a_delivery_is_received(
    harness: BatchHarness, delivery: Make
) -> None:
    tried: list[str] = []

    class Slow(ReceivingHandler):
        def execute(self, batch: Any, rows: Any, options: Any) -> Any:
            outcome = super().execute(batch, rows, options)
            address = harness.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
            for table, what in (("product", "on_hand = 0"), ("purchase_order", "state = 'closed'")):
                with psycopg.connect(address, options="-c lock_timeout=200") as other:
                    with pytest.raises(psycopg.errors.LockNotAvailable):
                        other.execute(f"UPDATE {table} SET {what}")
                    tried.append(table)
                    other.rollback()
            return outcome

    swapped = harness.with_handler(Slow)
    batch_id = delivery(as_ordered="yes")
    swapped.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    assert tried == ["product", "purchase_order"]
    assert harness.batch(batch_id).state == "executed"
