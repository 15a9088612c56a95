"""Rows that changed since a page looked, with those whose status changed because of them."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, stock
from tests.batches.shelf_count import ShelfCountRow

from batchbook.batches import Action
from batchbook.batches.engine import changes_since as module
from batchbook.batches.engine.changes_since import Changes, changes_since
from batchbook.batches.history import last_operation

FILE = "item,counted,remark\n007,7,\n008,9,\n007,1,\n009,2,\n010,4,\n"


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8))
    return harness.open(FILE, shelf="A")


def since(harness: BatchHarness, batch_id: int, seen: int) -> Changes:
    with harness.engine() as engine:
        return changes_since(engine.context_of(engine.find(batch_id)), seen)


def now(harness: BatchHarness, batch_id: int) -> int:
    with harness.engine() as engine:
        return last_operation(engine.session, batch_id)


def test_edited_rows_are_named_with_their_peers_before_and_after(
    harness: BatchHarness, batch_id: int
) -> None:
    seen = now(harness, batch_id)
    assert since(harness, batch_id, seen) == Changes(seen, {})
    harness.edit(batch_id, 5, counted="5")
    assert since(harness, batch_id, seen) == Changes(seen + 1, {5: 2})
    # Row 3 leaves row 1 and joins row 2; neither of them gets a new version.
    harness.edit(batch_id, 3, item_code="008")
    assert since(harness, batch_id, seen + 1) == Changes(seen + 2, {1: 1, 2: 1, 3: 2})
    harness.edit(batch_id, 3, item_code="009")
    harness.edit(batch_id, 3, item_code="010")
    changes = since(harness, batch_id, seen + 1)
    assert changes == Changes(seen + 4, {1: 1, 2: 1, 3: 4, 4: 1, 5: 2})
    assert since(harness, batch_id, changes.last).rows == {}


def test_added_and_removed_rows_are_named(harness: BatchHarness, batch_id: int) -> None:
    seen = now(harness, batch_id)
    harness.add(batch_id, item_code="011", counted="1")
    harness.remove(batch_id, 2)
    harness.remove_where(batch_id, ShelfCountRow.item_code == "009")
    found = since(harness, batch_id, seen).rows
    assert found is not None
    assert sorted(found) == [2, 4, 6]


def test_the_header_has_no_row(harness: BatchHarness, batch_id: int) -> None:
    seen = now(harness, batch_id)
    harness.edit_header(batch_id, description="Again")
    assert since(harness, batch_id, seen) == Changes(seen + 1, {})


@pytest.mark.parametrize("backend", ["sqlite"])
def test_too_many_or_unknown_changes_are_not_named(
    harness: BatchHarness, batch_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = now(harness, batch_id)
    harness.edit(batch_id, 3, item_code="008")
    monkeypatch.setattr(module, "MOST", 2)
    assert since(harness, batch_id, seen).rows is None
    monkeypatch.undo()
    harness.run(batch_id, Action.REFRESH)
    assert since(harness, batch_id, seen).rows is None
    # A page that has seen more than there is, because the database was restored from a backup.
    assert since(harness, batch_id, seen + 100) == Changes(seen + 2, None)
