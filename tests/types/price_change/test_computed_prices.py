"""Computed prices: how they are rounded, and that they follow the catalogue until somebody edits them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, cast, literal, null, select, update
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.editing import StaleEdit
from batchbook.catalog.models import PRICE, Product
from batchbook.db.transactions import transaction_scope
from batchbook.grid.rounding import Rounding
from batchbook.types.price_change.computed_prices import computed_price
from batchbook.types.price_change.models import PriceChange

SetPrice = Callable[[str, str], None]

# --- Rounding --------------------------------------------------------------------------------------------------------


#: The distance between rounded prices and the lowest one of them, or 0, in cents.
STEPS = {
    "cent": (1, 0), "five": (5, 0), "ten": (10, 0), "fifty": (50, 0), "whole": (100, 0),
    "nine": (10, 9), "end_95": (100, 95), "end_99": (100, 99),
}  # fmt: skip


def by_the_rule(price: Decimal, percent: Decimal, rounding: str | None) -> Decimal | None:
    """The same rule in exact decimals of Python."""
    cents = price * (100 + percent)
    if not price:
        return Decimal("0.00")
    step, ending = STEPS[rounding or "cent"]
    steps = ((cents - ending) / step + Decimal("0.5")) // 1
    cents = max(steps * step + ending, Decimal(ending or step))
    found = cents.scaleb(-2).quantize(Decimal("0.01"))
    return found if found < 10**10 else None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    st.decimals("0", "9999999999.99", places=2) | st.decimals("0", "20", places=2),
    st.decimals("-99", "999", places=2),
    st.sampled_from([None, *map(str, Rounding)]),
)
@example(Decimal("1.00"), Decimal("2.50"), None)  # Half a cent goes up.
@example(
    Decimal("0.12"), Decimal("15.00"), "nine"
)  # 0.138 is 0.14 to the cent, but nearer to 0.09 than to 0.19.
@example(Decimal("0.01"), Decimal("-99.00"), None)
@example(Decimal("0.01"), Decimal("-99.00"), "nine")
@example(Decimal("9999999999.99"), Decimal("0.00"), "cent")
@example(Decimal("9999999999.99"), Decimal("999.00"), "cent")
def test_a_price_is_computed_exactly(
    engine: Engine, price: Decimal, percent: Decimal, rounding: str | None
) -> None:
    batch = PriceChange(percent=percent, rounding=rounding)
    with transaction_scope(engine, read_only=True) as session:
        found = session.scalar(select(computed_price(batch, literal(price, PRICE))))
    assert found == by_the_rule(price, percent, rounding)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.decimals("0", "9999999999.99", places=2) | st.decimals("0", "20", places=2),
    st.decimals("-9999999999.99", "9999999999.99", places=2) | st.decimals("-20", "20", places=2),
    st.sampled_from([None, *map(str, Rounding)]),
)
@example(Decimal("1.00"), Decimal("-1.00"), None)
@example(Decimal("1.00"), Decimal("-0.99"), "end_99")
@example(Decimal("0.00"), Decimal("0.02"), "five")
def test_an_amount_is_added_exactly(
    engine: Engine, price: Decimal, amount: Decimal, rounding: str | None
) -> None:
    batch = PriceChange(amount=amount, rounding=rounding)
    with transaction_scope(engine, read_only=True) as session:
        found = session.scalar(select(computed_price(batch, literal(price, PRICE))))
    expected = by_the_rule(price + amount, Decimal(0), rounding) if price + amount > 0 else None
    assert found == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    st.decimals("0.01", "9999999999.99", places=2) | st.decimals("0.01", "20", places=2),
    st.decimals("-99", "9999", places=2),
)
@example(Decimal("9999999999.99"), Decimal(9999))
def test_a_margin_is_that_share_of_the_cost(engine: Engine, cost: Decimal, margin: Decimal) -> None:
    with transaction_scope(engine, read_only=True) as session:
        found = session.scalar(select(computed_price(PriceChange(margin=margin), literal(cost, PRICE))))
    assert found == by_the_rule(cost, margin, None)


def test_no_price_leads_to_none(engine: Engine) -> None:
    with transaction_scope(engine, read_only=True) as session:
        assert (
            session.scalar(select(computed_price(PriceChange(percent=Decimal(5)), cast(null(), PRICE))))
            is None
        )


# --- Following the catalogue -----------------------------------------------------------------------------------------


def computed(harness: BatchHarness, **texts: str) -> int:
    """An open batch with products 1, 2 and 3 at 10 % more."""
    batch_id = harness.create(**({"percent": "10", "vendor_code": "V1", "warn_above": ""} | texts))
    assert not harness.run(batch_id, Action.POPULATE).failed
    return batch_id


def facts(
    harness: BatchHarness, batch_id: int, sequence: int
) -> tuple[str | None, str, str, str | None, bool]:
    row = harness.row(batch_id, sequence)
    return (row.status, str(row.old_price), str(row.new_price), row.status_text, row.price_moved)


def test_a_refresh_computes_anew_what_nobody_edited(harness: BatchHarness, set_price: SetPrice) -> None:
    batch_id = computed(harness)
    set_price("2", "4.00")
    harness.run(batch_id, Action.REFRESH)
    assert facts(harness, batch_id, 2) == ("increase", "4.00", "4.40", None, False)
    set_price("2", "1.00")
    harness.run(batch_id, Action.REFRESH)
    assert facts(harness, batch_id, 2) == ("increase", "1.00", "1.10", None, False)
    harness.assert_counted(batch_id)


def test_executing_after_a_refresh_raises_the_price_of_now(
    harness: BatchHarness, set_price: SetPrice, prices: Callable[[], dict[str, str]]
) -> None:
    batch_id = computed(harness)
    set_price("2", "4.00")
    harness.run(batch_id, Action.REFRESH, Action.COMPLETE, Action.EXECUTE)
    assert prices() == {"1": "1.10", "2": "4.40", "3": "3.30", "4": "4.00", "5": "0.05"}


def test_an_edited_price_stays_and_says_that_the_catalogue_moved(
    harness: BatchHarness, set_price: SetPrice
) -> None:
    batch_id = computed(harness)
    harness.edit(batch_id, 2, new_price="2.35")
    assert facts(harness, batch_id, 2) == ("increase", "2.00", "2.35", None, False)
    set_price("2", "4.00")
    harness.run(batch_id, Action.REFRESH)
    moved = ("decrease", "4.00", "2.35", "Edited; computed from 2.00, now 4.00.", True)
    assert facts(harness, batch_id, 2) == moved
    harness.run(batch_id, Action.REFRESH)
    assert facts(harness, batch_id, 2) == moved
    # Whoever edits it now has seen the price of now.
    harness.edit(batch_id, 2, new_price="4.50")
    assert facts(harness, batch_id, 2) == ("increase", "4.00", "4.50", None, False)
    set_price("2", "2.00")
    harness.run(batch_id, Action.REFRESH)
    assert facts(harness, batch_id, 2)[3] == "Edited; computed from 4.00, now 2.00."


def test_an_edit_that_did_not_see_the_price_of_now_is_marked_at_once(
    harness: BatchHarness, set_price: SetPrice
) -> None:
    batch_id = computed(harness)
    set_price("2", "4.00")
    harness.edit(batch_id, 2, new_price="2.35")
    assert facts(harness, batch_id, 2) == (
        "decrease", "4.00", "2.35", "Edited; computed from 2.00, now 4.00.", True,
    )  # fmt: skip


def test_both_remarks_are_made_where_both_are_due(harness: BatchHarness, set_price: SetPrice) -> None:
    batch_id = computed(harness, warn_above="20")
    harness.edit(batch_id, 2, new_price="2.35")
    set_price("2", "4.00")
    harness.run(batch_id, Action.REFRESH)
    assert facts(harness, batch_id, 2)[3] == (
        "Edited; computed from 2.00, now 4.00. Changes by more than 20.00 %."
    )


def test_a_cell_that_was_emptied_stays_empty(harness: BatchHarness, set_price: SetPrice) -> None:
    batch_id = computed(harness)
    harness.edit(batch_id, 2, new_price="")
    set_price("2", "4.00")
    harness.run(batch_id, Action.REFRESH)
    assert (harness.row(batch_id, 2).status, harness.row(batch_id, 2).new_price) == ("invalid", None)


def test_another_product_in_a_row_that_nobody_priced_gets_its_own_price(harness: BatchHarness) -> None:
    batch_id = computed(harness)
    harness.edit(batch_id, 2, item_code="000000004")
    assert facts(harness, batch_id, 2)[1:3] == ("4.00", "4.40")
    harness.edit(batch_id, 3, new_price="3.50")
    harness.edit(batch_id, 3, item_code="000000005")
    assert facts(harness, batch_id, 3)[1:3] == ("0.05", "3.50")


def test_a_row_added_by_hand_is_computed_unless_it_says_its_price(
    harness: BatchHarness, set_price: SetPrice
) -> None:
    batch_id = computed(harness)
    without = harness.add(batch_id, item_code="000000004")
    assert facts(harness, batch_id, without)[1:3] == ("4.00", "4.40")
    harness.remove(batch_id, without)
    priced = harness.add(batch_id, item_code="000000004", new_price="5.00")
    set_price("4", "6.00")
    harness.run(batch_id, Action.REFRESH)
    assert facts(harness, batch_id, priced)[1:4] == ("6.00", "5.00", "Edited; computed from 4.00, now 6.00.")


def test_a_product_that_left_the_catalogue_and_came_back_is_computed_anew(
    engine: Engine, harness: BatchHarness, set_price: SetPrice
) -> None:
    batch_id = computed(harness)

    def rename(code: str, to: str) -> None:
        with transaction_scope(engine) as session:
            session.execute(update(Product).where(Product.item_code == code).values(item_code=to))
        harness.run(batch_id, Action.REFRESH)

    rename("000000002", "000000092")
    assert (harness.row(batch_id, 2).status, str(harness.row(batch_id, 2).new_price)) == (
        "not_in_catalogue",
        "2.20",
    )
    rename("000000092", "000000002")
    set_price("2", "4.00")
    harness.run(batch_id, Action.REFRESH)
    assert facts(harness, batch_id, 2) == ("increase", "4.00", "4.40", None, False)


def test_an_editor_who_saw_the_old_computed_price_is_told(harness: BatchHarness, set_price: SetPrice) -> None:
    batch_id = computed(harness)
    seen = harness.row(batch_id, 2).version
    harness.run(batch_id, Action.REFRESH)
    assert harness.row(batch_id, 2).version == seen
    set_price("2", "4.00")
    harness.run(batch_id, Action.REFRESH)
    with pytest.raises(StaleEdit):
        harness.edit(batch_id, 2, seen, new_price="2.30")


def test_a_clone_of_an_executed_change_is_computed_from_the_prices_of_now(harness: BatchHarness) -> None:
    batch_id = computed(harness)
    harness.edit(batch_id, 3, new_price="3.99")
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    clone = harness.clone(batch_id)
    assert facts(harness, clone, 2) == ("increase", "2.20", "2.42", None, False)
    assert facts(harness, clone, 3) == (
        "unchanged",
        "3.99",
        "3.99",
        "Edited; computed from 3.00, now 3.99.",
        True,
    )
    harness.assert_counted(clone)


def test_a_price_by_a_margin_follows_the_cost(engine: Engine, harness: BatchHarness) -> None:
    def set_cost(cost: str) -> None:
        with transaction_scope(engine) as session:
            session.execute(
                update(Product).where(Product.item_code == "000000002").values(cost=Decimal(cost))
            )

    set_cost("1.00")
    batch_id = harness.create(margin="50", vendor_code="V1", warn_above="")
    harness.run(batch_id, Action.POPULATE)
    assert facts(harness, batch_id, 2) == ("decrease", "2.00", "1.50", None, False)
    set_cost("2.00")
    harness.run(batch_id, Action.REFRESH)
    assert facts(harness, batch_id, 2) == ("increase", "2.00", "3.00", None, False)
    harness.edit(batch_id, 2, new_price="3.10")
    set_cost("2.50")
    harness.run(batch_id, Action.REFRESH)
    moved = "Edited; computed from 2.00, now 2.50."
    assert facts(harness, batch_id, 2) == ("increase", "2.00", "3.10", moved, True)
    harness.edit(batch_id, 2, new_price="3.20")
    assert facts(harness, batch_id, 2) == ("increase", "2.00", "3.20", None, False)


def test_a_list_keeps_its_prices_whatever_the_catalogue_does(
    harness: BatchHarness, set_price: SetPrice
) -> None:
    batch_id = harness.open("item_code,description,size,price\n000000002,,,2.50\n", warn_above="")
    set_price("2", "4.00")
    harness.run(batch_id, Action.REFRESH)
    assert facts(harness, batch_id, 1) == ("decrease", "4.00", "2.50", None, False)
