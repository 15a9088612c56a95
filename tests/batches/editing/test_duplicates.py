"""Duplicates of price changes and of imports: one row of each group is kept, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.editing.undoing import redo, undo
from tests.batches.harness import BatchHarness

from batchbook.batches.editing import RowEditor, RowRemover
from batchbook.batches.editing.duplicates import DuplicateRemover, DuplicateRows, Keep
from batchbook.errors import BadInput, Conflict

#: Rows 1, 3 and 6 have one code, 2 and 5 another one; row 3 cannot be used. Row 4 is alone, row 7 has no code.
LIST = (
    "item_code,description,size,price\n"
    "01,,,3.00\n02,,,2.00\n01,,,cheap\n03,,,1.00\n02,,,2.50\n01,,,1.50\n,X,,9.00\n"
)


@pytest.fixture
def harness(engine: Engine) -> BatchHarness:
    return BatchHarness(engine, PRICE_CHANGE)


def keep(harness: BatchHarness, keep: Any, sequence: int | None = None, seen: Any = None) -> str:
    with harness.engine() as engine:
        return DuplicateRemover(engine).keep(1, keep, sequence, seen)


def kept(harness: BatchHarness) -> list[int]:
    return [row.sequence for row in harness.rows(1) if not row.removed]


@pytest.mark.parametrize(
    ("rule", "expected"), [(Keep.FIRST, [1, 2]), (Keep.LAST, [6, 5]), (Keep.CHEAPEST, [6, 2])]
)
def test_a_rule_keeps_one_usable_row_of_each_group(
    harness: BatchHarness, rule: Keep, expected: list[int]
) -> None:
    batch_id = harness.open(LIST)
    sentence = keep(harness, rule)
    assert kept(harness) == sorted([*expected, 4, 7])
    assert sentence.startswith(f"Kept the {rule} row of each group of duplicates, and removed 3 duplicates.")
    assert harness.operations(batch_id)[-1][::2] == ("remove", sentence.split(" Removed rows")[0])
    assert harness.operations(batch_id)[-1][3] == 3
    statuses = {row.sequence: row.status for row in harness.rows(batch_id)}
    assert {statuses[sequence] for sequence in (*expected, 4)} == {"not_in_catalogue"}
    batch = harness.batch(batch_id)
    assert (batch.removed_count, batch.status_counts) == (3, {"not_in_catalogue": 3, "invalid": 1})


def test_one_group_and_this_row(harness: BatchHarness) -> None:
    batch_id = harness.open(LIST)
    assert keep(harness, 3) == "Kept row 3, and removed 2 duplicates of it. Removed rows can be restored."
    assert kept(harness) == [2, 3, 4, 5, 7]
    keep(harness, Keep.LAST, 2)
    assert kept(harness) == [3, 4, 5, 7]
    assert harness.row(batch_id, 5).status == "not_in_catalogue"
    harness.assert_counted(batch_id)
    with harness.engine() as engine:
        assert RowRemover(engine).restore_where(batch_id, harness.batch_type.row.sequence > 0) == 3
    assert harness.batch(batch_id).status_counts["duplicate"] == 4


def test_the_removal_of_duplicates_is_undone_and_redone(harness: BatchHarness) -> None:
    batch_id = harness.open(LIST)
    before = [(row.status, row.removed) for row in harness.rows(batch_id)]
    keep(harness, Keep.CHEAPEST)
    after = [(row.status, row.removed) for row in harness.rows(batch_id)]
    assert undo(harness, batch_id).message.startswith("Undid: Kept the cheapest row of each group")
    assert [(row.status, row.removed) for row in harness.rows(batch_id)] == before
    harness.assert_counted(batch_id)
    assert redo(harness, batch_id).undone == 3
    assert [(row.status, row.removed) for row in harness.rows(batch_id)] == after
    # One that somebody restored since stays, and so do its duplicates' statuses fit.
    with harness.by("bob").engine() as engine:
        RowRemover(engine).restore_where(batch_id, harness.batch_type.row.sequence == 1)
    assert undo(harness, batch_id).undone == 2
    assert [(row.status, row.removed) for row in harness.rows(batch_id)] == before
    harness.assert_counted(batch_id)


def test_groups_are_listed_in_the_order_of_their_first_rows(harness: BatchHarness) -> None:
    harness.open(LIST)
    with harness.engine() as engine:
        found = DuplicateRows(engine.context_of(engine.find(1)))
        assert found.count_groups() == 2
        groups = found.groups(0, 10, 2)
        assert [(group.first, group.count, group.sequences) for group in groups] == [
            (1, 3, [1, 3]), (2, 2, [2, 5]),
        ]  # fmt: skip
        assert [group.first for group in found.groups(1, 10, 2)] == [2]
        assert (found.tokens([1])[1].count, found.tokens([])) == (3, {})


def test_what_is_no_duplicate_or_was_changed_is_refused(harness: BatchHarness) -> None:
    harness.open(LIST)
    with harness.engine() as engine:
        context = engine.context_of(engine.find(1))
        seen = DuplicateRows(context).tokens([2])[2].token
    for row in (4, 7):
        with pytest.raises(Conflict, match=f"Row {row} has no duplicates, so nothing was removed"):
            keep(harness, row)
    harness.edit(1, 5, new_price="1.00")
    with pytest.raises(Conflict, match="the duplicates are not those that you were shown"):
        keep(harness, Keep.FIRST, 2, seen)
    keep(harness, 2)
    with pytest.raises(Conflict, match="Row 5 has no duplicates"):
        keep(harness, 5)
    assert kept(harness) == [1, 2, 3, 4, 6, 7]


def test_a_type_without_a_number_or_without_duplicates(harness: BatchHarness) -> None:
    declared = PRICE_CHANGE.handler.duplicates
    assert declared is not None
    no_number = type("Handler", (PRICE_CHANGE.handler,), {"duplicates": replace(declared, number=None)})
    none = type("Handler", (PRICE_CHANGE.handler,), {"duplicates": None})
    harness.open(LIST)
    with pytest.raises(BadInput, match="no number by which one is the cheapest"):
        keep(harness.with_handler(no_number), Keep.CHEAPEST)
    with pytest.raises(Conflict, match="its type does not declare any"):
        keep(harness.with_handler(none), Keep.FIRST)
    assert len(kept(harness)) == 7


def test_the_row_that_is_kept_is_refreshed_without_peer_columns(harness: BatchHarness) -> None:
    harness = harness.with_handler(type("Handler", (PRICE_CHANGE.handler,), {"peer_columns": ()}))
    harness.open(LIST)
    keep(harness, Keep.FIRST)
    statuses = {row.sequence: row.status for row in harness.rows(1) if not row.removed}
    assert statuses == {
        1: "not_in_catalogue", 2: "not_in_catalogue", 4: "not_in_catalogue", 7: "invalid",
    }  # fmt: skip


def test_removed_rows_are_no_duplicates(harness: BatchHarness) -> None:
    harness.open(LIST)
    harness.remove(1, 2)
    keep(harness, Keep.FIRST)
    assert kept(harness) == [1, 4, 5, 7]
    with harness.engine() as engine:
        RowEditor(engine).edit(1, 5, {"item_code": "01"})
    keep(harness, Keep.CHEAPEST)
    assert kept(harness) == [4, 5, 7]
