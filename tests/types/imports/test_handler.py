"""The handler of imports: all rows or the valid ones, corrections that are remembered, the freeze."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from tests.batches.harness import wait_until_blocked

from batchbook.batches import Action, count_open_batches
from batchbook.batches.engine.execution_check import Unconfirmed
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict

from .conftest import ImportHarness

HEAD = "item_code,description,price\n"


def test_with_problems_nothing_happens_unless_good_rows_are_wanted(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n000000002,Item 2,abc\n000000009,Item 9,9.00\n")
    with pytest.raises(Conflict, match="1 row has problems"):
        harness.execute(number)
    assert (str(harness.product("000000001").price), harness.batch(number).state) == ("1.00", "complete")
    result = harness.run(number, Action.EXECUTE, options={"apply": "good"})
    assert str(harness.product("000000001").price) == "1.50"
    rest = harness.batch(number).execution_outcome["figures"]["follow_up"]
    assert f"1 row went into batch {rest:08d}" in result.message
    assert harness.batch(number).state == "executed"
    (row,) = harness.rows(rest)
    assert (harness.batch(rest).state, row.status, row.issues[0]["raw"]) == ("open", "invalid", "abc")
    harness.edit(rest, row.sequence, new_price="2.20")
    harness.execute(rest)
    assert str(harness.product("000000002").price) == "2.20"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_that_problems_will_have_the_execution_refused_is_said_before(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n000000002,Item 2,abc\n")
    with transaction_scope(harness.database) as session:
        context = harness.act(session).context_of(harness.act(session).find(number))
        foreseen = {
            choice: " ".join(context.handler.describe_execution(context.batch, {"apply": choice}))
            for choice in ("all", "good")
        }
    assert "1 row has problems, so executing all rows will be refused." in foreseen["all"]
    assert "choose “Only the valid rows" in foreseen["all"]
    assert "1 row has problems and will go into a new batch." in foreseen["good"]


def test_an_executed_import_is_frozen_in_the_database(harness: ImportHarness) -> None:
    number = harness.create(f"{HEAD}000000001,Item 1,1.50\n")
    harness.execute(number)
    for statement in (
        f"UPDATE row_{number} SET new_price = NULL",
        f"DELETE FROM row_{number}",
        f"INSERT INTO row_{number} (batch_id, sequence) VALUES ({number}, 99)",
        f"UPDATE \"import\" SET sender = 'x' WHERE id = {number}",
    ):
        with pytest.raises(Exception, match="frozen"), harness.database.begin() as connection:
            connection.execute(text(statement))
    other = harness.create(f"{HEAD}000000002,Item 2,2.50\n")
    with pytest.raises(IntegrityError), harness.database.begin() as connection:
        connection.execute(text(f"INSERT INTO row_{number} (batch_id, sequence) VALUES ({other}, 99)"))


def test_a_corrected_reference_is_remembered_for_its_sender(harness: ImportHarness) -> None:
    table = "item_code,description,price,vendor\n000000001,Item 1,1.00,Twin\n"
    number = harness.create(table, sender="ACME")
    harness.edit(number, 1, new_vendor="V3")
    harness.execute(number)
    (row,) = harness.rows(harness.create(table, sender="ACME"))
    assert (row.status, row.new_vendor, row.raw) == ("unchanged", "V3", {"new_vendor": "Twin"})
    assert harness.statuses(harness.create(table, sender="Somebody else")) == ["invalid"]


def test_numbers_that_change_beyond_the_usual_have_to_be_confirmed(harness: ImportHarness) -> None:
    number = harness.create("item_code,price,on_hand\n000000001,200.00,0\n000000002,2.10,9\n")
    harness.run(number, Action.COMPLETE)
    with pytest.raises(Unconfirmed) as caught:
        harness.run(number, Action.EXECUTE, options={"confirm": "on_hand"})
    assert "1 row changes “Price” by more than 20 %: the largest +19,900 %." in caught.value.message
    (price, quantity) = caught.value.check.numbers
    assert [(row.key, row.percent_text) for row in price.rises] == [
        ("000000001", "+19,900 %"),
        ("000000002", "+5 %"),
    ]
    assert quantity.change.label == "“On hand”"
    assert harness.product("000000001").price == Decimal("1.00")
    harness.run(number, Action.EXECUTE, options={"confirm": ["price", "on_hand"]})
    assert harness.product("000000001").price == Decimal("200.00")


def test_what_is_overwritten_is_confirmed_as_it_is_now(harness: ImportHarness) -> None:
    number = harness.create("item_code,price\n000000001,1.10\n")
    harness.run(number, Action.COMPLETE)
    harness.set_price("000000001", "100.00")
    with pytest.raises(Unconfirmed, match=r"more than 20 %: the largest -98.9 %"):
        harness.run(number, Action.EXECUTE, options={"overwrite": "yes", "confirm": ()})
    harness.run(number, Action.EXECUTE, options={"overwrite": "yes", "confirm": "price"})
    assert harness.product("000000001").price == Decimal("1.10")


@pytest.mark.parametrize("backend", ["postgresql"])
def test_what_changes_while_it_is_overwritten_is_confirmed_as_it_is_then(harness: ImportHarness) -> None:
    number = harness.create("item_code,price\n000000001,1.10\n")
    harness.run(number, Action.COMPLETE)
    ends: list[str] = []

    def execute() -> None:
        try:
            options = {"overwrite": "yes", "confirm": ()}
            ends.append(harness.run(number, Action.EXECUTE, options=options).message)
        except Unconfirmed as error:
            ends.append(error.message)

    thread = threading.Thread(target=execute)
    with transaction_scope(harness.database) as session:
        dear = update(Product).where(Product.item_code == "000000001").values(price=Decimal("100.00"))
        session.execute(dear)
        thread.start()
        wait_until_blocked(harness.database, ends)
    thread.join()
    assert "more than 20 %: the largest -98.9 %" in ends[0]
    assert harness.product("000000001").price == Decimal("100.00")


def test_imports_that_are_not_executed_yet_count_as_batches_with_their_records(
    harness: ImportHarness,
) -> None:
    first = harness.create(f"{HEAD}000000001,Item 1,1.50\n000000002,Item 2,2.50\n")
    second = harness.create(f"{HEAD}000000002,Item 2,2.75\n")
    codes = ["000000001", "000000002", "000000003"]
    with transaction_scope(harness.database, read_only=True) as session:
        engine = harness.act(session)
        asking = engine.handler_context(), Product.item_code, codes
        assert count_open_batches(*asking, engine.find(first)) == {"000000002": 1}
        assert count_open_batches(*asking, engine.find(second)) == {"000000001": 1, "000000002": 1}
