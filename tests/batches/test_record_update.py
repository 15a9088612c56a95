"""Executions that update records as the handler declares, on both databases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine, false, select, update

from batchbook.batches import Action, BatchHandler, RecordUpdate, is_repeated
from batchbook.batches.effects.models import effects_of
from batchbook.batches.engine.execution_check import Unconfirmed
from batchbook.batches.handler_checks import check_handler
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

from .harness import BatchHarness
from .tallies import PRODUCTS, Tally, TallyHandler, TallyRow, TallyStatus, tally

UPDATE = RecordUpdate(
    key=Product.item_code,
    column="item_code",
    values={"on_hand": "counted"},
    statuses=(TallyStatus.OK,),
    title="quantity",
)


class Setting(BatchHandler[Tally, TallyRow]):
    """Sets what is on hand, and needs no method for that."""

    statuses = TallyStatus
    lookups = TallyHandler.lookups
    file_source = TallyHandler.file_source
    execution_policy = TallyHandler.execution_policy
    record_update = UPDATE


class Marking(Setting):
    """Marks rows with the same item; those without a number are left out."""

    peer_columns = ("item_code",)
    lookups = (
        replace(
            PRODUCTS,
            unless=(
                (is_repeated(TallyRow.item_code), TallyStatus.OTHER_VENDOR),
                (TallyRow.counted.is_(None), TallyStatus.NO_SHELF),
            ),
        ),
    )


@pytest.fixture
def tallies(tally_tables: None, engine: Engine) -> BatchHarness:
    return BatchHarness(engine, tally(Setting))


def products(tallies: BatchHarness, *columns: Any) -> dict[str, Any]:
    with transaction_scope(tallies.database, read_only=True) as session:
        found = session.execute(select(Product.item_code, *columns).order_by(Product.item_code))
        return {row[0]: row[1] if len(columns) == 1 else tuple(row[1:]) for row in found}


def execute(tallies: BatchHarness, file: str, **options: Any) -> tuple[int, Any]:
    batch_id = tallies.open(file)
    tallies.run(batch_id, Action.COMPLETE)
    tallies.run(batch_id, Action.EXECUTE, confirm="all", **options)
    return batch_id, tallies.batch(batch_id).execution_outcome


def test_records_are_updated_and_only_where_they_differ(tallies: BatchHarness) -> None:
    before = products(tallies, Product.version)
    with transaction_scope(tallies.database) as session:
        session.execute(update(Product).where(Product.item_code == "A-2").values(on_hand=7))
    _, outcome = execute(tallies, "item,counted\nA-1,5\nA-2,7\nZ-9,3\nC-1,4\n")
    assert outcome["summary"] == "1 quantity changed, 2 rows left out."
    assert outcome["figures"] == {"changed": 1, "left_out": 2}
    after = products(tallies, Product.on_hand, Product.version)
    assert after["A-1"] == (5, before["A-1"] + 1)
    assert after["A-2"] == (7, before["A-2"])
    assert after["C-1"] == (0, before["C-1"])


def test_its_effects_are_kept(tallies: BatchHarness) -> None:
    batch_id, _ = execute(tallies, "item,counted\nA-1,5\nB-1,0\n")
    with transaction_scope(tallies.database, read_only=True) as session:
        kept = [(one.record_key, one.before, one.after) for one in effects_of(session, batch_id)]
    assert kept == [("A-1", {"on_hand": 0}, {"on_hand": 5})]


def test_people_are_told_what_changes_and_what_is_left_out(tallies: BatchHarness) -> None:
    batch_id = tallies.open("item,counted\nA-1,5\nA-2,7\nZ-9,3\nC-1,4\n")
    with tallies.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        handler: Any = context.handler
        assert handler.describe_execution(context.batch, {}) == [
            "2 quantities will be changed.",
            "Left out: 1 not in catalogue, 1 not active.",
        ]
        assert handler.why_not_execute(context.batch) is None
    nothing = tallies.open("item,counted\nZ-9,3\n")
    with pytest.raises(Conflict, match="None of its rows changes anything, so there is nothing to execute"):
        tallies.run(nothing, Action.COMPLETE)


def test_large_changes_of_its_numbers_have_to_be_confirmed(tallies: BatchHarness) -> None:
    with transaction_scope(tallies.database) as session:
        session.execute(update(Product).values(on_hand=10))
    batch_id = tallies.open("item,counted\nA-1,11\nA-2,500\n")
    tallies.run(batch_id, Action.COMPLETE)
    with pytest.raises(Unconfirmed, match="1 row changes the quantity by more than"):
        tallies.run(batch_id, Action.EXECUTE, confirm=())
    tallies.run(batch_id, Action.EXECUTE, confirm="on_hand")
    assert products(tallies, Product.on_hand)["A-2"] == 500


def test_two_rows_for_one_record_are_refused(tallies: BatchHarness) -> None:
    batch_id = tallies.open("item,counted\nA-1,5\nA-1,6\nA-2,7\nB-1,1\nB-1,1\n")
    tallies.run(batch_id, Action.COMPLETE)
    with pytest.raises(Conflict) as refused:
        tallies.run(batch_id, Action.EXECUTE, confirm="all")
    assert refused.value.message == (
        "Nothing was executed, because several rows are for “A-1”, “B-1”. Reopen the batch and remove all but one of each."
    )
    assert set(products(tallies, Product.on_hand).values()) == {0}


@pytest.mark.usefixtures("tally_tables")
def test_rows_for_one_record_can_be_told_apart_at_the_refresh(engine: Engine) -> None:
    tallies = BatchHarness(engine, tally(Marking))
    batch_id = tallies.open("item,counted\nA-1,5\nA-1,6\nA-2,7\nB-1,\n")
    assert tallies.statuses(batch_id) == ["other_vendor", "other_vendor", "ok", "no_shelf"]
    tallies.edit(batch_id, 2, item_code="D-1")
    assert tallies.statuses(batch_id) == ["ok", "ok", "ok", "no_shelf"]


@pytest.mark.usefixtures("tally_tables")
def test_values_may_be_expressions_and_change_nothing_but_the_version(engine: Engine) -> None:
    off = replace(UPDATE, values={"active": false(), "price": Product.price + 1}, title="product")
    tallies = BatchHarness(engine, tally(type("Off", (Setting,), {"record_update": off})))
    _, outcome = execute(tallies, "item,counted\nA-1,5\nA-2,5\n")
    assert outcome["summary"] == "2 products changed."
    assert products(tallies, Product.active, Product.price)["A-1"] == (False, Decimal("2.00"))
    touching = replace(UPDATE, values={}, title="")
    tallies = BatchHarness(engine, tally(type("Touching", (Setting,), {"record_update": touching})))
    before = products(tallies, Product.version)
    assert execute(tallies, "item,counted\nB-1,5\n")[1]["summary"] == "1 product changed."
    assert products(tallies, Product.version)["B-1"] == before["B-1"] + 1


@pytest.mark.parametrize(("changes", "said"), [
    ({"column": "item"}, "record_update cannot work: .* no column “item”"),
    ({"values": {"on_hand": "seen"}}, "record_update cannot work: .* no column “seen”"),
    ({"values": {"in_hand": "counted"}}, "record_update cannot work: .* no column “in_hand”"),
    ({"statuses": ("fine",)}, "it applies rows of the status 'fine', which the handler's statuses lack"),
])  # fmt: skip
def test_what_cannot_work_is_told_at_start_up(changes: dict[str, Any], said: str) -> None:
    handler = type("Mended", (Setting,), {"record_update": replace(UPDATE, **changes)})
    with pytest.raises(ConfigurationError, match=said):
        check_handler(handler, Tally, TallyRow)


def test_a_handler_says_how_to_execute() -> None:
    check_handler(Setting, Tally, TallyRow)
    silent = type("Silent", (Setting,), {"record_update": None})
    with pytest.raises(
        ConfigurationError, match="Silent does not say how to execute: give it a method execute, or"
    ):
        check_handler(silent, Tally, TallyRow)
