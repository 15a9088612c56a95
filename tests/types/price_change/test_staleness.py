"""Prices of products that somebody else changed between the refresh and the execution."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import Engine, delete, select, update
from tests.batches.harness import BatchHarness, snapshot, wait_until_blocked

from batchbook.batches import Action, State
from batchbook.batches.engine.execution_check import Unconfirmed
from batchbook.catalog.models import Product, Vendor
from batchbook.db import Base
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

from .test_execution import BEFORE, HEADER, complete, history

Prices = Callable[[], dict[str, str]]
SetPrice = Callable[[str, str], None]


def test_a_price_that_changed_since_the_refresh_stops_all(
    engine: Engine, harness: BatchHarness, prices: Prices, set_price: SetPrice
) -> None:
    batch_id = complete(harness)
    set_price("2", "2.20")
    before = snapshot(engine, Base.metadata)
    with pytest.raises(Conflict) as caught:
        harness.run(batch_id, Action.EXECUTE)
    assert caught.value.message == (
        "Nothing was executed, because 1 price changed in the catalogue since the last refresh:"
        " 000000002 (was 2.00, now 2.20)."
        " Reopen the batch and refresh it to see them, or choose to overwrite them."
    )
    assert snapshot(engine, Base.metadata) == before
    harness.run(batch_id, Action.REOPEN, Action.REFRESH, Action.COMPLETE, Action.EXECUTE)
    assert prices() == BEFORE | {"1": "1.50", "2": "1.99", "4": "4.50"}
    assert history(engine)[1][:3] == ("000000002", "2.20", "1.99")


def test_two_batches_that_want_the_same_price_are_both_executed(
    engine: Engine, harness: BatchHarness, prices: Prices
) -> None:
    first, second = complete(harness), complete(harness)
    assert harness.run(first, Action.EXECUTE).message.endswith(
        "3 prices changed, 1 unchanged, 2 rows left out."
    )
    assert len(described_stale(harness, second)) == 0
    assert harness.run(second, Action.EXECUTE).message.endswith(
        "0 prices changed, 4 unchanged, 2 rows left out."
    )
    assert (prices(), len(history(engine))) == (BEFORE | {"1": "1.50", "2": "1.99", "4": "4.50"}, 3)


def described_stale(harness: BatchHarness, batch_id: int) -> list[str]:
    with harness.engine() as at_work:
        batch = at_work.find(batch_id)
        options = {"apply": ["increase", "decrease"], "overwrite": False}
        sentences = at_work.context_of(batch).handler.describe_execution(batch, options)
    return [sentence for sentence in sentences if "since the last refresh" in sentence]


def test_a_product_that_vanished_stops_all_and_is_named(
    engine: Engine, harness: BatchHarness, prices: Prices
) -> None:
    batch_id = complete(harness)
    with transaction_scope(engine) as session:
        session.execute(delete(Product).where(Product.item_code == "000000004"))
    with pytest.raises(Conflict, match=r"000000004 \(was 4.00, no longer in the catalogue\)"):
        harness.run(batch_id, Action.EXECUTE)
    assert harness.batch(batch_id).state == State.COMPLETE
    harness.run(batch_id, Action.EXECUTE, overwrite="yes")
    assert prices() == {"1": "1.50", "2": "1.99", "3": "3.00", "5": "0.05"}
    assert [row[0][-1] for row in history(engine)] == ["1", "2"]


def test_an_unchanged_price_that_would_now_rise_stops_all(
    harness: BatchHarness, prices: Prices, set_price: SetPrice
) -> None:
    """The list says 3.00, as the catalogue did at the refresh. Left alone, the product would stay at 2.50."""
    batch_id = complete(harness)
    set_price("3", "2.50")
    with pytest.raises(Conflict, match=r"000000003 \(was 3.00, now 2.50\)"):
        harness.run(batch_id, Action.EXECUTE)
    assert prices() == BEFORE | {"3": "2.50"}
    harness.run(batch_id, Action.EXECUTE, apply=["decrease"])
    assert prices() == BEFORE | {"2": "1.99", "3": "2.50"}


def test_a_product_in_a_row_that_is_not_applied_stops_nothing(
    harness: BatchHarness, prices: Prices, set_price: SetPrice
) -> None:
    batch_id = complete(harness)
    set_price("2", "2.20")
    set_price("3", "3.30")
    harness.run(batch_id, Action.EXECUTE, apply=["increase"])
    assert prices() == BEFORE | {"1": "1.50", "2": "2.20", "3": "3.30", "4": "4.50"}


def test_no_more_than_five_are_named(engine: Engine, harness: BatchHarness) -> None:
    with transaction_scope(engine) as session:
        session.add_all(
            Product(item_code=f"N{number}", description="", price=Decimal("1.00")) for number in range(7)
        )
    batch_id = complete(harness, HEADER + "".join(f"N{number},,,2.00\n" for number in range(7)))
    with transaction_scope(engine) as session:
        for product in session.scalars(select(Product).where(Product.item_code.like("N%"))):
            product.price = Decimal("1.10")
    with pytest.raises(Conflict) as caught:
        harness.run(batch_id, Action.EXECUTE)
    assert "because 7 prices changed" in caught.value.message
    assert "N4 (was 1.00, now 1.10) and others." in caught.value.message
    assert "N5" not in caught.value.message


def test_what_is_overwritten_is_confirmed_as_it_is_now(
    harness: BatchHarness, prices: Prices, set_price: SetPrice
) -> None:
    batch_id = complete(harness, HEADER + "000000002,,,2.10\n")
    set_price("2", "200.00")
    with pytest.raises(Unconfirmed, match=r"more than 20 %: the largest -99 %"):
        harness.run(batch_id, Action.EXECUTE, overwrite="yes", confirm=())
    harness.run(batch_id, Action.EXECUTE, overwrite="yes")
    assert prices()["2"] == "2.10"


@pytest.mark.parametrize("backend", ["postgresql"])
def test_what_changes_while_it_is_overwritten_is_confirmed_as_it_is_then(
    engine: Engine, harness: BatchHarness, prices: Prices
) -> None:
    batch_id = complete(harness, HEADER + "000000002,,,2.10\n")
    ends: list[str] = []

    def execute() -> None:
        try:
            ends.append(harness.run(batch_id, Action.EXECUTE, overwrite="yes", confirm=()).message)
        except Unconfirmed as error:
            ends.append(error.message)

    thread = threading.Thread(target=execute)
    with transaction_scope(engine) as session:
        dear = update(Product).where(Product.item_code == "000000002").values(price=Decimal("200.00"))
        session.execute(dear)
        thread.start()
        wait_until_blocked(engine, ends)
    thread.join()
    assert "1 row changes the price by more than 20 %: the largest -99 %." in ends[0]
    assert prices()["2"] == "200.00"


@pytest.mark.parametrize(
    ("active", "apply", "change"),
    [
        (True, "increase", {"vendor_id": None}),
        (True, "increase", {"active": False}),
        (False, "inactive", {"vendor_id": None}),
        (False, "inactive", {"active": True}),
    ],
)
def test_products_that_are_not_what_their_rows_say_stop_all_even_where_prices_are_overwritten(
    engine: Engine,
    harness: BatchHarness,
    prices: Prices,
    active: bool,
    apply: str,
    change: dict[str, object],
) -> None:
    with transaction_scope(engine) as session:
        vendor = session.scalars(select(Vendor).where(Vendor.code == "V1")).one()
        product = session.scalars(select(Product).where(Product.item_code == "000000002")).one()
        product.vendor_id, product.active = vendor.id, active
    batch_id = harness.open(HEADER + "000000002,,,2.10\n", vendor_code="V1")
    harness.run(batch_id, Action.COMPLETE)
    with transaction_scope(engine) as session:
        product = session.scalars(select(Product).where(Product.item_code == "000000002")).one()
        for name, value in change.items():
            setattr(product, name, value)
    for overwrite in ("", "yes"):
        with pytest.raises(Conflict) as caught:
            harness.run(batch_id, Action.EXECUTE, overwrite=overwrite, apply=apply)
        assert caught.value.message == (
            "Nothing was executed, because 1 product has changed its vendor, its department or whether it is active since"
            " the last refresh: 000000002. Reopen the batch and refresh it to see that."
        )
    assert prices() == BEFORE
