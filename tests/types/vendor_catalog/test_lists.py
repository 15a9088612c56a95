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
from batchbook.errors import BadInput
from batchbook.types.vendor_catalog.models import CostStatus as S


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("Vendor item;Description;Unit cost;Case", "A-2;ITEM;1,10;6"),
        ("EAN;Net price;Units per case", "400000000022;1.10;6"),
        ("Item;Cost", "000000002;1.10"),
        ("Your item;Article number;Cost;Pack", ";A-2;1.10;6"),
    ],
)
def test_items_are_known_by_item_code_bar_code_or_the_vendors_own_code(
    harness: BatchHarness, header: str, line: str
) -> None:
    batch = harness.open(f"{header}\n{line}\n", vendor_code="v1")
    row = harness.row(batch, 1)
    assert (row.item_code, str(row.new_cost), row.status) == ("000000002", "1.10", S.COST_UP)


def test_a_code_that_means_nothing_stays_as_it_stands(harness: BatchHarness) -> None:
    batch = harness.open("Vendor item,Cost\nX-99,1.10\n,2.00\n", vendor_code="V1")
    assert [(row.item_code, row.vendor_item_code, row.status) for row in harness.rows(batch)] == [
        ("X-99", "X-99", S.NOT_FOUND),
        ("", None, S.INVALID),
    ]


def test_codes_of_another_vendor_are_not_this_ones(harness: BatchHarness) -> None:
    batch = harness.open("Vendor item,Cost\nA-1,1.10\n", vendor_code="V2")
    assert harness.statuses(batch) == [S.NOT_FOUND]


def test_a_list_without_any_codes_is_refused(harness: BatchHarness) -> None:
    batch = harness.create("Description,Cost\nBREAD,1.10\n", vendor_code="V1")
    with pytest.raises(BadInput, match="No column of the list has item codes"):
        harness.run(batch, Action.POPULATE)


def set_item(engine: Engine, item_code: str, cost: str, days: int | None) -> None:
    """Announce a cost of vendor V1 that is effective so many days from today; with None, always."""
    with transaction_scope(engine) as session:
        item = session.scalars(
            select(VendorItem).join(VendorItem.product).where(Product.item_code == item_code)
        ).one()
        item.cost = Decimal(cost)
        item.effective_on = None if days is None else (utc_now() + timedelta(days=days)).date()


def test_without_a_list_the_costs_that_hold_are_proposed(harness: BatchHarness, engine: Engine) -> None:
    set_item(engine, "000000001", "1.20", 0)
    set_item(engine, "000000002", "1.30", None)
    set_item(engine, "000000003", "1.40", 2)
    batch = harness.create(vendor_code="V1")
    assert not harness.run(batch, Action.POPULATE).failed
    # The cost of the product of another vendor is not set by this one.
    assert [(row.item_code[-1], str(row.new_cost), row.vendor_item_code) for row in harness.rows(batch)] == [
        ("1", "1.20", "A-1"),
        ("2", "1.30", "A-2"),
    ]
    assert harness.statuses(batch) == [S.COST_UP, S.COST_UP]
    later = harness.create(vendor_code="V1", effective_on=(utc_now() + timedelta(days=2)).date().isoformat())
    harness.run(later, Action.POPULATE)
    assert [row.item_code[-1] for row in harness.rows(later)] == ["1", "2", "3"]
