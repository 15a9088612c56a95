"""The choice of rows and records: who is offered which types, and choices of which no batch can be made."""

from __future__ import annotations

import pytest
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness
from tests.functional.harness import PRICE_LIST

from batchbook.batches.sources.choosing import types_made_of_records, types_made_of_rows
from batchbook.catalog.models import Product, Vendor
from batchbook.errors import Conflict
from batchbook.types.price_change.models import PriceChangeRow

from .conftest import made_of_rows

CREATES = frozenset({"batch:price_change:view", "batch:price_change:create"})


def test_types_are_offered_to_those_who_may_create_them() -> None:
    types = [PRICE_CHANGE]
    assert list(types_made_of_rows(types, CREATES, "price_change")) == types
    assert list(types_made_of_rows(types, CREATES, "import")) == []
    assert list(types_made_of_records(types, CREATES, Product)) == types
    assert list(types_made_of_records(types, CREATES, Vendor)) == []
    for fewer in (frozenset[str](), frozenset({"batch:price_change:view"})):
        assert list(types_made_of_rows(types, fewer, "price_change")) == []
        assert list(types_made_of_records(types, fewer, Product)) == []


def test_without_rows_and_for_types_that_declare_no_source_nothing_is_made(harness: BatchHarness) -> None:
    first = harness.open(PRICE_LIST, vendor_code="V1")
    with harness.engine() as engine, pytest.raises(Conflict, match="No row of batch 00000001 was chosen"):
        made_of_rows(engine, first, PriceChangeRow.status == "inactive")
    empty = harness.create("item_code,price\n000000011,1\n")
    with harness.engine() as engine, pytest.raises(Conflict, match="It has no rows yet"):
        made_of_rows(engine, empty)
