from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session
from tests.batches.harness import BatchHarness

from batchbook.batches import Action, State
from batchbook.batches.engine.execution_check import Unconfirmed, check_execution
from batchbook.batches.seal.parts import CHUNK_ROWS
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict

HEADER = "item_code,description,size,price\n"
LIST = HEADER + (
    "000000001,,,1.50\n000000002,,,1.99\n000000003,,,3.00\n000000004,,,4.50\n000000099,,,1.00\n000000005,,,oops\n"
)
BEFORE = {"1": "1.00", "2": "2.00", "3": "3.00", "4": "4.00", "5": "0.05"}
Prices = Callable[[], dict[str, str]]
SetPrice = Callable[[str, str], None]


def complete(harness: BatchHarness, file: str = LIST) -> int:
    batch_id = harness.open(file)
    harness.run(batch_id, Action.COMPLETE)
    return batch_id


def history(engine: Engine) -> list[tuple[Any, ...]]:
    with transaction_scope(engine, read_only=True) as session:
        return [
            (h.item_code, str(h.old_price), str(h.new_price), h.changed_by, h.batch_id, h.sequence)
            for h in session.scalars(select(PriceHistory).order_by(PriceHistory.item_code, PriceHistory.id))
        ]


def test_prices_change_and_history_says_how(engine: Engine, harness: BatchHarness, prices: Prices) -> None:
    batch_id = complete(harness)
    assert prices() == BEFORE
    result = harness.by("admin").run(batch_id, Action.EXECUTE)
    assert (
        result.message
        == f"Batch {batch_id:08d} was executed: 3 prices changed, 1 unchanged, 2 rows left out."
    )
    assert prices() == BEFORE | {"1": "1.50", "2": "1.99", "4": "4.50"}
    assert history(engine) == [
        ("000000001", "1.00", "1.50", "admin", batch_id, 1),
        ("000000002", "2.00", "1.99", "admin", batch_id, 2),
        ("000000004", "4.00", "4.50", "admin", batch_id, 4),
    ]
    batch = harness.batch(batch_id)
    assert batch.execution_options == {
        "apply": ["increase", "decrease"],
        "overwrite": False,
        "confirm": ["price"],
    }
    assert batch.execution_outcome == {
        "summary": "3 prices changed, 1 unchanged, 2 rows left out.",
        "figures": {"applied": 3, "unchanged": 1, "left_out": 2},
    }
    with transaction_scope(engine, read_only=True) as session:
        changed = session.scalars(select(Product).order_by(Product.item_code)).all()
        assert [product.version for product in changed] == [2, 2, 1, 2, 1]
        moments = {h.changed_at for h in session.scalars(select(PriceHistory))}
        assert moments == {batch.executed_at} == {p.modified_at for p in changed if p.version == 2}


@pytest.mark.parametrize(
    ("apply", "after"),
    [("increase", {"1": "1.50", "4": "4.50"}), ("decrease", {"2": "1.99"})],
)
def test_only_the_chosen_statuses_are_applied(
    harness: BatchHarness, prices: Prices, apply: str, after: dict[str, str]
) -> None:
    batch_id = complete(harness)
    harness.run(batch_id, Action.EXECUTE, apply=[apply])
    assert prices() == BEFORE | after
    confirmed = {"confirm": ["price"]} if apply == "increase" else {}
    assert harness.batch(batch_id).execution_options == {"apply": [apply], "overwrite": False} | confirmed


@pytest.mark.parametrize("apply", [[], ["unchanged"], ["duplicate"], ["increase", "invalid"], "everything"])
def test_other_statuses_cannot_be_chosen(harness: BatchHarness, prices: Prices, apply: Any) -> None:
    batch_id = complete(harness)
    with pytest.raises(BadInput, match="Option apply"):
        harness.run(batch_id, Action.EXECUTE, apply=apply)
    assert (prices(), harness.batch(batch_id).state) == (BEFORE, State.COMPLETE)


