"""Inventory counts from a sheet, a file and scans: what is compared, described and executed, on both databases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from tests.batches.harness import BatchHarness, on_hand

from batchbook.batches import Action
from batchbook.batches.editing import RowEditor
from batchbook.batches.engine.creation import clone_batch
from batchbook.batches.engine.reversing import reverse_batch
from batchbook.catalog.models import Product, StockMovement
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict

FILE = "item_code,counted\n000000011,7\n4006381333931,6\n000000013,50\n000000099,3\n"


def move(engine: Engine, code: str, change: int) -> None:
    """Move stock as a sale or a delivery does."""
    with transaction_scope(engine) as session:
        moved = update(Product).where(Product.item_code == code)
        session.execute(moved.values(on_hand=Product.on_hand + change))


def movements(engine: Engine) -> list[tuple[Any, ...]]:
    one = StockMovement
    wanted = select(
        one.item_code, one.before, one.change, one.after, one.cost, one.reason, one.batch_id, one.sequence
    )
    with transaction_scope(engine, read_only=True) as session:
        return [
            tuple(row) for row in session.execute(wanted.where(one.kind == "count").order_by(one.sequence))
        ]


def scan(harness: BatchHarness, batch_id: int, text: str) -> str:
    with harness.engine() as engine:
        return RowEditor(engine).enter(batch_id, text).message


def results(harness: BatchHarness, batch_id: int) -> list[tuple[Any, ...]]:
    rows = harness.rows(batch_id)
    return [(row.item_code, row.total, row.expected, row.difference, row.value, row.status) for row in rows]


def described(harness: BatchHarness, batch_id: int, **options: Any) -> list[str]:
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        chosen = {"moved": "difference", "zero": False, "follow_up": False} | options
        return context.handler.describe_execution(context.batch, chosen)


def execute(harness: BatchHarness, batch_id: int, **options: Any) -> str:
    harness.run(batch_id, Action.COMPLETE)
    return harness.run(batch_id, Action.EXECUTE, **options).message


# --- Where rows come from ----------------------------------------------------------------------------------------------


def test_a_sheet_has_the_active_products_of_a_department_with_what_is_on_hand(harness: BatchHarness) -> None:
    batch_id = harness.create(department="bakery")
    harness.run(batch_id, Action.POPULATE)
    assert [
        (row.item_code, row.description, row.on_hand, row.counted, row.status)
        for row in harness.rows(batch_id)
    ] == [
        ("000000011", "Rye bread", 5, None, "not_counted"),
        ("000000012", "Wheat bread", 8, None, "not_counted"),
        ("000000013", "Pretzel", 50, None, "not_counted"),
        ("000000014", "Cake", 2, None, "not_counted"),
    ]
    batch = harness.batch(batch_id)
    assert (batch.department, batch.status) == ("BAKERY", "counting")


def test_a_file_is_compared_and_codes_of_bar_codes_are_understood(harness: BatchHarness) -> None:
    batch_id = harness.open(FILE)
    assert results(harness, batch_id) == [
        ("000000011", 7, 5, 2, Decimal("3.00"), "over"),
        ("000000012", 6, 8, -2, Decimal("-2.50"), "short"),
        ("000000013", 50, 50, 0, None, "matches"),
        ("000000099", 3, None, None, None, "not_found"),
    ]
    assert harness.batch(batch_id).status == "different"
    harness.assert_counted(batch_id)


def test_a_count_begins_empty_and_is_scanned(harness: BatchHarness) -> None:
    batch_id = harness.create()
    harness.run(batch_id, Action.POPULATE)
    assert scan(harness, batch_id, "036000291452") == "Row 1, new: 1 Rye bread (Short)"
    assert scan(harness, batch_id, "4*11") == "Row 1: 1 + 4 = 5 Rye bread"
    assert scan(harness, batch_id, "5901234123457") == "Row 2, new: 1 of 5901234123457 (Not in catalogue)"
    assert scan(harness, batch_id, "5901234123457") == "Row 2: 1 + 1 = 2 of 5901234123457 (Not in catalogue)"
    assert [row.counted for row in harness.rows(batch_id)] == [5, 2]


@pytest.mark.parametrize(
    ("texts", "file", "words"),
    [
        ({"department": "TOYS"}, None, "There is no department “TOYS” in the catalogue."),
        ({"department": "BAKERY"}, FILE, "Give either a file or a department to be counted, not both."),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_made(
    harness: BatchHarness, texts: dict[str, str], file: str | None, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        harness.create(file, **texts)


# --- Comparing ---------------------------------------------------------------------------------------------------------


def test_rows_of_one_item_are_added_up_in_the_first(harness: BatchHarness) -> None:
    batch_id = harness.open("item_code,counted\n000000011,2\n000000012,8\n000000011,3\n036000291452,1\n")
    assert [(total, difference, status) for _, total, _, difference, _, status in results(harness, batch_id)] == [
        (6, 1, "over"), (8, 0, "matches"), (None, None, "part"), (None, None, "part")
    ]  # fmt: skip
    harness.remove(batch_id, 1)
    assert [row.status for row in harness.rows(batch_id)] == ["over", "matches", "short", "part"]
    assert harness.row(batch_id, 3).total == 4
    harness.edit(batch_id, 4, item_code="000000021")
    assert [row.status for row in harness.rows(batch_id)][2:] == ["short", "short"]
    harness.assert_counted(batch_id)


def test_a_zero_is_a_count_and_nothing_is_none(harness: BatchHarness) -> None:
    batch_id = harness.open("item_code,counted\n000000011,0\n000000012,\n")
    assert [row.status for row in harness.rows(batch_id)] == ["short", "not_counted"]
    harness.edit(batch_id, 1, counted="")
    assert results(harness, batch_id)[0] == ("000000011", None, None, None, None, "not_counted")


def test_stock_that_moves_later_changes_neither_what_was_expected_nor_the_difference(
    engine: Engine, harness: BatchHarness
) -> None:
    batch_id = harness.open(FILE)
    move(engine, "000000011", -3)
    harness.run(batch_id, Action.REFRESH)
    row = harness.row(batch_id, 1)
    assert (row.on_hand, row.expected, row.moved, row.difference, row.status) == (2, 5, -3, 2, "over")
    # Neither does an edit of something else; counted again, it is compared with what is there then.
    harness.edit(batch_id, 1, reason="Found behind the oven")
    assert harness.row(batch_id, 1).expected == 5
    harness.edit(batch_id, 1, counted="4")
    row = harness.row(batch_id, 1)
    assert (row.expected, row.moved, row.difference) == (2, 0, 2)


def test_sums_and_values_that_no_column_holds_are_none(harness: BatchHarness) -> None:
    lines = "".join("000000014,1000000\n" for _ in range(3))
    batch_id = harness.open(f"item_code,counted\n{lines}")
    row = harness.row(batch_id, 1)
    assert (row.total, row.difference, row.value) == (3_000_000, 2_999_998, None)


# --- Two counts --------------------------------------------------------------------------------------------------------


@pytest.fixture
def twice(harness: BatchHarness) -> int:
    batch_id = harness.create(counts="2")
    harness.run(batch_id, Action.POPULATE)
    return batch_id


def test_scans_go_to_the_count_of_whoever_scans(harness: BatchHarness, twice: int) -> None:
    ann, ben = harness.by("ann"), harness.by("ben")
    assert scan(ann, twice, "5*11") == "Row 1, new: 5 Rye bread (Counted once only)"
    assert scan(ben, twice, "4*11") == "Row 1: 4 Rye bread (Counts differ)"
    assert scan(ann, twice, "12") == "Row 2, new: 1 Wheat bread (Counted once only)"
    batch = harness.batch(twice)
    assert (batch.first_counter, batch.second_counter, batch.status) == ("ann", "ben", "counting")
    with pytest.raises(BadInput, match="ann and ben count this batch, so nothing was entered"):
        scan(harness.by("cat"), twice, "11")
    assert scan(ben, twice, "11") == "Row 1: 4 + 1 = 5 Rye bread"
    row = harness.row(twice, 1)
    assert (row.counted, row.counted_again, row.total, row.status) == (5, 5, 5, "matches")
    # Somebody takes over.
    harness.edit_header(twice, second_counter="cat")
    assert scan(harness.by("cat"), twice, "12") == "Row 2: 1 Wheat bread (Short)"


def test_counts_that_differ_are_settled_by_the_agreed_one(harness: BatchHarness, twice: int) -> None:
    scan(harness.by("ann"), twice, "5*11")
    scan(harness.by("ben"), twice, "7*11")
    assert harness.batch(twice).status == "recount"
    with harness.engine() as engine:
        context = engine.context_of(engine.find(twice))
        assert context.handler.why_not_execute(context.batch) is not None
    harness.edit(twice, 1, agreed="6")
    assert results(harness, twice) == [("000000011", 6, 5, 1, Decimal("1.50"), "over")]
    # As one count, the first one counts, unless another was agreed.
    harness.edit(twice, 1, agreed="")
    harness.edit_header(twice, counts="1")
    assert results(harness, twice)[0][1] == 5


# --- Executing ---------------------------------------------------------------------------------------------------------


def test_counts_become_quantities_and_movements_with_reasons(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.open(FILE, reason="Yearly count")
    harness.edit(batch_id, 2, reason="Mice")
    assert described(harness, batch_id) == [
        "2 products get another quantity on hand: 1 more, 1 less; 1 stays as it is.",
        "That is 2 units more and 2 less; at cost, 3.00 more and 2.50 less.",
        "Left out: 1 not in catalogue.",
    ]
    assert execute(harness, batch_id) == (
        "Batch 00000001 was executed: 2 quantities on hand changed, 1 unchanged, 1 row left out."
    )
    assert on_hand(engine) == {
        "000000011": 7, "000000012": 6, "000000013": 50, "000000014": 2, "000000015": 0, "000000021": 9
    }  # fmt: skip
    assert movements(engine) == [
        ("000000011", 5, 2, 7, Decimal("1.50"), "Yearly count", batch_id, 1),
        ("000000012", 8, -2, 6, Decimal("1.25"), "Mice", batch_id, 2),
    ]


@pytest.mark.parametrize(("moved", "after"), [("difference", 4), ("count", 7)])
def test_stock_that_has_moved_since_keeps_the_difference_or_the_count(
    engine: Engine, harness: BatchHarness, moved: str, after: int
) -> None:
    batch_id = harness.open(FILE)
    move(engine, "000000011", -3)
    move(engine, "000000013", 5)
    sentences = described(harness, batch_id, moved=moved)
    kept = "overwritten" if moved == "count" else "kept, and the differences are added to it"
    assert sentences[2] == (
        f"The stock of 2 products has moved since they were counted, by 8 units in all; that is {kept}."
    )
    execute(harness, batch_id, moved=moved)
    assert on_hand(engine)["000000011"] == after
    assert on_hand(engine)["000000013"] == (50 if moved == "count" else 55)
    assert [(one[1], one[3]) for one in movements(engine)][:1] == [(2, after)]


def test_less_than_nothing_is_refused_and_named(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.open("item_code,counted\n000000014,0\n000000011,6\n")
    move(engine, "000000014", -1)
    assert "Not possible like this: 1 product would have less than nothing on hand." in described(
        harness, batch_id
    )
    with pytest.raises(
        Conflict, match=r"less than nothing would be on hand: 000000014 \(1 -2\)\. Stock has moved"
    ):
        execute(harness, batch_id)
    assert (on_hand(engine)["000000011"], movements(engine)) == (5, [])
    harness.run(batch_id, Action.EXECUTE, moved="count")
    assert (on_hand(engine)["000000014"], on_hand(engine)["000000011"]) == (0, 6)


def test_what_was_not_counted_is_left_alone_or_set_to_zero(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.create(department="BAKERY")
    harness.run(batch_id, Action.POPULATE)
    with harness.engine() as started:
        context = started.context_of(started.find(batch_id))
        assert "Nothing that is in the catalogue was counted" in (
            context.handler.why_not_execute(context.batch) or ""
        )
    scan(harness, batch_id, "5*11")
    assert "3 rows were not counted; their quantities stay as they are." in described(harness, batch_id)
    assert "3 products were not counted and are set to zero, from 60 units in all." in described(
        harness, batch_id, zero=True
    )
    execute(harness, batch_id, zero="true")
    assert {code: count for code, count in on_hand(engine).items() if count} == {
        "000000011": 5,
        "000000021": 9,
    }
    assert [(one[0], one[2]) for one in movements(engine)] == [
        ("000000012", -8), ("000000013", -50), ("000000014", -2)
    ]  # fmt: skip


def test_rows_that_are_left_out_go_into_a_new_batch(harness: BatchHarness) -> None:
    batch_id = harness.open(FILE)
    assert described(harness, batch_id, follow_up=True)[-1] == "Copied into a new batch: 1 not in catalogue."
    execute(harness, batch_id, follow_up="true")
    assert [row.item_code for row in harness.rows(batch_id + 1)] == ["000000099"]


def test_a_reversal_gives_back_what_was_there_and_keeps_what_moved_since(
    engine: Engine, harness: BatchHarness
) -> None:
    batch_id = harness.open(FILE)
    execute(harness, batch_id)
    move(engine, "000000012", -1)
    with harness.engine() as started:
        reversal = reverse_batch(started, batch_id).id
    if harness.batch(reversal).state == "new":
        harness.run(reversal, Action.POPULATE)
    assert [(one[0], one[1], one[2], one[3], one[5]) for one in results(harness, reversal)] == [
        ("000000011", 5, 7, -2, "short"), ("000000012", 8, 6, 2, "over")
    ]  # fmt: skip
    execute(harness, reversal)
    assert (on_hand(engine)["000000011"], on_hand(engine)["000000012"]) == (5, 7)
    assert {one[5] for one in movements(engine) if one[6] == reversal} == {"Reversal of batch 00000001"}


def test_a_count_is_reversed_once(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.open(FILE)
    execute(harness, batch_id)
    for _ in range(2):
        with harness.engine() as started:
            reversal = reverse_batch(started, batch_id).id
        with harness.engine() as started:
            context = started.context_of(started.find(reversal))
            why = context.handler.why_not_execute(context.batch)
        if why is None:
            execute(harness, reversal)
    assert (
        why == "Another batch has reversed that count already, so its differences would be taken back twice."
    )
    assert on_hand(engine)["000000011"] == 5


def test_a_clone_is_compared_with_what_is_on_hand_when_it_is_made(
    engine: Engine, harness: BatchHarness
) -> None:
    batch_id = harness.open(FILE)
    execute(harness, batch_id)
    with harness.engine() as started:
        clone = clone_batch(started, batch_id).id
    assert [one[3] for one in results(harness, clone)] == [0, 0, 0, None]
    execute(harness, clone)
    assert on_hand(engine)["000000011"] == 7


def test_rows_of_an_item_are_left_out_together(harness: BatchHarness, twice: int) -> None:
    for counted, again in (("5", "5"), ("3", "4")):
        harness.add(twice, item_code="000000011", counted=counted, counted_again=again)
    harness.add(twice, item_code="000000012", counted="8", counted_again="8")
    execute(harness, twice, follow_up="true")
    assert [(row.item_code, row.counted, row.status) for row in harness.rows(twice + 1)] == [
        ("000000011", 5, "disagree"), ("000000011", 3, "part")
    ]  # fmt: skip


def test_a_second_count_alone_is_no_count_of_zero(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.open("item_code,counted,second count\n000000011,,4\n000000012,8,\n")
    assert [one[5] for one in results(harness, batch_id)] == ["counted_once", "matches"]
    execute(harness, batch_id, zero="true")
    assert on_hand(engine)["000000011"] == 5


def test_a_product_that_is_gone_refuses_the_execution(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.open(FILE)
    with transaction_scope(engine) as session:
        session.execute(update(Product).where(Product.item_code == "000000011").values(item_code="000000911"))
    with pytest.raises(Conflict, match=r"1 row has a record that changed .*: 000000011 \(no longer there\)"):
        execute(harness, batch_id)
    assert on_hand(engine)["000000012"] == 8


def test_totals_tell_differences_in_units_and_at_cost(harness: BatchHarness) -> None:
    batch_id = harness.open(FILE)
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        told = {total.label: total.value for total in context.handler.totals(context.batch)}
    assert told == {
        "Units counted": "66",
        "Units over and short": "+2 / \N{MINUS SIGN}2",
        "Over and short at cost": "+3.00 / \N{MINUS SIGN}2.50",
    }
