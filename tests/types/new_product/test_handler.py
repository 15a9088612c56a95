"""The handler of product proposals: scanning, an empty batch, sentences and figures."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches import Action, Rows
from batchbook.batches.engine.preview import bind_options
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict
from batchbook.types.new_product import NewProduct, NewProductHandler, NewProductRow, ProposalStatus

from .conftest import HEADINGS

LIST = (
    f"{HEADINGS}900,4006381333931,Pens,12 CT,GROCERY,V0764,Scribe,2.00,1.00,12\n"
    "901,,Ink,,,,,3.00,,\n902,,Rye bread,500 G,BAKERY,V0002,,4.00,,\n903,,Nothing,,,,,,,\n"
    "000000011,,Rye bread,500 G,,,,1.00,,\n"
)


def described(harness: BatchHarness, batch_id: int, **options: Any) -> list[str]:
    with transaction_scope(harness.database, read_only=True) as session:
        engine = harness.on(session)
        context = engine.context_of(engine.find(batch_id))
        return context.handler.describe_execution(context.batch, bind_options(context.handler, options))


def totals(harness: BatchHarness, batch_id: int) -> dict[str, Any]:
    with transaction_scope(harness.database, read_only=True) as session:
        engine = harness.on(session)
        context = engine.context_of(engine.find(batch_id))
        return {one.label: one.value for one in context.handler.totals(context.batch)}


def test_an_execution_is_described_with_counts(harness: BatchHarness) -> None:
    batch_id = harness.open(LIST)
    assert described(harness, batch_id) == [
        "2 products are created, on sale at once.",
        "1 vendor item is created with them.",
        "Left out: 1 similar product, 1 in catalogue, 1 incomplete.",
    ]
    assert described(harness, batch_id, apply=["new", "similar"], active="", follow_up="yes") == [
        "3 products are created, not on sale yet.",
        "1 of them may be products that the catalogue has already.",
        "1 vendor item is created with them.",
        "Copied into a new batch: 1 in catalogue, 1 incomplete.",
    ]


def test_figures_tell_what_new_products_lack(harness: BatchHarness) -> None:
    batch_id = harness.open(LIST)
    assert totals(harness, batch_id) == {
        "Without a UPC/EAN": "2",
        "Without a vendor": "1",
        "Without a cost": "2",
    }


def test_a_batch_without_a_new_product_is_not_executed(harness: BatchHarness) -> None:
    batch_id = harness.open(f"{HEADINGS}000000011,,Rye bread,500 G,,,,1.00,,\n")
    with pytest.raises(Conflict, match="None of its rows is a new product"):
        harness.run(batch_id, Action.COMPLETE)


def test_a_status_without_rows_creates_nothing(harness: BatchHarness) -> None:
    batch_id = harness.open(f"{HEADINGS}900,,Pens,,,,,2.00,,\n")
    harness.run(batch_id, Action.COMPLETE)
    with pytest.raises(Conflict, match="no row has a status that was chosen"):
        harness.run(batch_id, Action.EXECUTE, apply="similar")


def test_a_file_needs_no_more_than_descriptions(harness: BatchHarness) -> None:
    batch_id = harness.open("Product name;EAN;Retail\nPens;4006381333931;2.00\n", upc_as_code="yes")
    row = harness.row(batch_id, 1)
    assert (row.item_code, row.upc, row.description, str(row.price), row.line) == (
        "4006381333931", "4006381333931", "Pens", "2.00", 2,
    )  # fmt: skip


def test_scanned_codes_that_the_catalogue_lacks_become_rows(harness: BatchHarness) -> None:
    batch_id = harness.create(upc_as_code="yes")
    assert not harness.run(batch_id, Action.POPULATE).failed
    harness.enter(batch_id, "4006381333931")
    harness.enter(batch_id, "X77")
    harness.enter(batch_id, "]E00042100005264")
    harness.enter(batch_id, "04252614")
    codes = [(row.item_code, row.upc, row.status) for row in harness.rows(batch_id)]
    assert codes == [
        ("4006381333931", "4006381333931", "incomplete"),
        ("X77", None, "incomplete"),
        ("042100005264", "042100005264", "duplicate"),
        ("042100005264", "042100005264", "duplicate"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("036000291452", "has “036000291452” already: 000000011, Rye bread"),
        ("0036000291452", "already: 000000011"),
        ("AB-1", "already: AB-1, Olive oil"),
        ("4006381333932", "The check digit of “4006381333932” is wrong"),
    ],
)
def test_other_codes_are_refused_with_the_reason(harness: BatchHarness, text: str, words: str) -> None:
    batch_id = harness.open(f"{HEADINGS}900,,Pens,,,,,2.00,,\n")
    with pytest.raises(BadInput, match=words):
        harness.enter(batch_id, text)
    with pytest.raises(BadInput, match="was not found"):
        harness.enter(batch_id, "no code at all")
    assert len(harness.rows(batch_id)) == 1


@pytest.mark.parametrize("backend", ["sqlite"])
def test_many_rows_are_checked_by_a_few_statements_for_each_chunk(
    harness: BatchHarness, engine: Engine
) -> None:
    lines = "".join(
        f"{number},,Pens of kind {number},,GROCERY,V0764,,2.00,1.00,\n" for number in range(5_000)
    )
    batch_id = harness.open(HEADINGS + lines)
    assert harness.batch(batch_id).status_counts == {"new": 5_000}
    result = harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    assert "5,000 products created" in result.message


class Curious(NewProductHandler):
    """Handles proposals, and has somebody look at all that are new."""

    def refresh(self, batch: NewProduct, rows: Rows) -> None:
        super().refresh(batch, rows)
        rows.save()
        rows.update(NewProductRow.status == ProposalStatus.NEW, status_text="Have a look.")


def test_a_subclass_refreshes_rows_after_edits_as_well(harness: BatchHarness) -> None:
    harness = harness.with_handler(Curious)
    batch_id = harness.open(f"{HEADINGS}901,,Ink,,,,,3.00,,\n902,,Paper,,,,,,,\n")
    assert harness.row(batch_id, 1).status_text == "Have a look."
    assert harness.row(batch_id, 2).status == "incomplete"
    harness.edit(batch_id, 2, price="4.00")
    assert harness.row(batch_id, 2).status_text == "Have a look."
    harness.edit(batch_id, 1, item_code="902")
    assert harness.statuses(batch_id) == ["duplicate", "duplicate"]
