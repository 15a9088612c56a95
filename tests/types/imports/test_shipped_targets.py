"""The targets that ship besides products."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from batchbook.batches.engine.reversing import reverse_batch
from batchbook.catalog.models import CostHistory, StockMovement
from batchbook.db.transactions import transaction_scope

from .conftest import ImportHarness


@pytest.mark.parametrize(
    ("target", "table", "expected"),
    [
        ("vendor", "vendor code;vendor name\nV1;New name\nV8;Eight\n", ["update", "create"]),
        ("department", "dept\nGROCERY\nBAKERY\n", ["unchanged", "create"]),
        ("on_hand", "sku;qty\n000000001;12\n000000077;1\n", ["update", "skipped"]),
    ],
)
def test_the_other_targets_that_ship(
    harness: ImportHarness, target: str, table: str, expected: list[str]
) -> None:
    number = harness.create(table, target=target)
    assert harness.statuses(number) == expected
    harness.execute(number)
    assert harness.statuses(harness.create(table, target=target)) == [
        "skipped" if status == "skipped" else "unchanged" for status in expected
    ]


def records(harness: ImportHarness, model: Any, *names: str) -> list[tuple[Any, ...]]:
    """Return what a ledger of the catalogue has of batches, in order."""
    columns = [getattr(model, name) for name in (*names, "batch_id", "sequence")]
    with transaction_scope(harness.database, read_only=True) as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(model.id))]


def test_costs_and_quantities_that_change_are_recorded(harness: ImportHarness) -> None:
    first = harness.create("item_code,cost,on_hand\n000000001,0.60,7\n000000002,0.70,3\n", mode="update")
    harness.execute(first)
    kept = harness.create("item_code,cost\n000000001,\n000000002,0.80\n", mode="update", empty_cells="keep")
    harness.execute(kept)
    cleared = harness.create(
        "item_code,cost\n000000001,\n000000002,0.80\n", mode="update", empty_cells="clear"
    )
    harness.execute(cleared)
    counted = harness.create("item,qty\n000000003,9\n", target="on_hand")
    harness.execute(counted)
    assert records(harness, CostHistory, "item_code", "old_cost", "new_cost") == [
        ("000000001", None, Decimal("0.60"), first, 1),
        ("000000002", None, Decimal("0.70"), first, 2),
        ("000000002", Decimal("0.70"), Decimal("0.80"), kept, 2),
        ("000000001", Decimal("0.60"), None, cleared, 1),
    ]
    assert records(harness, StockMovement, "item_code", "kind", "before", "change", "after") == [
        ("000000001", "import", 3, 4, 7, first, 1),
        ("000000003", "import", 3, 6, 9, counted, 1),
    ]


def test_a_reversed_cost_is_recorded_and_no_other_one(harness: ImportHarness) -> None:
    harness.execute(harness.create("item_code,cost\n000000001,0.60\n000000002,0.70\n", mode="update"))
    number = harness.create(
        "item_code,cost,size\n000000001,0.65,1 OZ\n000000002,,2 OZ\n000000003,0.90,1 OZ\n", mode="update"
    )
    harness.execute(number)
    with transaction_scope(harness.database) as session:
        reverse = reverse_batch(harness.act(session, "admin"), number).id
    harness.execute(reverse)
    found = records(harness, CostHistory, "item_code", "old_cost", "new_cost")
    assert [entry[:3] for entry in found if entry[3] == reverse] == [
        ("000000001", Decimal("0.65"), Decimal("0.60")),
        ("000000003", Decimal("0.90"), None),
    ]
