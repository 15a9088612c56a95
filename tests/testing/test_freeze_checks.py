"""The checks of the freeze complain about tables that are not frozen."""

from __future__ import annotations

from typing import Any

import pytest

from batchbook.batches import Outcome, unfreeze_table
from batchbook.testing.databases import Databases
from batchbook.types.price_change.handler import PriceChangeHandler

from .broken_types import broken, complaint


class DoesNothing(PriceChangeHandler):
    def execute(self, batch: Any, rows: Any, options: Any) -> Outcome:
        return Outcome("Nothing was done.")


@pytest.mark.parametrize(
    ("table", "check", "words"),
    [
        ("price_change_row", "test_the_database_refuses_every_change", "change price_change_row"),
        (
            "price_history",
            "test_records_are_append_only",
            "change price_history; remove from price_history; add",
        ),
    ],
)
def test_a_table_that_is_not_frozen(databases: Databases, table: str, check: str, words: str) -> None:
    with broken(databases, PriceChangeHandler) as (kit, harness):
        with harness.transaction() as session:
            unfreeze_table(session.connection(), table)
        assert words in complaint(getattr(kit, check), harness, harness.made)


def test_a_record_that_executing_does_not_write(databases: Databases) -> None:
    with broken(databases, DoesNothing) as (kit, harness):
        problem = complaint(kit.test_records_are_append_only, harness, harness.made)
    assert "must write to price_history" in problem
