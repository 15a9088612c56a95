"""The judgement of products: what can be done to each next, and what is in the way."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.catalog.models import Product, StockMovement
from batchbook.db.transactions import transaction_scope
from batchbook.types.delete_product.models import OBSTACLES, READY, RemovalStatus

from .conftest import RemovalHarness, add_history, order, product_id, put, receive


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("A1", ("deactivate", "deactivate", None)),
        ("a1 ", ("deactivate", "deactivate", None)),
        ("036000291452", ("deactivate", "deactivate", None)),
        ("AS", ("in_stock", "deactivate", "7 on hand.")),
        ("N1", ("delete", "delete", None)),
        ("N3", ("too_recent", None, "Changed within the last 90 days.")),
        ("NS", ("in_stock", "delete", "4 on hand.")),
        ("ZZ", ("not_found", None, None)),
    ],
)
def test_a_product_has_a_next_step_and_perhaps_an_obstacle(
    harness: RemovalHarness, code: str, found: tuple[str, str | None, str | None]
) -> None:
    assert harness.found(code) == [found]


def test_rows_show_what_the_catalogue_has(harness: RemovalHarness) -> None:
    row = harness.row(harness.of("as"), 1)
    shown = (
        row.item_code,
        row.description,
        row.size,
        row.department,
        row.vendor,
        str(row.price),
        row.active,
        row.on_hand,
    )
    assert shown == ("AS", "Item AS", "1 KG", "GROCERY", "V1", "2.50", True, 7)


def test_a_product_is_deleted_after_as_many_days_as_the_batch_says(harness: RemovalHarness) -> None:
    batch_id = harness.of("N1", "N3", inactive_days="300")
    assert harness.statuses(batch_id) == ["too_recent", "too_recent"]
    harness.edit_header(batch_id, inactive_days="0")
    assert harness.statuses(batch_id) == ["delete", "delete"]
    assert [row.step for row in harness.rows(batch_id)] == ["delete", "delete"]


def test_history_keeps_a_product_for_good(harness: RemovalHarness, engine: Engine) -> None:
    add_history(engine, "N1", 2)
    add_history(engine, "A1")
    put(
        engine,
        StockMovement(
            product_id=product_id(engine, "NS"),
            item_code="NS",
            kind="count",
            before=0,
            change=4,
            after=4,
            changed_by="ann",
        ),
    )
    assert harness.found("N1", "A1", "NS") == [
        ("has_history", None, "2 records of its history refer to it, so it stays inactive."),
        ("deactivate", "deactivate", None),
        ("has_history", None, "1 record of its history refers to it, so it stays inactive. 4 on hand."),
    ]


def test_open_orders_are_in_the_way_until_all_has_come(harness: RemovalHarness, engine: Engine) -> None:
    order(engine, "A1", 5, 2)
    order(engine, "A2", 5, 5)
    order(engine, "N1", 5, 2, "closed")
    order(engine, "N2", 5)
    assert harness.found("A1", "A2", "N1", "N2") == [
        ("on_order", "deactivate", "3 on order."),
        ("deactivate", "deactivate", None),
        ("has_documents", "delete", "1 line of orders and receipts names it."),
        ("on_order", "delete", "5 on order. 1 line of orders and receipts names it."),
    ]


def test_receipts_are_in_the_way_of_a_deletion(harness: RemovalHarness, engine: Engine) -> None:
    for code in ("A1", "N1", "NS"):
        receive(engine, code)
    order(engine, "N1", 1, 1, "received")
    assert harness.found("A1", "N1", "NS") == [
        ("deactivate", "deactivate", None),
        ("has_documents", "delete", "2 lines of orders and receipts name it."),
        ("in_stock", "delete", "4 on hand. 1 line of orders and receipts names it."),
    ]


def test_open_batches_that_change_a_product_are_in_the_way(harness: RemovalHarness) -> None:
    prices = BatchHarness(harness.database, PRICE_CHANGE)
    heading = "item_code,description,size,price\n"
    first = prices.open(f"{heading}A1,,,3.00\nN1,,,3.00\n")
    prices.open(f"{heading}A1,,,4.00\n")
    assert harness.found("A1", "A2", "N1") == [
        ("in_batches", "deactivate", "In 2 other open batches."),
        ("deactivate", "deactivate", None),
        ("in_batches", "delete", "In 1 other open batch."),
    ]
    batch_id = harness.of("A1", "N1")
    prices.delete(first)
    harness.run(batch_id, Action.REFRESH)
    assert harness.statuses(batch_id) == ["in_batches", "delete"]
    assert [row.in_batches for row in harness.rows(batch_id)] == [1, 0]


def test_a_product_twice_is_a_duplicate_until_one_row_is_removed(harness: RemovalHarness) -> None:
    batch_id = harness.of("A1", "a1", "A2")
    assert harness.statuses(batch_id) == ["duplicate", "duplicate", "deactivate"]
    assert harness.row(batch_id, 1).step is None
    harness.remove(batch_id, 2)
    assert harness.statuses(batch_id)[::2] == ["deactivate", "deactivate"]
    harness.edit(batch_id, 3, item_code="A1")
    assert harness.statuses(batch_id)[::2] == ["duplicate", "duplicate"]
    harness.assert_counted(batch_id)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_thousands_of_rows_are_judged_in_chunks(harness: RemovalHarness, engine: Engine) -> None:
    codes = [f"{number:05}" for number in range(12_000)]
    with transaction_scope(engine) as session:
        session.execute(
            insert(Product), [{"item_code": code, "description": code, "price": 1} for code in codes]
        )
    batch_id = harness.of(*codes)
    assert harness.batch(batch_id).status_counts == {"deactivate": 12_000}
    result = harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    assert "12,000 products deactivated, 0 rows left out." in result.message


def test_every_status_is_ready_an_obstacle_or_left_alone() -> None:
    left = {*RemovalStatus} - {*READY, *OBSTACLES}
    assert {status.value for status in left} == {
        "not_found",
        "too_recent",
        "has_history",
        "on_sale",
        "duplicate",
    }
