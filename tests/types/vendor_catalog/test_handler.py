from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.db import utc_now
from batchbook.errors import BadInput, Conflict

from .conftest import items
from .test_comparison import LIST


@pytest.mark.parametrize("vendor", ["V9", "v"])
def test_an_unknown_vendor_is_refused(harness: BatchHarness, vendor: str) -> None:
    with pytest.raises(BadInput, match=f"There is no vendor “{vendor}”"):
        harness.create(LIST, vendor_code=vendor)


def described(harness: BatchHarness, batch: int, apply: list[str]) -> list[str]:
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch))
        return context.handler.describe_execution(context.batch, {"apply": apply})


def test_an_execution_is_described_with_counts(harness: BatchHarness) -> None:
    batch = harness.open(LIST, vendor_code="V1")
    assert described(harness, batch, ["cost_up", "new_item", "case_pack"]) == [
        "3 items of vendor V1: 1 new item, 1 cost up, 1 case pack changed.",
        "Products of this vendor get the new costs, effective immediately.",
        "Left out: 1 not in catalogue, 1 cost down, 1 not active, 1 invalid.",
    ]


def test_a_later_day_is_told_with_what_to_do(harness: BatchHarness) -> None:
    day = (utc_now() + timedelta(days=2)).date().isoformat()
    batch = harness.open(LIST, vendor_code="V1", effective_on=day)
    sentence = described(harness, batch, ["cost_up"])[1]
    assert sentence.startswith(f"Costs are effective from {day}: products keep theirs.")
    assert "schedule the execution for that day" in sentence


def test_nothing_to_change_is_nothing_to_execute(harness: BatchHarness) -> None:
    batch = harness.open("item_code,cost\n000000001,1.00\n", vendor_code="V1")
    with pytest.raises(Conflict, match="None of its rows changes a cost"):
        harness.run(batch, Action.COMPLETE)


def test_no_row_of_the_chosen_statuses_is_refused(harness: BatchHarness) -> None:
    batch = harness.open("item_code,cost\n000000001,1.10\n", vendor_code="V1")
    harness.run(batch, Action.COMPLETE)
    with pytest.raises(Conflict, match="no row has a status that was chosen"):
        harness.run(batch, Action.EXECUTE, apply=["cost_down"])


def test_totals_are_the_margin_and_the_change_of_the_stock_value(harness: BatchHarness) -> None:
    # Ten of each are on hand; the third is another vendor's product.
    batch = harness.open("item_code,cost\n000000001,1.20\n000000002,0.90\n000000005,0.80\n", vendor_code="V1")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch))
        totals = {total.label: total.value for total in context.handler.totals(context.batch)}
    assert totals == {"Average margin (%)": Decimal("51.67"), "Change of stock value": Decimal("1.00")}


def test_codes_are_scanned_and_rows_added_by_hand(harness: BatchHarness, engine: Engine) -> None:
    batch = harness.create(vendor_code="V1")
    harness.run(batch, Action.POPULATE)
    row = harness.enter(batch, "400000000022")
    assert (harness.row(batch, row).item_code, harness.row(batch, row).status) == ("000000002", "invalid")
    harness.edit(batch, row, new_cost="1.15")
    assert harness.row(batch, row).status == "cost_up"
    harness.run(batch, Action.COMPLETE, Action.EXECUTE)
    assert items(engine)["2"][0] == "1.15"


def test_large_changes_have_to_be_confirmed(harness: BatchHarness) -> None:
    batch = harness.open("item_code,cost\n000000001,1.50\n", vendor_code="V1")
    harness.run(batch, Action.COMPLETE)
    with harness.engine() as engine, pytest.raises(Conflict, match="the cost"):
        engine.run(batch, Action.EXECUTE, {})
