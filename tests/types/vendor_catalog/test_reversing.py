from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import Engine, select
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.engine.reversing import reverse_batch
from batchbook.catalog.models import Product, VendorItem
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.types.vendor_catalog.models import CostStatus as S

from .conftest import costs, history, items
from .test_comparison import LIST


def reverse(harness: BatchHarness, batch: int) -> int:
    with harness.engine() as engine:
        return reverse_batch(engine, batch).id


def execute(harness: BatchHarness, batch: int, **options: object) -> None:
    assert not harness.run(batch, Action.COMPLETE).failed
    result = harness.run(batch, Action.EXECUTE, **options)
    assert not result.failed, result.message


def test_everything_is_as_it_was_and_reversing_that_brings_it_back(
    harness: BatchHarness, engine: Engine
) -> None:
    before = costs(engine), items(engine)
    batch = harness.executed(LIST, vendor_code="V1")
    after = costs(engine), items(engine)
    back = reverse(harness, batch)
    assert set(harness.statuses(back)) == {S.RESTORED}
    created = next(row for row in harness.rows(back) if row.item_code == "000000004")
    assert created.status_text == "The vendor item that was created is removed."
    execute(harness, back)
    assert (costs(engine), items(engine)) == before
    assert ("4", "V1", "1.00", None, created.sequence) in history(engine, back)
    again = reverse(harness, back)
    execute(harness, again)
    assert (costs(engine), items(engine)) == after


def test_what_changed_since_is_left_unless_it_is_chosen(harness: BatchHarness, engine: Engine) -> None:
    batch = harness.executed("item_code,cost\n000000001,1.20\n000000002,1.30\n", vendor_code="V1")
    with transaction_scope(engine) as session:
        session.scalars(select(Product).where(Product.item_code == "000000001")).one().cost = Decimal("1.25")
    back = reverse(harness, batch)
    assert {row.item_code[-1]: row.status for row in harness.rows(back)} == {
        "1": S.CHANGED_SINCE,
        "2": S.RESTORED,
    }
    execute(harness, back)
    assert (costs(engine)["1"], costs(engine)["2"]) == ("1.25", "1.00")
    assert (items(engine)["1"][0], items(engine)["2"][0]) == ("1.20", "1.00")


def test_what_is_as_it_was_already_has_nothing_to_restore(harness: BatchHarness, engine: Engine) -> None:
    batch = harness.executed("item_code,cost,case pack\n000000001,1.20,8\n", vendor_code="V1")
    with transaction_scope(engine) as session:
        session.scalars(select(Product).where(Product.item_code == "000000001")).one().cost = Decimal("1.00")
        item = session.scalars(select(VendorItem).where(VendorItem.vendor_item_code == "A-1")).one()
        item.cost, item.case_pack = Decimal("1.00"), 6
    assert harness.statuses(reverse(harness, batch)) == [S.UNCHANGED]


def test_announced_costs_are_taken_back_with_their_dates(harness: BatchHarness, engine: Engine) -> None:
    soon, later = ((utc_now() + timedelta(days=days)).date().isoformat() for days in (3, 9))
    harness.executed("item_code,cost\n000000001,1.20\n", vendor_code="V1", effective_on=soon)
    batch = harness.executed("item_code,cost\n000000001,1.40\n", vendor_code="V1", effective_on=later)
    assert items(engine)["1"] == ("1.40", 6, "A-1", later)
    execute(harness, reverse(harness, batch))
    assert items(engine)["1"] == ("1.20", 6, "A-1", soon)
    assert costs(engine)["1"] == "1.00"
