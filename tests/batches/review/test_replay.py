"""Corrections of an earlier batch of the same vendor, by item code, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert, true
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness, stock

from batchbook.batches.editing import Undoer
from batchbook.batches.review.replay import apply_replay, earlier_batches, plan_replay
from batchbook.catalog.models import Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

HEADINGS = "item_code,description,size,price\n"
FIRST = HEADINGS + "001,A,,2.00\n002,B,,3.00\n00X,C,,4.00\n004,D,,5.00\n"
#: Row 1 is as before, 2 has another price, 3 the same wrong code; 004 is gone.
NEXT = HEADINGS + "001,A,,2.00\n002,B,,3.50\n00X,C,,4.00\n"


@pytest.fixture
def prices(engine: Engine) -> BatchHarness:
    stock(engine, ("001", 1), ("002", 1), ("003", 1), ("004", 1))
    with transaction_scope(engine) as session:
        session.execute(insert(Vendor), [{"code": "V1", "name": "One"}, {"code": "V2", "name": "Two"}])
    return BatchHarness(engine, PRICE_CHANGE)


def test_corrections_that_fit_are_one_operation_and_the_others_are_named(prices: BatchHarness) -> None:
    first = prices.open(FIRST, vendor_code="V1")
    for row, change in (
        (1, {"new_price": "2.20"}),
        (2, {"new_price": "3.30"}),
        (3, {"item_code": "003"}),
        (4, {"new_price": "5.50"}),
    ):
        prices.edit(first, row, **change)
    other = prices.open(NEXT, vendor_code="V2")
    second = prices.open(NEXT, vendor_code="V1")
    with prices.engine() as engine:
        assert earlier_batches(engine, engine.find(other), true()) == []
        (earlier,) = earlier_batches(engine, engine.find(second), true())
        assert earlier.id == first
        plan = plan_replay(engine, engine.find(second), earlier)
        fitting = {(one.sequence, one.correction.field, one.correction.after) for one in plan.fitting}
        assert fitting == {(1, "new_price", "2.20"), (3, "item_code", "003")}
        assert {(one.correction.key, one.reason) for one in plan.left} == {
            (("002",), "row 2 has “3.50”"),
            (("004",), "no row has this key"),
        }
        with pytest.raises(Conflict, match="Other corrections fit now"):
            apply_replay(engine, engine.find(second), earlier, "another")
        told = apply_replay(engine, engine.find(second), earlier, plan.token)
        assert told.startswith(
            f"Replayed 2 corrections of batch {first:08d} in 2 rows. 2 corrections do not fit."
        )
    row = prices.rows(second)[2]
    assert row["item_code"] == "003"
    with prices.engine() as engine, pytest.raises(Conflict, match="fits, so nothing was changed"):
        apply_replay(engine, engine.find(second), engine.find(first))
    with prices.engine() as engine:
        assert Undoer(engine).undo(second).undone == 2
        assert len(plan_replay(engine, engine.find(second), engine.find(first)).fitting) == 2
