"""Promotions are created, described, executed and reversed, and their prices return."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any

import pytest
from sqlalchemy import select

from batchbook.batches import Action
from batchbook.batches.engine.making import made_links, make_batch
from batchbook.batches.engine.preview import preview_execution
from batchbook.batches.engine.reversing import reverse_batch
from batchbook.batches.running.dry_run import dry_run, first
from batchbook.batches.sources.choosing import choose_rows
from batchbook.batches.sources.chosen_rows import ChosenRows
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict
from batchbook.jobs import Job
from batchbook.types.price_promotion.handler import PricePromotionHandler

from .conftest import LIST, PRICE_PROMOTION, Promotions, day

GOOD = "item_code,price\nA,7.50\nB,4.00\n"


def test_executing_sets_the_prices_and_the_return_restores_them(
    promotions: Promotions, at: Callable[[int], Any]
) -> None:
    batch_id = promotions.executed_promotion(LIST)
    assert promotions.prices() == {"A": "7.50", "B": "5.00", "C": "2.99", "D": "1.00", "E": "8.00"}
    assert promotions.history() == [("A", "10.00", "7.50", batch_id, 1, "Promotion Sale")]
    back = promotions.return_of(batch_id)
    batch, source = promotions.batch(back), promotions.batch(batch_id)
    assert (batch.state, batch.made_from, batch.returns, batch.description) == (
        "complete", batch_id, True, "Regular prices after Sale",
    )  # fmt: skip
    with transaction_scope(promotions.database, read_only=True) as session:
        (job,) = session.scalars(select(Job)).all()
    assert job.run_at == datetime.combine(day(7), time(), UTC)
    assert promotions.summary(batch_id) == (
        "1 price set, 6 rows left out. Made a batch of the type Price promotion with 1 row, scheduled for"
        f" {day(7)} 00:00 UTC."
    )
    at(7)
    promotions.run(back, Action.EXECUTE)
    assert promotions.prices()["A"] == "10.00"
    assert promotions.history()[1:] == [("A", "7.50", "10.00", back, 1, "End of Sale")]
    assert promotions.summary(back) == "1 price restored, 0 rows left out."
    assert source.state == promotions.batch(back).state == "executed"
    with promotions.engine() as engine:
        links = made_links(engine.session, engine.types, engine.find(batch_id))
        assert [(label, one.id) for label, one in links] == [("Made into", back)]


def test_a_price_that_somebody_changed_meanwhile_is_left_alone_and_named(
    promotions: Promotions, at: Callable[[int], Any]
) -> None:
    back = promotions.return_of(promotions.executed_promotion(GOOD))
    promotions.set_price("B", "4.50")
    at(7)
    promotions.run(back, Action.EXECUTE)
    assert (promotions.prices()["A"], promotions.prices()["B"]) == ("10.00", "4.50")
    assert promotions.shown(back, "item_code", "status", "status_text") == [
        ("A", "ready", None), ("B", "changed", "Now 4.50; left as it is."),
    ]  # fmt: skip
    assert promotions.summary(back) == (
        "1 price restored, 1 row left out. Changed meanwhile, and left as they are: B (now 4.50)."
    )
    assert promotions.batch(back).status_counts == {"ready": 1, "changed": 1}


def test_a_return_without_anything_to_restore_ends_as_well(promotions: Promotions) -> None:
    codes = "ABCD"
    back = promotions.return_of(
        promotions.executed_promotion("item_code,price\n" + "".join(f"{code},0.50\n" for code in codes))
    )
    for code in codes:
        promotions.set_price(code, "0.60")
    promotions.run(back, Action.EXECUTE)
    assert promotions.summary(back).startswith("0 prices restored, 4 rows left out. Changed meanwhile")


def test_what_returns_is_what_was_there_when_the_promotion_began(promotions: Promotions) -> None:
    batch_id = promotions.promote(GOOD)
    promotions.run(batch_id, Action.COMPLETE)
    promotions.set_price("A", "12.00")
    promotions.set_price("B", "3.50")  # Below the promotion's price by now.
    promotions.run(batch_id, Action.EXECUTE)
    assert promotions.prices() == {"A": "7.50", "B": "3.50", "C": "2.99", "D": "1.00", "E": "8.00"}
    assert promotions.shown(batch_id, "item_code", "regular_price", "status") == [
        ("A", "12.00", "ready"), ("B", "3.50", "above_regular"),
    ]  # fmt: skip
    assert promotions.shown(promotions.return_of(batch_id), "item_code", "regular_price") == [("A", "12.00")]


def test_the_change_of_the_return_is_shown_and_confirmed_with_that_of_the_promotion(
    promotions: Promotions,
) -> None:
    batch_id = promotions.promote("item_code,price\nA,8.25\n")  # 17.5 % less, and 21.2 % more on its return.
    promotions.run(batch_id, Action.COMPLETE)
    with pytest.raises(
        Conflict, match=r"1 row changes the price on its return by more than 20 %: .*\+21\.2 %"
    ):
        promotions.run(batch_id, Action.EXECUTE, confirm="")
    promotions.run(batch_id, Action.EXECUTE, confirm="return")
    assert promotions.summary(batch_id).endswith(f"scheduled for {day(7)} 00:00 UTC.")


def test_a_return_that_is_not_the_one_that_was_confirmed_waits_for_somebody(
    promotions: Promotions,
) -> None:
    batch_id = promotions.promote(GOOD)
    promotions.run(batch_id, Action.COMPLETE)
    promotions.set_price("A", "12.00")
    promotions.run(batch_id, Action.EXECUTE, confirm="price,return")
    assert promotions.prices()["A"] == "7.50"
    assert promotions.summary(batch_id) == (
        "2 prices set, 0 rows left out. Made a batch of the type Price promotion with 2 rows, marked complete and not scheduled,"
        " because its changes are not those that were confirmed. Look at them, confirm them, and schedule it for"
        f" {day(7)} 00:00 UTC."
    )
    back = promotions.return_of(batch_id)
    assert promotions.batch(back).state == "complete"
    with transaction_scope(promotions.database, read_only=True) as session:
        assert session.scalars(select(Job)).all() == []
    with pytest.raises(Conflict, match=r"2 rows change the price by more than 20 %: the largest \+60 %"):
        promotions.run(back, Action.EXECUTE, confirm="")
    promotions.run(back, Action.EXECUTE, confirm="price")
    assert promotions.prices()["A"] == "12.00"


def test_where_no_row_is_ready_any_more_nothing_is_executed(promotions: Promotions) -> None:
    batch_id = promotions.promote("item_code,price\nA,7.50\n")
    promotions.run(batch_id, Action.COMPLETE)
    promotions.set_price("A", "7.00")
    with pytest.raises(Conflict, match="no row is ready any more"):
        promotions.run(batch_id, Action.EXECUTE)
    assert (promotions.batch(batch_id).state, promotions.history()) == ("complete", [])


def test_it_begins_before_its_first_day_only_if_that_is_chosen(
    promotions: Promotions, at: Callable[[int], Any]
) -> None:
    batch_id = promotions.promote(GOOD, 2, 5)
    promotions.run(batch_id, Action.COMPLETE)
    with pytest.raises(Conflict, match=f"because the promotion starts on {day(2)}. Schedule it"):
        promotions.run(batch_id, Action.EXECUTE)
    promotions.run(batch_id, Action.EXECUTE, early="true")
    other = promotions.promote("item_code,price\nC,1.00\n", 2, 5)
    promotions.run(other, Action.COMPLETE)
    at(2)
    promotions.run(other, Action.EXECUTE)
    assert promotions.prices()["C"] == "1.00"


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"starts_on": str(day(3)), "ends_on": str(day(2))}, "It would end on .*, before it starts"),
        ({"starts_on": str(day(-9)), "ends_on": str(day(-1))}, "Its last day, .*, is over"),
        ({"rounding": "ten"}, "Only discounted prices are rounded"),
    ],
)
def test_days_and_roundings_that_make_no_sense_are_refused(
    promotions: Promotions, texts: dict[str, str], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        promotions.promote(GOOD, **texts)


def why_not(promotions: Promotions, batch_id: int) -> list[str]:
    """Return why a batch cannot be executed, without that it is not complete."""
    with promotions.engine() as engine:
        plan = preview_execution(engine.context_of(engine.find(batch_id)))
    assert plan is not None
    return [reason for reason in plan.reasons if "mark it complete" not in reason]


def test_why_a_promotion_cannot_be_executed(promotions: Promotions, at: Callable[[int], Any]) -> None:
    batch_id = promotions.promote(GOOD, 0, 3)
    assert why_not(promotions, batch_id) == []
    promotions.edit_header(batch_id, starts_on=str(day(4)))
    assert why_not(promotions, batch_id) == [
        f"It ends on {day(3)}, before it starts on {day(4)}. Correct its days."
    ]
    promotions.edit_header(batch_id, starts_on=str(day(1)))
    assert why_not(promotions, promotions.promote("item_code,price\nB,9.00\n")) == [
        "None of its rows is ready, so there is no price to set."
    ]
    at(4)
    assert why_not(promotions, batch_id) == [f"Its last day, {day(3)}, is over. Correct its days."]


def sentences(promotions: Promotions, batch_id: int) -> tuple[str, ...]:
    with promotions.engine() as engine:
        plan = preview_execution(engine.context_of(engine.find(batch_id)))
    assert plan is not None
    return plan.sentences


def test_it_is_described_before_it_is_executed(promotions: Promotions, at: Callable[[int], Any]) -> None:
    back = "another batch gives them back the prices that they have when this is executed"
    assert sentences(promotions, promotions.promote(LIST, 1, 6)) == (
        f"1 product gets the promotion's price. When {day(7)} begins, {back}.",
        f"It starts on {day(1)}: schedule it, or choose to begin before that.",
        "Left out: 1 not in catalogue, 1 above regular, 1 not active, 2 duplicate, 1 invalid.",
    )
    number = promotions.return_of(promotions.executed_promotion(GOOD))
    back = "2 products get the regular price back, if nobody has changed the promotion's."
    assert sentences(promotions, number) == (
        back,
        f"The promotion's last day is {day(6)}: executing this now ends it early. To keep it until then, schedule this for {day(7)}.",
    )
    at(7)
    assert sentences(promotions, number) == (back,)


def test_totals_tell_what_customers_save(promotions: Promotions) -> None:
    batch_id = promotions.promote(GOOD)
    with promotions.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        totals = {one.label: one.value for one in context.handler.totals(context.batch)}
    assert totals == {"Products": 2, "Average saving": "23.3 %"}
    empty = promotions.promote("item_code,price\nX,1.00\n")
    with promotions.engine() as engine:
        context = engine.context_of(engine.find(empty))
        assert [one.value for one in context.handler.totals(context.batch)] == [0, None]


def test_a_dry_run_tells_what_would_become_of_the_prices_and_leaves_nothing(promotions: Promotions) -> None:
    batch_id = promotions.promote(GOOD)
    promotions.run(batch_id, Action.COMPLETE)
    with promotions.engine() as engine:
        tried = dry_run(engine, batch_id, {}, first(10))
    assert [(one.record_key, one.before, one.after) for one in tried.effects] == [
        ("A", {"price": "10.00"}, {"price": "7.50"}), ("B", {"price": "5.00"}, {"price": "4.00"}),
    ]  # fmt: skip
    assert "Made a batch of the type Price promotion with 2 rows" in tried.summary
    assert promotions.prices()["A"] == "10.00"
    with transaction_scope(promotions.database, read_only=True) as session:
        assert session.scalars(select(Job)).all() == []


def test_promotions_and_returns_are_reversed(promotions: Promotions, at: Callable[[int], Any]) -> None:
    batch_id = promotions.executed_promotion(GOOD)
    back = promotions.return_of(batch_id)
    with promotions.engine() as engine:
        undone = reverse_batch(engine, batch_id).id
    promotions.run(undone, Action.COMPLETE, Action.EXECUTE)
    assert (promotions.prices()["A"], promotions.prices()["B"]) == ("10.00", "5.00")
    assert promotions.batch(undone).returns
    at(7)
    # The return has nothing left to do then.
    promotions.run(back, Action.EXECUTE)
    assert promotions.statuses(back) == ["regular", "regular"]
    other = promotions.return_of(promotions.executed_promotion(GOOD, 7, 9))
    promotions.run(other, Action.EXECUTE)
    with promotions.engine() as engine:
        again = reverse_batch(engine, other).id
    promotions.run(again, Action.COMPLETE, Action.EXECUTE)
    assert (promotions.prices()["A"], promotions.prices()["B"]) == ("7.50", "4.00")


def test_products_and_rows_of_price_changes_become_a_promotion(promotions: Promotions) -> None:
    of_products, of_changes, of_promotions, *_ = PricePromotionHandler.sources
    with promotions.engine() as engine:
        ids = engine.session.scalars(select(Product.id).order_by(Product.item_code)).all()
        chosen = ChosenRows(of_products, ids, of_products.columns, one="product", many="products")
        texts = {"name": "Sale", "starts_on": str(day(0)), "ends_on": str(day(3)), "discount": "50"}
        made = make_batch(engine, "price_promotion", texts, chosen).id
    promotions.run(made, Action.POPULATE)
    assert promotions.shown(made, "item_code", "promotion_price", "status") == [
        ("A", "5.00", "ready"), ("B", "2.50", "ready"), ("C", "1.50", "ready"), ("D", "0.50", "ready"),
        ("E", "4.00", "inactive"),
    ]  # fmt: skip
    with promotions.engine() as engine:
        context = engine.context_of(engine.find(made))
        days = {"name": "Sale", "starts_on": str(day(9)), "ends_on": str(day(9))}
        again = make_batch(engine, "price_promotion", days, choose_rows(context, PRICE_PROMOTION, [])).id
    promotions.run(again, Action.POPULATE)
    assert promotions.shown(again, "promotion_price") == promotions.shown(made, "promotion_price")
    assert (promotions.batch(again).name, promotions.batch(again).description) == ("Sale", "Sale")
    assert of_promotions.header == {"name": "name"}
    assert of_changes.columns == {"item_code": "item_code", "new_price": "promotion_price"}


def test_without_a_list_products_are_scanned_and_added(promotions: Promotions) -> None:
    days = {"starts_on": str(day(0)), "ends_on": str(day(3))}
    batch_id = promotions.made(None, discount="10", **days)
    promotions.enter(batch_id, "A")
    promotions.add(batch_id, item_code="b", promotion_price="4.00")
    assert promotions.shown(batch_id, "item_code", "promotion_price", "status") == [
        ("A", "9.00", "ready"), ("B", "4.00", "ready"),
    ]  # fmt: skip


def test_the_schedule_proposes_the_first_day_and_the_one_after_the_last(promotions: Promotions) -> None:
    batch_id = promotions.executed_promotion(GOOD, 0, 6)
    with promotions.engine() as engine:
        for number, wanted in ((batch_id, day(0)), (promotions.return_of(batch_id), day(7))):
            context = engine.context_of(engine.find(number))
            proposed = context.handler.execution_policy.proposed_time(context.handler, context.batch)
            assert proposed == datetime.combine(wanted, time(), UTC)
