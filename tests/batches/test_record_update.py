"""Executions that update records as the handler declares, on both databases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine, false, select, update

from batchbook.batches import Action, BatchHandler, RecordUpdate, Status, UpdateStatus
from batchbook.batches.effects.models import effects_of
from batchbook.batches.engine.execution_check import Unconfirmed
from batchbook.batches.handler_checks import check_handler
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

from .harness import BatchHarness
from .tallies import Tally, TallyHandler, TallyRow, TallyStatus, tally

UPDATE = RecordUpdate(values={"on_hand": "counted"}, title="quantity")


class SetStatus(Status, extends=(TallyStatus, UpdateStatus)):
    """The statuses of a lookup and of an update."""


class Setting(BatchHandler[Tally, TallyRow]):
    """Sets what is on hand, and needs no method for that."""

    statuses = SetStatus
    lookups = TallyHandler.lookups
    file_source = TallyHandler.file_source
    execution_policy = TallyHandler.execution_policy
    record_update = UPDATE


def setting(**attributes: Any) -> type[Setting]:
    """Return a handler with other attributes."""
    return type("Mended", (Setting,), attributes)


@pytest.fixture
def tallies(tally_tables: None, engine: Engine) -> BatchHarness:
    return BatchHarness(engine, tally(Setting))


def products(tallies: BatchHarness, *columns: Any) -> dict[str, Any]:
    with transaction_scope(tallies.database, read_only=True) as session:
        found = session.execute(select(Product.item_code, *columns).order_by(Product.item_code))
        return {row[0]: row[1] if len(columns) == 1 else tuple(row[1:]) for row in found}


def execute(tallies: BatchHarness, file: str, change: tuple[str, int] | None = None) -> tuple[int, Any]:
    """Execute a batch, after the quantity of a product has changed elsewhere."""
    batch_id = tallies.open(file)
    tallies.run(batch_id, Action.COMPLETE)
    if change is not None:
        with transaction_scope(tallies.database) as session:
            session.execute(update(Product).where(Product.item_code == change[0]).values(on_hand=change[1]))
    tallies.run(batch_id, Action.EXECUTE)
    return batch_id, tallies.batch(batch_id).execution_outcome


def test_rows_get_their_statuses_and_keep_those_of_lookups(tallies: BatchHarness) -> None:
    batch_id = tallies.open("item,counted\nA-1,5\nA-2,0\nB-1,\nD-1,1\nD-1,2\nZ-9,3\nC-1,4\n")
    assert tallies.statuses(batch_id) == [
        "ready", "unchanged", "empty", "duplicate", "duplicate", "not_found", "inactive",
    ]  # fmt: skip
    tallies.edit(batch_id, 4, item_code="D-2")
    tallies.edit(batch_id, 3, counted="2")
    assert tallies.statuses(batch_id)[2:5] == ["ready", "ready", "ready"]
    tallies.assert_counted(batch_id)


def test_what_follows_from_the_declaration_is_declared() -> None:
    assert (Setting.peer_columns, Setting.duplicates and Setting.duplicates.status) == (
        ("item_code",),
        "duplicate",
    )
    assert Setting.touched_records is not None
    own = setting(record_update=replace(UPDATE, repeated=None), peer_columns=("shelf",))
    assert (own.peer_columns, own.touched_records) == (("shelf",), Setting.touched_records)
    assert setting().peer_columns == ("item_code",)
    assert Setting.record_update is not None
    assert (Setting.record_update.key, Setting.record_update.column) == (Product.item_code, "item_code")
    assert UPDATE.key is None


def test_records_are_updated_where_they_differ(tallies: BatchHarness) -> None:
    before = products(tallies, Product.version)
    batch_id, outcome = execute(
        tallies, "item,counted\nA-1,5\nA-2,7\nZ-9,3\nC-1,4\nB-1,0\n", change=("A-2", 7)
    )
    assert outcome["summary"] == "1 quantity changed, 3 rows left out."
    assert outcome["figures"] == {"changed": 1, "left_out": 3}
    after = products(tallies, Product.on_hand, Product.version)
    assert after["A-1"] == (5, before["A-1"] + 1)
    assert after["A-2"] == (7, before["A-2"])
    assert after["C-1"] == (0, before["C-1"])
    assert tallies.statuses(batch_id)[1] == "ready"  # As it was at the refresh.


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


@pytest.mark.usefixtures("tally_tables")
def test_two_rows_for_one_record_are_refused_where_they_are_not_marked(engine: Engine) -> None:
    unmarked = setting(record_update=replace(UPDATE, repeated=None))
    tallies = BatchHarness(engine, tally(unmarked))
    batch_id = tallies.open("item,counted\nA-1,5\nA-1,6\nA-2,7\nB-1,1\nB-1,1\n")
    tallies.run(batch_id, Action.COMPLETE)
    with pytest.raises(Conflict) as refused:
        tallies.run(batch_id, Action.EXECUTE)
    assert refused.value.message == (
        "Nothing was executed, because several rows are for “A-1”, “B-1”. Reopen the batch and remove all but one of each."
    )
    assert set(products(tallies, Product.on_hand).values()) == {0}


@pytest.mark.usefixtures("tally_tables")
def test_empty_values_are_written_where_rows_with_them_are_ready(engine: Engine) -> None:
    clearing = replace(UPDATE, values={"size": "shelf"}, empty=None, title="size")
    tallies = BatchHarness(engine, tally(setting(record_update=clearing)))
    assert products(tallies, Product.size)["A-1"] == "x1"
    _, outcome = execute(tallies, "item,counted\nA-1,5\nC-1,5\n")
    assert outcome["summary"] == "1 size changed, 1 row left out."
    assert products(tallies, Product.size)["A-1"] is None


@pytest.mark.usefixtures("tally_tables")
def test_values_may_be_expressions_and_change_nothing_but_the_version(engine: Engine) -> None:
    off = replace(UPDATE, values={"active": false(), "price": Product.price + 1}, title="product")
    tallies = BatchHarness(engine, tally(setting(record_update=off)))
    _, outcome = execute(tallies, "item,counted\nA-1,5\nA-2,5\n")
    assert outcome["summary"] == "2 products changed."
    assert products(tallies, Product.active, Product.price)["A-1"] == (False, Decimal("2.00"))
    touching = replace(UPDATE, values={}, title="")
    tallies = BatchHarness(engine, tally(setting(record_update=touching)))
    before = products(tallies, Product.version)
    assert execute(tallies, "item,counted\nB-1,5\n")[1]["summary"] == "1 product changed."
    assert products(tallies, Product.version)["B-1"] == before["B-1"] + 1


@pytest.mark.parametrize(("changes", "said"), [
    ({"column": "item", "key": Product.item_code}, "names .item., which is no column of TallyRow"),
    ({"values": {"on_hand": "seen"}}, "record_update cannot work: .* no column “seen”"),
    ({"values": {"in_hand": "counted"}}, "record_update cannot work: .* no column “in_hand”"),
    ({"applied": ("fine",)}, "it gives or applies the status 'fine', which the handler's statuses lack"),
    ({"ready": "fine"}, "it gives or applies the status 'fine', which the handler's statuses lack"),
])  # fmt: skip
def test_what_cannot_work_is_told_at_start_up(changes: dict[str, Any], said: str) -> None:
    handler = setting(record_update=replace(UPDATE, **changes), peer_columns=("item_code",))
    with pytest.raises(ConfigurationError, match=said):
        check_handler(handler, Tally, TallyRow)


def test_a_key_is_needed_where_there_is_no_lookup() -> None:
    with pytest.raises(
        ConfigurationError, match="it has no key, and there is no lookup whose key it could have"
    ):
        check_handler(setting(record_update=UPDATE, lookups=()), Tally, TallyRow)
    own = replace(UPDATE, key=Product.item_code, column="item_code")
    check_handler(setting(record_update=own, lookups=()), Tally, TallyRow)


def test_a_handler_says_how_to_execute() -> None:
    check_handler(Setting, Tally, TallyRow)
    silent = type("Silent", (Setting,), {"record_update": None})
    with pytest.raises(
        ConfigurationError, match="Silent does not say how to execute: give it a method execute, or"
    ):
        check_handler(silent, Tally, TallyRow)


def test_rows_that_are_marked_must_be_peers() -> None:
    with pytest.raises(ConfigurationError, match="name it in peer_columns, or give it repeated=None"):
        check_handler(setting(record_update=UPDATE, peer_columns=("shelf",)), Tally, TallyRow)
