from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, snapshot, stock
from tests.batches.shelf_count import COUNTS, ShelfCount, ShelfCountHandler, ShelfCountRow

from batchbook.batches import Action, Rows
from batchbook.db import Base
from batchbook.errors import BatchbookError, Conflict, Missing

FILE = "item,counted,remark\n007,7,\n008,9,\n009,,\n010,1,\n008,9,\n"


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9))
    return harness.open(FILE, shelf="A")


def removed(harness: BatchHarness, batch_id: int) -> list[int]:
    return [row.sequence for row in harness.rows(batch_id) if row.removed]


def test_a_removed_row_stays_to_be_restored(harness: BatchHarness, batch_id: int) -> None:
    before = harness.row(batch_id, 4)
    harness.by("ann").remove(batch_id, 4)
    row, batch = harness.row(batch_id, 4), harness.batch(batch_id)
    assert (row.removed, row.version, row.counted, row.status) == (True, 2, 1, "unknown")
    assert (batch.row_count, batch.removed_count) == (5, 1)
    harness.assert_counted(batch_id)
    harness.by("bob").remove(batch_id, 4, removed=False)
    after = harness.row(batch_id, 4)
    ignored = {"version", "modified_at", "looked_up"}
    assert {k: v for k, v in after.items() if k not in ignored} == {
        k: v for k, v in before.items() if k not in ignored
    }
    assert harness.operations(batch_id)[-2:] == [
        ("remove", "ann", "Removed row 4.", 1),
        ("restore", "bob", "Restored row 4.", 1),
    ]
    assert harness.cells(batch_id) == [
        (3, 0, 4, "removed", "no", "yes"),
        (4, 0, 4, "removed", "yes", "no"),
    ]
    harness.assert_counted(batch_id)


def test_what_is_removed_already_is_refused(engine: Engine, harness: BatchHarness, batch_id: int) -> None:
    harness.remove(batch_id, 4)
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(Conflict, match=r"Row 4 is removed already; nothing was changed."):
        harness.remove(batch_id, 4)
    with pytest.raises(Conflict, match=r"Row 1 is not removed; nothing was changed."):
        harness.remove(batch_id, 1, removed=False)
    with pytest.raises(Missing, match="has no row 9"):
        harness.remove(batch_id, 9)
    assert snapshot(engine, Base.metadata, COUNTS) == before


def test_rows_are_removed_by_a_condition_in_one_operation(harness: BatchHarness, batch_id: int) -> None:
    harness.remove(batch_id, 5)
    assert harness.remove_where(batch_id, ShelfCountRow.counted > 5) == 2
    assert removed(harness, batch_id) == [1, 2, 5]
    assert harness.operations(batch_id)[-1] == ("remove", "staff", "Removed 2 rows.", 2)
    assert harness.cells(batch_id)[1:] == [
        (4, 0, 1, "removed", "no", "yes"),
        (4, 1, 2, "removed", "no", "yes"),
    ]
    harness.assert_counted(batch_id)


def test_a_condition_on_what_the_removal_itself_changes(harness: BatchHarness, batch_id: int) -> None:
    """Rows 2 and 5 are there twice until both are gone."""
    assert harness.remove_where(batch_id, ShelfCountRow.status == "twice") == 2
    assert removed(harness, batch_id) == [2, 5]
    assert [cell[2] for cell in harness.cells(batch_id)] == [2, 5]
    harness.assert_counted(batch_id)


def test_a_condition_that_no_row_meets_is_refused(harness: BatchHarness, batch_id: int) -> None:
    with pytest.raises(Conflict, match="No rows match any more"):
        harness.remove_where(batch_id, ShelfCountRow.counted > 100)


def test_the_rows_of_another_batch_stay(harness: BatchHarness, batch_id: int) -> None:
    other = harness.open(FILE, shelf="B")
    before = harness.rows(other)
    harness.remove_where(batch_id, ShelfCountRow.sequence > 0)
    harness.remove(batch_id, 2, removed=False)
    assert harness.rows(other) == before
    harness.assert_counted(other)
    assert len(removed(harness, batch_id)) == 4


class Marking(ShelfCountHandler):
    """Changes a column that people may edit too, on each row it refreshes."""

    def refresh(self, batch: ShelfCount, rows: Rows) -> None:
        super().refresh(batch, rows)
        for row in rows:
            row.remark = f"looked up {row.looked_up}"


def test_history_names_the_rows_that_people_removed_not_those_that_followed(
    harness: BatchHarness, batch_id: int
) -> None:
    marking = harness.with_handler(Marking)
    marking.remove(batch_id, 5)
    marking.remove(batch_id, 5, removed=False)
    assert marking.row(batch_id, 2).remark is not None
    assert [cell[:3] for cell in marking.cells(batch_id)] == [(3, 0, 5), (4, 0, 5)]


# --- Any sequence of changes ------------------------------------------------------------------------------------------

CODES = st.sampled_from(["007", "008", "009", "010", "", "long" * 6])
COUNTED = st.sampled_from(["", "7", "8", "9", "many"])
SEQUENCES = st.integers(1, 8)
STEPS = st.one_of(
    st.tuples(
        st.just("edit"),
        SEQUENCES,
        st.fixed_dictionaries({}, optional={"item_code": CODES, "counted": COUNTED}),
    ),
    st.tuples(st.just("add"), st.fixed_dictionaries({"item_code": CODES}, optional={"counted": COUNTED})),
    st.tuples(st.just("enter"), CODES),
    st.tuples(st.just("remove"), SEQUENCES, st.booleans()),
    st.tuples(st.just("remove where"), st.sampled_from(["twice", "matches", "differs", "unknown"])),
    st.tuples(st.just("header"), st.sampled_from(["", "0", "1", "5"])),
    st.tuples(st.just("refresh")),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=6, max_size=12))
def test_the_counts_in_the_header_are_those_of_the_rows(
    harness: BatchHarness, batch_id: int, steps: list[tuple[object, ...]]
) -> None:
    current = harness.clone(batch_id)
    for step in steps:
        with suppress(BatchbookError):  # A refusal, too, must leave the counts right.
            take(harness, current, *step)
        harness.assert_counted(current)
    fresh = harness.statuses(current)
    harness.run(current, Action.REFRESH)
    kept = [row.sequence - 1 for row in harness.rows(current) if not row.removed]
    after = harness.statuses(current)
    assert [after[n] for n in kept] == [fresh[n] for n in kept]


def take(harness: BatchHarness, batch_id: int, kind: object, *what: object) -> None:
    """Do one step of a random sequence."""
    match kind, what:
        case "edit", (int(sequence), dict(texts)):
            harness.edit(batch_id, sequence, **texts)
        case "add", (dict(texts),):
            harness.add(batch_id, **texts)
        case "enter", (str(code),):
            harness.enter(batch_id, code)
        case "remove", (int(sequence), bool(wanted)):
            harness.remove(batch_id, sequence, removed=wanted)
        case "remove where", (status,):
            harness.remove_where(batch_id, ShelfCountRow.status == status)
        case "header", (str(tolerance),):
            harness.edit_header(batch_id, tolerance=tolerance)
        case _:
            harness.run(batch_id, Action.REFRESH)