def test_a_choice_that_no_row_has_executes_nothing(harness: BatchHarness, prices: Prices) -> None:
    batch_id = complete(harness, f"{HEADER}000000001,,,1.50\n")
    with pytest.raises(Conflict, match="because no row has a status that was chosen"):
        harness.run(batch_id, Action.EXECUTE, apply=["decrease"])
    assert (prices(), harness.batch(batch_id).state) == (BEFORE, State.COMPLETE)


def test_removed_rows_and_doubles_are_not_applied(harness: BatchHarness, prices: Prices) -> None:
    batch_id = harness.open(LIST)
    harness.remove(batch_id, 1)
    harness.add(batch_id, item_code="000000002", new_price="1.00")
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    assert prices() == BEFORE | {"4": "4.50"}


def test_without_a_row_that_changes_anything_nothing_is_executed(
    harness: BatchHarness, prices: Prices
) -> None:
    with pytest.raises(Conflict, match="None of its rows raises or lowers a price"):
        complete(harness, f"{HEADER}000000001,,,1.00\n000000099,,,1.00\n")
    assert prices() == BEFORE


# --- The catalogue changed meanwhile ---------------------------------------------------------------------------------


def test_overwriting_takes_the_price_of_now_as_the_old_one(
    engine: Engine, harness: BatchHarness, prices: Prices, set_price: SetPrice
) -> None:
    batch_id = complete(harness)
    set_price("2", "2.20")
    set_price("4", "4.50")
    assert harness.run(batch_id, Action.EXECUTE, overwrite="yes").message.endswith(
        "2 prices changed, 2 unchanged, 2 rows left out."
    )
    assert prices() == BEFORE | {"1": "1.50", "2": "1.99", "4": "4.50"}
    assert [row[:3] for row in history(engine)] == [
        ("000000001", "1.00", "1.50"),
        ("000000002", "2.20", "1.99"),
    ]


def test_a_price_edited_during_the_execution_is_not_lost(
    engine: Engine, harness: BatchHarness, prices: Prices, set_price: SetPrice
) -> None:
    """Whoever edits the product waits, and sees then that it has another version."""
    batch_id = complete(harness)
    seen: list[tuple[str, int]] = []

    def edit() -> None:
        with transaction_scope(engine) as session:
            wanted = select(Product).where(Product.item_code == "000000001").with_for_update()
            product = session.scalars(wanted).one()
            seen.append((str(product.price), product.version))

    thread = threading.Thread(target=edit)
    with transaction_scope(engine) as session:
        harness.on(session).run(batch_id, Action.EXECUTE, {"confirm": "all"})
        thread.start()
        thread.join(0.3)
        assert seen == []
    thread.join()
    assert seen == [("1.50", 2)]


def test_an_edit_that_came_first_is_seen_by_the_execution(
    engine: Engine, harness: BatchHarness, prices: Prices
) -> None:
    batch_id = complete(harness)
    ends: list[Any] = []

    def execute() -> None:
        try:
            ends.append(harness.run(batch_id, Action.EXECUTE))
        except Conflict as conflict:
            ends.append(conflict)

    thread = threading.Thread(target=execute)
    with transaction_scope(engine) as session:
        product = session.scalars(select(Product).where(Product.item_code == "000000001")).one()
        product.price = Decimal("1.10")
        session.flush()
        thread.start()
        thread.join(0.3)
        assert ends == []
    thread.join()
    assert isinstance(ends[0], Conflict)
    assert "000000001 (was 1.00, now 1.10)" in ends[0].message
    assert prices() == BEFORE | {"1": "1.10"}


