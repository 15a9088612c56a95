from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.catalog.models import Product, VendorItem
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

from .conftest import costs, history, items
from .test_comparison import LIST

BEFORE = {"1": "1.00", "2": "1.00", "3": "1.00", "4": "0.90", "5": "0.80", "6": "1.00"}


def test_items_costs_and_history_are_written(harness: BatchHarness, engine: Engine) -> None:
    batch = harness.executed(LIST, vendor_code="V1")
    # The fifth is another vendor's product, the sixth is not active.
    assert costs(engine) == BEFORE | {"2": "1.10", "3": "0.95", "4": "1.00"}
    assert items(engine) == {
        "1": ("1.00", 6, "A-1", None),
        "2": ("1.10", 6, "A-2", None),
        "3": ("0.95", 6, "A-3", None),
        "4": ("1.00", 12, "A-4", None),
        "5": ("0.85", 10, "A-5", None),
        "6": ("1.00", 6, "A-6", None),
    }
    assert history(engine, batch) == [
        ("2", "V1", "1.00", "1.10", 2),
        ("2", None, "1.00", "1.10", 2),
        ("3", "V1", "1.00", "0.95", 3),
        ("3", None, "1.00", "0.95", 3),
        ("4", "V1", None, "1.00", 4),
        ("4", None, "0.90", "1.00", 4),
    ]
    with transaction_scope(engine, read_only=True) as session:
        versions = dict(session.execute(select(Product.item_code, Product.version)).all())
    assert versions["000000002"] == 2
    assert versions["000000001"] == 1


def test_what_the_list_lacks_stays(harness: BatchHarness, engine: Engine) -> None:
    harness.executed("item_code,cost\n000000001,1.20\n", vendor_code="V1")
    assert items(engine)["1"] == ("1.20", 6, "A-1", None)


def test_only_chosen_rows_are_applied(harness: BatchHarness, engine: Engine) -> None:
    batch = harness.open(LIST, vendor_code="V1")
    harness.run(batch, Action.COMPLETE)
    assert not harness.run(batch, Action.EXECUTE, apply=["inactive", "cost_down"]).failed
    assert costs(engine) == BEFORE | {"3": "0.95", "6": "1.20"}
    assert items(engine)["2"][0] == "1.00"


@pytest.mark.parametrize(("days", "are_due"), [(-1, True), (0, True), (2, False)])
def test_products_get_costs_once_they_are_effective(
    harness: BatchHarness, engine: Engine, days: int, are_due: bool
) -> None:
    day = (utc_now() + timedelta(days=days)).date().isoformat()
    batch = harness.open(
        "item_code,cost\n000000001,1.20\n000000004,0.95\n", vendor_code="V1", effective_on=day
    )
    harness.run(batch, Action.COMPLETE)
    result = harness.run(batch, Action.EXECUTE)
    assert costs(engine) == (BEFORE | {"1": "1.20", "4": "0.95"} if are_due else BEFORE)
    assert (items(engine)["1"], items(engine)["4"]) == (("1.20", 6, "A-1", day), ("0.95", None, None, day))
    assert (f"The costs are effective from {day}." in result.message) is not are_due
    assert len(history(engine, batch)) == (4 if are_due else 2)


def test_an_announced_cost_reaches_the_product_by_a_batch_without_a_list(
    harness: BatchHarness, engine: Engine
) -> None:
    day = (utc_now() + timedelta(days=2)).date()
    harness.executed("item_code,cost\n000000001,1.20\n", vendor_code="V1", effective_on=day.isoformat())
    assert costs(engine) == BEFORE
    # Two days later.
    with transaction_scope(engine) as session:
        for item in session.scalars(select(VendorItem).where(VendorItem.effective_on == day)):
            item.effective_on = utc_now().date()
    batch = harness.create(vendor_code="V1")
    harness.run(batch, Action.POPULATE, Action.COMPLETE, Action.EXECUTE)
    assert costs(engine) == BEFORE | {"1": "1.20"}
    assert history(engine, batch) == [("1", None, "1.00", "1.20", 1)]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_cost_that_changed_since_the_refresh_stops_the_execution(
    harness: BatchHarness, engine: Engine, overwrite: bool
) -> None:
    batch = harness.open("item_code,cost\n000000001,1.20\n", vendor_code="V1")
    harness.run(batch, Action.COMPLETE)
    with transaction_scope(engine) as session:
        session.scalars(select(Product).where(Product.item_code == "000000001")).one().cost = Decimal("0.99")
    if overwrite:
        harness.run(batch, Action.EXECUTE, overwrite="true")
        assert costs(engine)["1"] == "1.20"
        return
    with pytest.raises(Conflict, match=r"000000001"):
        harness.run(batch, Action.EXECUTE)
    assert costs(engine)["1"] == "0.99"
    assert items(engine)["1"][0] == "1.00"
