"""The types of which an execution can make a batch: those whose headers lack nothing, and what their handlers say beforehand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness
from tests.functional.harness import PRICE_LIST

from batchbook.batches import BatchType, FromBatch, types_made_by_execution, why_not_made
from batchbook.batches.rows.storage import SharedTable
from batchbook.errors import BadInput
from batchbook.types.ordering.handler import OrderingHandler
from batchbook.types.ordering.models import Ordering, OrderingRow
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.models import PriceChange

ORDER = BatchType("ordering", Ordering, SharedTable(OrderingRow), OrderingHandler, object, "Order", "Orders")
CODES = {"item_code": "item_code"}


def made_of_prices(**header: str) -> BatchType:
    """Return orders that are made of rows of price changes, with these fields of their header."""
    sources = (FromBatch("price_change", columns=CODES, header=header),)
    return replace(ORDER, handler=type("Orders", (OrderingHandler,), {"sources": sources}))


FILLED = made_of_prices(vendor_code="vendor_code")


def test_a_header_that_lacks_nothing_is_offered() -> None:
    lacking = made_of_prices()
    assert types_made_by_execution([PRICE_CHANGE, FILLED], "price_change") == [PRICE_CHANGE, FILLED]
    assert types_made_by_execution([lacking, PRICE_CHANGE], "price_change") == [PRICE_CHANGE]
    assert types_made_by_execution([PRICE_CHANGE, FILLED], "ordering") == []


def test_nobody_is_offered_a_type_that_they_may_not_create() -> None:
    may = frozenset({"batch:ordering:view", "batch:ordering:create"})
    assert types_made_by_execution([PRICE_CHANGE, FILLED], "price_change", may) == [FILLED]
    assert types_made_by_execution([FILLED], "price_change", frozenset()) == []


class Hesitant(PriceChangeHandler):
    """Price changes that are not made of others on some days."""

    def before_create(self, batch: PriceChange, *, has_file: bool) -> None:
        if batch.has_chosen_rows and not has_file and batch.vendor_code == "V1":
            raise BadInput("Not of V1.")


@pytest.mark.parametrize(
    ("vendor", "key", "words"),
    [
        (
            "",
            "ordering",
            "Vendor code is missing, which a batch of the type Order needs. Enter it in the header.",
        ),
        ("V9", "ordering", "There is no vendor"),
        ("V1", "price_change", "Not of V1."),
        ("V1", "lost", "There is no batch type “lost”."),
        ("V1", "ordering", None),
        ("", "price_change", None),
    ],
)
def test_a_type_says_beforehand_why_it_could_not_be_made(
    harness: BatchHarness, vendor: str, key: str, words: str | None
) -> None:
    harness = harness.with_handler(Hesitant)
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    with harness.engine() as engine:
        engine.types.add(FILLED)
        context = engine.context_of(engine.find(batch_id))
        batch = context.batch
        assert isinstance(batch, PriceChange)
        batch.vendor_code = vendor or None
        found = why_not_made(context.handler_context, key, batch)
        engine.session.rollback()
    assert (found or "").startswith(words) if words else found is None


def test_a_type_that_declares_no_such_source_is_told(harness: BatchHarness) -> None:
    batch_id = harness.open(PRICE_LIST, vendor_code="V1")
    with harness.engine() as engine:
        engine.types.add(ORDER)
        context = engine.context_of(engine.find(batch_id))
        found = why_not_made(context.handler_context, "ordering", context.batch)
    assert found == "No order can be made of rows of batch 00000001."
