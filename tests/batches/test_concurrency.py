"""Two people at the same moment, each with a connection of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select

from batchbook.batches import Action, State
from batchbook.batches.engine.engine import Result
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

from .attacked import FILE, PRICE_CHANGE
from .harness import BatchHarness, stock


@pytest.fixture
def catalogue(engine: Engine) -> BatchHarness:
    stock(engine, ("001", 1), ("002", 2), ("003", 3))
    return BatchHarness(engine, PRICE_CHANGE)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run ``calls`` in threads that start together; return what each returned or raised."""
    start, ends = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int, call: Callable[[], Any]) -> None:
        start.wait()
        try:
            ends[number] = call()
        except BaseException as problem:  # noqa: BLE001 - The test judges it.
            ends[number] = problem  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def sort(ends: list[Any]) -> tuple[list[Result], list[Conflict]]:
    """Return who won and who was told of it; anything else is a mistake."""
    won = [end for end in ends if isinstance(end, Result)]
    lost = [end for end in ends if isinstance(end, Conflict)]
    assert len(won) + len(lost) == len(ends), ends
    return won, lost


def test_a_batch_is_executed_once(engine: Engine, catalogue: BatchHarness) -> None:
    batch_id = catalogue.open(FILE)
    catalogue.run(batch_id, Action.COMPLETE)
    names = ("ann", "bob", "eve")
    won, lost = sort(
        at_once(*(lambda n=name: catalogue.by(n).run(batch_id, Action.EXECUTE) for name in names))
    )
    assert (len(won), len(lost)) == (1, 2)
    assert won[0].message == f"Batch {batch_id:08d} was executed: 2 prices changed, 1 row left out."
    batch = catalogue.batch(batch_id)
    assert batch.executed_by in names
    for conflict in lost:
        assert f"was executed by {batch.executed_by} on " in conflict.message
    with transaction_scope(engine, read_only=True) as session:
        history = session.scalars(select(PriceHistory).order_by(PriceHistory.item_code)).all()
        assert [(h.item_code, str(h.old_price), str(h.new_price)) for h in history] == [
            ("001", "1.00", "2.00"),
            ("002", "1.00", "0.50"),
        ]
        assert session.scalars(select(Product.version).order_by(Product.item_code)).all() == [2, 2, 1]
    assert [op[0] for op in catalogue.operations(batch_id)].count("execute") == 1


def test_a_batch_is_populated_once(catalogue: BatchHarness) -> None:
    batch_id = catalogue.create(FILE)
    won, lost = sort(at_once(*[lambda: catalogue.run(batch_id, Action.POPULATE)] * 2))
    assert (len(won), len(lost)) == (1, 1)
    assert [row.sequence for row in catalogue.rows(batch_id)] == [1, 2, 3]
    catalogue.assert_counted(batch_id)


def test_an_edit_comes_before_or_after_completion_never_between(catalogue: BatchHarness) -> None:
    batch_id = catalogue.open(FILE)
    edited, completed = at_once(
        lambda: catalogue.edit(batch_id, 1, 1, new_price="3.00"),
        lambda: catalogue.run(batch_id, Action.COMPLETE),
    )
    assert isinstance(completed, Result)
    assert catalogue.batch(batch_id).state == State.COMPLETE
    price = str(catalogue.row(batch_id, 1).new_price)
    assert price == ("3.00" if edited == ["New price"] else "2.00")
    assert edited == ["New price"] or isinstance(edited, Conflict)


def test_rows_added_together_get_numbers_of_their_own(catalogue: BatchHarness) -> None:
    batch_id = catalogue.open(FILE)
    numbers = at_once(*(lambda c=code: catalogue.add(batch_id, item_code=c) for code in ("a", "b", "c", "d")))
    assert sorted(numbers) == [4, 5, 6, 7]
    assert [op[0] for op in catalogue.operations(batch_id)].count("add") == 4
    catalogue.assert_counted(batch_id)


def test_different_batches_do_not_wait_for_a_clash(catalogue: BatchHarness) -> None:
    batches = [catalogue.open(FILE) for _ in range(3)]
    ends = at_once(*(lambda b=batch_id: catalogue.edit(b, 1, 1, new_price="3.00") for batch_id in batches))
    assert ends == [["New price"]] * 3


def test_two_batches_that_change_the_same_prices_do_so_one_after_the_other(
    engine: Engine, catalogue: BatchHarness
) -> None:
    batches = [catalogue.open(FILE), catalogue.open(FILE.replace("2.00", "4.00"))]
    for batch_id in batches:
        catalogue.run(batch_id, Action.COMPLETE)
    won, lost = sort(at_once(*(lambda b=b: catalogue.run(b, Action.EXECUTE) for b in batches)))
    assert (len(won), len(lost)) == (1, 1)
    assert "1 price changed in the catalogue since the last refresh" in lost[0].message
    (winner,) = [b for b in batches if catalogue.batch(b).state == State.EXECUTED]
    with transaction_scope(engine, read_only=True) as session:
        assert set(session.scalars(select(PriceHistory.batch_id))) == {winner}
