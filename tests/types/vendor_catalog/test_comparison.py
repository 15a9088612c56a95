from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Engine, select
from tests.batches.harness import BatchHarness

from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.types.vendor_catalog.models import CostStatus as S

LIST = """item_code,vendor item,cost,case pack
000000001,A-1,1.00,6
000000002,A-2,1.10,6
000000003,A-3,0.95,6
000000004,A-4,1.00,12
000000005,A-5,0.85,10
000000006,A-6,1.20,6
000000077,A-7,1.20,6
000000009,,oops,
"""
STATUSES = [S.UNCHANGED, S.COST_UP, S.COST_DOWN, S.NEW_ITEM, S.CASE_PACK, S.INACTIVE, S.NOT_FOUND, S.INVALID]


def test_rows_are_compared_with_vendor_items_and_the_catalogue(harness: BatchHarness) -> None:
    batch = harness.open(LIST, vendor_code="V1")
    assert harness.statuses(batch) == STATUSES
    up = harness.row(batch, 2)
    assert (up.product, str(up.old_cost), str(up.price), str(up.change_percent)) == (
        "ITEM 2",
        "1.00",
        "2.00",
        "10.00",
    )
    # A cost of 1.10 leaves 45 % of a price of 2.00.
    assert (str(up.margin), up.status_text) == ("45.00", None)
    assert harness.row(batch, 5).status_text == "Case pack 10, was 12."
    new = harness.row(batch, 4)
    # Without a vendor item, the change is that of the product's cost.
    assert (new.is_known, new.is_own, str(new.change_percent)) == (False, True, "11.11")
    harness.assert_counted(batch)


@pytest.mark.parametrize(
    ("cost", "limit", "status", "note"),
    [
        ("1.50", "20", S.COST_UP, None),
        ("1.60", "20", S.COST_UP, None),
        ("1.61", "20", S.BELOW_MARGIN, "Margin 19.50 %, less than 20.00 %."),
        ("2.50", "20", S.BELOW_MARGIN, "Margin -25.00 %, less than 20.00 %."),
        ("2.50", "", S.COST_UP, None),
        # What does not change needs no attention.
        ("1.00", "99", S.UNCHANGED, "Margin 50.00 %, less than 99.00 %."),
    ],
)  # fmt: skip
def test_a_cost_that_leaves_too_little_is_marked(
    harness: BatchHarness, cost: str, limit: str, status: str, note: str | None
) -> None:
    batch = harness.open(f"item_code,cost\n000000001,{cost}\n", vendor_code="V1", margin_limit=limit)
    row = harness.row(batch, 1)
    assert (row.status, row.status_text) == (status, note)


def test_another_limit_compares_all_rows_again(harness: BatchHarness) -> None:
    batch = harness.open("item_code,cost\n000000001,1.50\n", vendor_code="V1")
    assert harness.statuses(batch) == [S.COST_UP]
    harness.edit_header(batch, margin_limit="30")
    assert harness.statuses(batch) == [S.BELOW_MARGIN]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("000000001,,1.00,", S.UNCHANGED),
        ("000000001,A-9,1.00,6", S.RENUMBERED),
        ("000000001,A-9,1.00,8", S.CASE_PACK),
        ("000000001,A-9,1.01,8", S.COST_UP),
        ("000000005,A-5,0.85,12", S.UNCHANGED),
    ],
)
def test_the_first_difference_that_matters_gives_the_status(
    harness: BatchHarness, line: str, status: str
) -> None:
    batch = harness.open(f"item_code,vendor item,cost,case pack\n{line}\n", vendor_code="V1")
    assert harness.statuses(batch) == [status]


@pytest.mark.parametrize(("cost", "status"), [("0.50", S.COST_UP), ("1.50", S.COST_DOWN), (None, S.COST_UP)])
def test_a_cost_that_the_catalogue_lacks_is_a_change(
    harness: BatchHarness, engine: Engine, cost: str | None, status: str
) -> None:
    with transaction_scope(engine) as session:
        product = session.scalars(select(Product).where(Product.item_code == "000000001")).one()
        product.cost = None if cost is None else Decimal(cost)
    batch = harness.open("item_code,cost\n000000001,1.00\n", vendor_code="V1")
    assert harness.statuses(batch) == [status]


def test_an_item_twice_is_a_duplicate_however_it_is_written(harness: BatchHarness) -> None:
    batch = harness.open(
        "item_code,cost\n000000001,1.10\n400000000015,1.20\n000000002,1.10\n", vendor_code="V1"
    )
    assert harness.statuses(batch) == [S.DUPLICATE, S.DUPLICATE, S.COST_UP]
    harness.edit(batch, 2, item_code="000000003")
    assert harness.statuses(batch) == [S.COST_UP] * 3
