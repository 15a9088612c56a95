"""The handler of product removals: the options of an execution, what it says, what it refuses, and reversing it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, delete, update
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness, wait_until_blocked

from batchbook.batches import Action
from batchbook.batches.engine.execution_check import Unconfirmed
from batchbook.batches.engine.preview import bind_options
from batchbook.batches.engine.reversing import reverse_batch
from batchbook.batches.running.dry_run import dry_run
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict

from .conftest import RemovalHarness, add_history, order, receive

BOTH = {"steps": ["deactivate", "delete"]}
ALL = ("A1", "A2", "AS", "N1", "N2", "N3", "NS", "ZZ")


def complete(harness: RemovalHarness, *codes: str, **texts: str) -> int:
    batch_id = harness.of(*codes, **texts)
    harness.run(batch_id, Action.COMPLETE)
    return batch_id


def asked(harness: RemovalHarness, batch_id: int, hook: str, **options: Any) -> Any:
    with transaction_scope(harness.database, read_only=True) as session:
        engine = harness.on(session)
        context = engine.context_of(engine.find(batch_id))
        chosen = (bind_options(context.handler, options),) if hook != "totals" else ()
        return getattr(context.handler, hook)(context.batch, *chosen)


# --- Executing -------------------------------------------------------------------------------------------------------


def test_by_default_products_are_deactivated_and_none_is_deleted(harness: RemovalHarness) -> None:
    result = harness.run(complete(harness, *ALL), Action.EXECUTE)
    assert "2 products deactivated, 6 rows left out." in result.message
    found = harness.products()
    assert {code for code, active in found.items() if active} == {"AS"}
    assert len(found) == 7


def test_deletion_is_told_and_takes_those_that_were_inactive_for_long(harness: RemovalHarness) -> None:
    result = harness.run(complete(harness, *ALL), Action.EXECUTE, **BOTH)
    assert "2 products deactivated, 2 products deleted, 4 rows left out." in result.message
    assert harness.products() == {"A1": False, "A2": False, "AS": True, "N3": False, "NS": False}


def test_what_is_in_the_way_is_done_if_it_is_ticked(harness: RemovalHarness, engine: Engine) -> None:
    order(engine, "A2")
    receive(engine, "N2")
    add_history(engine, "N1")
    also = ["in_stock", "on_order", "has_documents"]
    result = harness.run(complete(harness, *ALL), Action.EXECUTE, **BOTH, also=also)
    assert "3 products deactivated, 2 products deleted, 3 rows left out." in result.message
    assert harness.products() == {"A1": False, "A2": False, "AS": False, "N1": False, "N3": False}


def test_all_that_is_in_the_way_of_a_product_must_be_ticked(harness: RemovalHarness, engine: Engine) -> None:
    order(engine, "AS")
    receive(engine, "NS")
    for also in (["in_stock"], ["on_order"]):
        with pytest.raises(Conflict, match="no product can have a step that was chosen"):
            harness.run(complete(harness, "AS", "NS"), Action.EXECUTE, **BOTH, also=also)
    batch_id = complete(harness, "AS", "NS")
    also = ["in_stock", "on_order", "in_batches"]
    assert "1 product deactivated" in harness.run(batch_id, Action.EXECUTE, **BOTH, also=also).message
    assert (harness.products()["AS"], "NS" in harness.products()) == (False, True)


def test_quantities_that_vanish_with_products_are_confirmed(harness: RemovalHarness) -> None:
    batch_id = complete(harness, "AS", "NS")
    with pytest.raises(
        Unconfirmed, match="1 row changes the quantity on hand by more than 20 %: the largest"
    ):
        harness.run(batch_id, Action.EXECUTE, **BOTH, also=["in_stock"], confirm="")
    assert "NS" in harness.products()
    result = harness.run(batch_id, Action.EXECUTE, **BOTH, also=["in_stock"], confirm="on_hand")
    assert "1 product deactivated, 1 product deleted" in result.message


def test_a_batch_in_which_nothing_can_be_done_is_not_complete(harness: RemovalHarness) -> None:
    with pytest.raises(Conflict, match="None of its products can be deactivated or deleted"):
        complete(harness, "N3", "ZZ")


def test_a_dry_run_tells_what_would_be_done(harness: RemovalHarness) -> None:
    batch_id, before = complete(harness, "A1", "N1"), harness.products()
    with harness.engine() as engine:
        told = dry_run(engine, batch_id, BOTH, list)
    assert told.summary == "1 product deactivated, 1 product deleted, 0 rows left out."
    kinds = [(one.target, one.record_key, one.kind) for one in told.effects]
    assert kinds == [
        ("product", "A1", "updated"), ("product", "N1", "deleted"), ("vendor_item", "N1", "deleted"),
        ("product_match", "N1", "deleted"),
    ]  # fmt: skip
    assert harness.products() == before


# --- What has come in the way since the refresh ----------------------------------------------------------------------


def change(**values: Any) -> Callable[[RemovalHarness], None]:
    def apply(harness: RemovalHarness) -> None:
        with transaction_scope(harness.database) as session:
            session.execute(update(Product).where(Product.item_code.in_(["A1", "N1"])).values(**values))

    return apply


def open_price_change(harness: RemovalHarness) -> None:
    BatchHarness(harness.database, PRICE_CHANGE).open("item_code,description,size,price\nN1,,,3.00\n")


def remove_product(harness: RemovalHarness) -> None:
    with transaction_scope(harness.database) as session:
        session.execute(delete(Product).where(Product.item_code == "A1"))


@pytest.mark.parametrize(
    ("apply", "named"),
    [
        (change(on_hand=3), "A1, N1"),
        (change(active=False, modified_at=Product.modified_at), "A1"),
        (change(active=True), "N1"),
        (change(), "N1"),  # It counts as changed, so that it is not inactive for long.
        (lambda harness: order(harness.database, "A1"), "A1"),
        (lambda harness: receive(harness.database, "N1"), "N1"),
        (lambda harness: add_history(harness.database, "N1"), "N1"),
        (open_price_change, "N1"),
    ],
)
def test_nothing_is_done_if_something_has_come_in_the_way(
    harness: RemovalHarness, apply: Callable[[RemovalHarness], None], named: str
) -> None:
    batch_id = complete(harness, "A1", "A2", "N1")
    apply(harness)
    before = harness.products()
    with pytest.raises(Conflict, match=f"have changed since the last refresh: {named}\\. Reopen"):
        harness.run(batch_id, Action.EXECUTE, **BOTH)
    assert harness.products() == before


def test_nothing_is_done_if_a_product_is_gone(harness: RemovalHarness) -> None:
    batch_id = complete(harness, "A1", "A2", "N1")
    remove_product(harness)
    before = harness.products()
    with pytest.raises(
        Conflict, match="1 row has a record that changed since the last refresh: A1 \\(no longer there"
    ):
        harness.run(batch_id, Action.EXECUTE, **BOTH)
    assert harness.products() == before


def test_what_was_ticked_may_have_come_since(harness: RemovalHarness) -> None:
    batch_id = complete(harness, "A1", "A2")
    order(harness.database, "A1")
    open_price_change(harness)
    result = harness.run(batch_id, Action.EXECUTE, also=["on_order", "in_batches"])
    assert "2 products deactivated" in result.message


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_history_that_is_being_written_is_waited_for(harness: RemovalHarness, engine: Engine) -> None:
    batch_id, ends = complete(harness, "N1"), list[str]()

    def execute() -> None:
        try:
            ends.append(harness.run(batch_id, Action.EXECUTE, **BOTH).message)
        except Conflict as error:
            ends.append(error.message)

    with transaction_scope(engine) as session:
        session.connection().exec_driver_sql(
            "INSERT INTO price_history (product_id, item_code, old_price, new_price, changed_at, changed_by)"
            " SELECT id, item_code, 1, 2, now(), 'ann' FROM product WHERE item_code = 'N1'"
        )
        other = threading.Thread(target=execute)
        other.start()
        wait_until_blocked(engine, ends)
        assert ends == []
    other.join()
    assert "have changed since the last refresh: N1." in ends[0]


# --- Reversing -------------------------------------------------------------------------------------------------------


def reverse(harness: RemovalHarness, batch_id: int) -> int:
    with harness.engine() as engine:
        return reverse_batch(engine, batch_id).id


def test_deactivated_products_are_put_on_sale_again_and_deleted_ones_are_not(harness: RemovalHarness) -> None:
    batch_id = complete(harness, "A1", "A2", "N1", inactive_days="30")
    harness.run(batch_id, Action.EXECUTE, **BOTH)
    change(active=True)(harness)  # Somebody else has put A1 on sale again.
    other = reverse(harness, batch_id)
    batch: Any = harness.batch(other)
    assert (batch.reverses, batch.inactive_days) == (batch_id, 30)
    assert [(row.item_code, row.status, row.step) for row in harness.rows(other)] == [
        ("A1", "on_sale", None),
        ("A2", "reactivate", "reactivate"),
    ]
    assert asked(harness, other, "describe_execution") == [
        "1 product is put on sale again.",
        "Left out: 1 on sale already.",
    ]
    harness.run(other, Action.COMPLETE)
    assert "1 product reactivated, 1 row left out." in harness.run(other, Action.EXECUTE).message
    assert harness.products()["A2"] is True


def test_a_product_that_is_gone_is_not_put_on_sale_again(harness: RemovalHarness) -> None:
    batch_id = complete(harness, "A1", "A2")
    harness.run(batch_id, Action.EXECUTE)
    remove_product(harness)
    assert harness.statuses(reverse(harness, batch_id)) == ["not_found", "reactivate"]


# --- What it says ----------------------------------------------------------------------------------------------------


def test_an_execution_is_described_with_counts(harness: RemovalHarness) -> None:
    batch_id = harness.of(*ALL)
    assert asked(harness, batch_id, "describe_execution") == [
        "2 products are taken off sale.",
        "Left out: 1 not in catalogue, 2 can be deleted, 2 in stock, 1 not inactive for long.",
    ]
    assert asked(harness, batch_id, "describe_execution", **BOTH, also=["in_stock"]) == [
        "3 products are taken off sale.",
        "3 products are deleted for good.",
        "Deleted with them: 1 vendor item and 1 remembered match.",
        "Left out: 1 not in catalogue, 1 not inactive for long.",
    ]


def test_it_says_so_if_the_options_change_nothing(harness: RemovalHarness) -> None:
    assert asked(harness, harness.of("AS", "N1"), "describe_execution") == [
        "No product is changed with these options.",
        "Left out: 1 can be deleted, 1 in stock.",
    ]


def test_figures_tell_the_stock(harness: RemovalHarness) -> None:
    totals = {one.label: one.value for one in asked(harness, harness.of(*ALL), "totals")}
    assert totals == {"On hand": "11", "Value at price": "27.50"}
    assert asked(harness, harness.of("A1"), "totals") == []


def test_products_are_scanned_and_others_refused(harness: RemovalHarness) -> None:
    batch_id = harness.create()
    assert not harness.run(batch_id, Action.POPULATE).failed
    harness.enter(batch_id, "0036000291452")
    harness.enter(batch_id, "A2")
    assert [row.item_code for row in harness.rows(batch_id)] == ["A1", "A2"]
    with pytest.raises(BadInput, match="was not found"):
        harness.enter(batch_id, "5901234123457")
