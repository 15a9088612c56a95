from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, snapshot, stock
from tests.batches.shelf_count import COUNTS, ShelfCountHandler, ShelfCountRow

from batchbook.batches import QuickEntry
from batchbook.batches.editing import CellProblems
from batchbook.db import Base
from batchbook.errors import BadInput, Conflict

FILE = "item,counted,remark\n007,7,\n008,9,\n009,many,look\n0123456789012345678901,1,\n"


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9))
    return harness.open(FILE, shelf="A")


def unchanged(engine: Engine) -> Any:
    return snapshot(engine, Base.metadata, COUNTS)


# --- Peers -----------------------------------------------------------------------------------------------------------


def test_peers_old_and_new_are_refreshed(harness: BatchHarness, batch_id: int) -> None:
    harness.edit(batch_id, 2, item_code="007")
    assert harness.statuses(batch_id)[:2] == ["twice", "twice"]
    assert [harness.row(batch_id, n).version for n in (1, 2)] == [1, 2]
    harness.edit(batch_id, 2, item_code="008")
    assert harness.statuses(batch_id)[:2] == ["matches", "differs"]
    assert [row.looked_up for row in harness.rows(batch_id)] == [3, 3, 1, 1]
    harness.assert_counted(batch_id)


def test_a_row_added_removed_and_restored_brings_its_peers_up_to_date(
    harness: BatchHarness, batch_id: int
) -> None:
    assert harness.add(batch_id, item_code="007", counted="7") == 5
    assert [harness.statuses(batch_id)[n] for n in (0, 4)] == ["twice", "twice"]
    harness.remove(batch_id, 5)
    assert [harness.statuses(batch_id)[n] for n in (0, 4)] == ["matches", "twice"]
    harness.assert_counted(batch_id)
    harness.remove(batch_id, 5, removed=False)
    assert [harness.statuses(batch_id)[n] for n in (0, 4)] == ["twice", "twice"]
    harness.remove_where(batch_id, ShelfCountRow.sequence == 1)
    assert [harness.statuses(batch_id)[n] for n in (0, 4)] == ["twice", "matches"]
    harness.assert_counted(batch_id)


# --- Adding ----------------------------------------------------------------------------------------------------------


def test_an_added_row_comes_last_with_its_defaults(harness: BatchHarness, batch_id: int) -> None:
    assert harness.by("ann").add(batch_id, item_code="008", remark="from the back") == 5
    row = harness.row(batch_id, 5)
    assert (row.item_code, row.counted, row.remark, row.looked_up) == ("008", None, "from the back", 1)
    assert (row.removed, row.version, row.status) == (False, 1, "uncounted")
    assert harness.operations(batch_id)[-1] == ("add", "ann", "Added row 5.", 3)
    assert harness.cells(batch_id) == [
        (3, 0, 5, "item_code", None, "008"),
        (3, 1, 5, "remark", None, "from the back"),
        (3, 2, 5, "removed", None, "no"),
    ]
    harness.assert_counted(batch_id)


def test_a_bad_row_is_not_added(engine: Engine, harness: BatchHarness, batch_id: int) -> None:
    before = unchanged(engine)
    with pytest.raises(CellProblems):
        harness.add(batch_id, item_code="008", counted="x")
    assert unchanged(engine) == before


def test_the_number_of_a_removed_last_row_is_not_given_again(harness: BatchHarness, batch_id: int) -> None:
    harness.remove(batch_id, 4)
    assert harness.add(batch_id, item_code="1") == 5


def test_a_type_may_refuse_added_rows(harness: BatchHarness, batch_id: int) -> None:
    closed = type("Closed", (ShelfCountHandler,), {"rows_can_be_added": False})
    with pytest.raises(Conflict, match="its type takes rows from its source only"):
        harness.with_handler(closed).add(batch_id, item_code="1")
    assert len(harness.rows(batch_id)) == 4


def test_quick_entry_adds_what_was_scanned(harness: BatchHarness, batch_id: int) -> None:
    assert harness.enter(batch_id, " 009 ") == 5
    row = harness.row(batch_id, 5)
    assert (row.item_code, row.counted, row.looked_up) == ("009", 1, 1)
    assert harness.operations(batch_id)[-1] == (
        "add", "staff", "Added row 5 by quick entry of “009”.", 3,
    )  # fmt: skip
    harness.assert_counted(batch_id)


def test_history_says_what_was_scanned_as_it_was(
    engine: Engine, harness: BatchHarness, batch_id: int, subtests: pytest.Subtests
) -> None:
    codes = ("{0}", "{}", "{item}", "%s")
    stock(engine, *((code, 1) for code in codes))
    for code in codes:
        with subtests.test(code):
            sequence = harness.enter(batch_id, code)
            said = harness.operations(batch_id)[-1][2]
            assert said == f"Added row {sequence} by quick entry of “{code}”."


def test_a_default_makes_rows_peers_as_well(harness: BatchHarness, batch_id: int) -> None:
    entry = QuickEntry(label="Scan", row_for=lambda _handler, _batch, _scan: {"counted": 1})
    nameless = harness.with_handler(type("Nameless", (ShelfCountHandler,), {"quick_entry": entry}))
    assert [nameless.enter(batch_id, "x") for _ in range(2)] == [5, 6]
    # Row 4 has no item either, because its own was too long.
    assert harness.statuses(batch_id)[3:] == ["twice"] * 3
    harness.assert_counted(batch_id)


def test_quick_entry_of_what_means_nothing_is_refused(
    engine: Engine, harness: BatchHarness, batch_id: int, subtests: pytest.Subtests
) -> None:
    for text in ("", "nothing", "a\x00b", "\ud800"):
        with subtests.test(str(ascii(text))):
            before = unchanged(engine)
            with pytest.raises(BadInput, match=r"was not found, so no row was added."):
                harness.enter(batch_id, text)
            silent = harness.with_handler(type("Silent", (ShelfCountHandler,), {"quick_entry": None}))
            with pytest.raises(BadInput):
                silent.enter(batch_id, "009")
            assert unchanged(engine) == before
