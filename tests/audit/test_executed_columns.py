"""The filter for records touched: rows by their key, and records of what executions changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select
from tests.batches.attacked import PRICE_CHANGE

from batchbook.audit.executed_columns import touched_column
from batchbook.batches.models import Batch
from batchbook.catalog.models import PriceHistory
from batchbook.db.transactions import transaction_scope
from batchbook.grid import Verb


@pytest.mark.parametrize(("key", "numbers"), [("001", [1, 2]), ("003", [1, 2]), ("00", []), ("' OR 1=1", [])])
def test_batches_are_found_by_the_key_of_a_row_or_of_a_record(
    two_executed: None, engine: Engine, key: str, numbers: list[int]
) -> None:
    column = touched_column([replace(PRICE_CHANGE, records=(PriceHistory,))])
    found = select(Batch.id).where(column.conditions[Verb.EQUAL](key)).order_by(Batch.id)
    with transaction_scope(engine, read_only=True) as session:
        assert [*session.scalars(found)] == numbers
