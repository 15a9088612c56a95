from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, snapshot, stock
from tests.batches.shelf_count import COUNTS

from batchbook.batches.editing import BulkEditor, BulkEditResult, CellProblems, StaleEdit, bulk
from batchbook.db import Base
from batchbook.errors import BadInput, Conflict, Missing

FILE = "item,counted,remark\n007,7,\n008,9,\n009,lots,look\n007,7,\n010,lots,\n"


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9), ("010", 10))
    return harness.open(FILE, shelf="A")


def edit(
    harness: BatchHarness, batch_id: int, texts: dict[int, dict[str, str]], **more: Any
) -> BulkEditResult:
    with harness.engine() as engine:
        return BulkEditor(engine).edit(batch_id, texts, "fix", "Corrected some.", **more)


@pytest.mark.parametrize("together", [500, 2])
def test_many_rows_are_one_operation_refreshed_with_their_peers_and_counted(
    harness: BatchHarness, batch_id: int, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(bulk, "AT_A_TIME", together)
    assert harness.statuses(batch_id) == ["twice", "differs", "uncounted", "twice", "uncounted"]
    texts = {
        5: {"counted": "10"},
        4: {"item_code": "011"},  # So that row 1, which nobody edits, is not a double any more.
        3: {"counted": " 09 ", "remark": "look"},
        2: {"counted": "9"},  # As it is.
    }
    assert edit(harness.by("ann"), batch_id, texts) == BulkEditResult(rows=3, cells=3)
    assert harness.statuses(batch_id) == ["matches", "differs", "matches", "unknown", "matches"]
    assert [row.version for row in harness.rows(batch_id)] == [1, 1, 2, 2, 2]
    assert [row.modified_at is None for row in harness.rows(batch_id)] == [True, True, False, False, False]
    assert harness.row(batch_id, 3).issues is None
    assert harness.operations(batch_id)[-1] == ("fix", "ann", "Corrected some.", 3)
    assert harness.cells(batch_id) == [
        (3, 0, 3, "counted", "lots", "9"),
        (3, 1, 4, "item_code", "007", "011"),
        (3, 2, 5, "counted", "lots", "10"),
    ]
    harness.assert_counted(batch_id)


@pytest.mark.parametrize("together", [500, 1])
def test_what_is_refused_in_one_row_leaves_nothing_of_all(
    engine: Engine, harness: BatchHarness, batch_id: int, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(bulk, "AT_A_TIME", together)
    harness.remove(batch_id, 4)
    before = snapshot(engine, Base.metadata, COUNTS)
    good = {1: {"remark": "one"}, 2: {"remark": "two"}}
    refusals: list[tuple[type[Exception], dict[int, dict[str, str]], dict[str, Any]]] = [
        (CellProblems, {5: {"counted": "many"}}, {}),
        (Missing, {6: {"remark": "six"}}, {}),
        (Missing, {2**40: {"remark": "far"}}, {}),
        (Conflict, {4: {"remark": "gone"}}, {}),
        (BadInput, {5: {"on_hand": "3"}}, {}),
        (StaleEdit, {5: {"counted": "4"}}, {"versions": {5: 7}}),
    ]
    for error, bad, more in refusals:
        with pytest.raises(error):
            edit(harness, batch_id, good | bad, **more)
        assert snapshot(engine, Base.metadata, COUNTS) == before


def test_nothing_to_change_is_no_operation(engine: Engine, harness: BatchHarness, batch_id: int) -> None:
    before = snapshot(engine, Base.metadata, COUNTS)
    assert edit(harness, batch_id, {2: {"counted": "+9"}, 3: {"counted": "lots"}}) == BulkEditResult()
    assert edit(harness, batch_id, {}) == BulkEditResult()
    assert snapshot(engine, Base.metadata, COUNTS) == before