def test_all_or_nothing_when_it_fails_half_way(engine: Engine, harness: BatchHarness, prices: Prices) -> None:
    """The database refuses one of the prices, after history is written."""
    batch_id = complete(harness)
    with engine.begin() as connection:
        for statement in _refuse_prices_over_four(connection.dialect.name):
            connection.exec_driver_sql(statement)
    result = harness.run(batch_id, Action.EXECUTE)
    assert result.failed
    assert (prices(), history(engine)) == (BEFORE, [])
    batch = harness.batch(batch_id)
    assert (batch.state, batch.executed_at) == (State.COMPLETE, None)
    assert "too dear" in (batch.failure or "")


def _refuse_prices_over_four(dialect: str) -> list[str]:
    if dialect == "sqlite":
        event = "CREATE TRIGGER dear BEFORE UPDATE ON product WHEN NEW.price > 400"
        return [f"{event} BEGIN SELECT RAISE(ABORT, 'too dear'); END"]
    return [
        "CREATE FUNCTION dear() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'too dear'; END $$",
        "CREATE TRIGGER dear BEFORE UPDATE ON product FOR EACH ROW WHEN (NEW.price > 4) EXECUTE FUNCTION dear()",
    ]


def test_statements_do_not_grow_with_the_rows(engine: Engine, harness: BatchHarness) -> None:
    def statements(count: int, prefix: str) -> list[int]:
        with transaction_scope(engine) as session:
            _add_products(session, count, prefix)
        file = HEADER + "".join(f"{prefix}{number},,,2.00\n" for number in range(count))
        batch_id, found = harness.create(file, warn_above="10"), []
        for action in (Action.POPULATE, Action.REFRESH, Action.COMPLETE, Action.EXECUTE):
            seen: list[str] = []

            def note(*args: Any, seen: list[str] = seen) -> None:
                seen.append(args[2])

            event.listen(engine, "before_cursor_execute", note)
            assert not harness.run(batch_id, action).failed
            event.remove(engine, "before_cursor_execute", note)
            found.append(len(seen))
        assert harness.batch(batch_id).execution_outcome["figures"]["applied"] == count  # type: ignore[index]
        return found

    few, many = statements(100, "A"), statements(10_000, "B")
    *before, execution = few
    # The seal reads rows and effects in chunks, and has to look for one more after the last full one.
    assert many == [*before, execution + 2 * (10_000 // CHUNK_ROWS)]


def _add_products(session: Session, count: int, prefix: str) -> None:
    session.execute(
        Product.__table__.insert(),  # type: ignore[attr-defined]
        [
            {"item_code": f"{prefix}{number}", "description": "", "price": Decimal("1.00")}
            for number in range(count)
        ],
    )


def test_no_header_makes_a_change_usual_that_is_not(harness: BatchHarness, prices: Prices) -> None:
    batch_id = harness.open(HEADER + "000000002,,,200.00\n", warn_above="99999.99")
    harness.run(batch_id, Action.COMPLETE)
    with pytest.raises(Unconfirmed, match=r"by more than 20 %: the largest \+9,900 %"):
        harness.run(batch_id, Action.EXECUTE, confirm=())
    assert prices() == BEFORE


def test_a_tick_confirms_the_changes_that_were_shown_with_it_and_no_others(
    engine: Engine, harness: BatchHarness, prices: Prices
) -> None:
    batch_id = harness.open(HEADER + "000000001,,,1.50\n000000002,,,0.10\n")
    harness.run(batch_id, Action.COMPLETE)
    with transaction_scope(engine) as session:
        context = harness.on(session).context_of(harness.on(session).find(batch_id))
        rises = check_execution(context, {"apply": ["increase"], "overwrite": False})
    (number,) = rises.numbers
    assert number.warning.startswith("1 row changes the price by more than 20 %: the largest +50 %")
    with pytest.raises(Unconfirmed, match=r"The changes are not those that were confirmed\. 2 rows change"):
        harness.run(batch_id, Action.EXECUTE, confirm=[number.token])
    assert prices() == BEFORE
    harness.run(batch_id, Action.EXECUTE, confirm=[number.token], apply="increase")
    assert prices() == BEFORE | {"1": "1.50"}
