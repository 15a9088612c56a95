"""Rows that a block adds behind the last one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.editing.test_cell_blocks import batch_id as batch_id
from tests.batches.editing.test_cell_blocks import paste
from tests.batches.harness import BatchHarness, snapshot
from tests.batches.shelf_count import COUNTS

from batchbook.batches.editing.undo import Undoer
from batchbook.db import Base
from batchbook.errors import Conflict


def test_rows_beyond_the_last_are_added_and_refreshed_with_their_peers(
    harness: BatchHarness, batch_id: int
) -> None:
    texts = [["010", "10"], ["008", "8"], ["x" * 21, "1"]]
    done = paste(harness, batch_id, [5], ["item_code", "counted"], texts, add=2)
    assert (done.edited.rows, done.edited.cells, done.review.refused) == (3, 4, 1)
    rows = harness.rows(batch_id)
    assert [(row.item_code, row.counted) for row in rows[4:]] == [("010", 10), ("008", 8), ("", 1)]
    # Row 2, which nobody edits, has the code of a new row.
    assert harness.statuses(batch_id) == [
        "twice",
        "twice",
        "uncounted",
        "twice",
        "matches",
        "twice",
        "unknown",
    ]
    assert harness.cells(batch_id)[-1][2:] == (7, "removed", None, "no")
    harness.assert_counted(batch_id)


def test_nothing_is_added_where_the_type_does_not_allow_it(
    engine: Engine, harness: BatchHarness, batch_id: int
) -> None:
    handler: Any = type("Fixed", (harness.batch_type.handler,), {"rows_can_be_added": False})
    before = snapshot(engine, Base.metadata, COUNTS)
    with pytest.raises(Conflict, match="Rows cannot be added"):
        paste(harness.with_handler(handler), batch_id, [1], ["counted"], [["1"]], add=1)
    assert snapshot(engine, Base.metadata, COUNTS) == before


def test_a_block_with_added_rows_is_undone_and_done_again(harness: BatchHarness, batch_id: int) -> None:
    before = harness.rows(batch_id)
    paste(harness, batch_id, [5], ["item_code", "counted"], [["010", "10"], ["008", "8"]], add=1)
    pasted = [(row.item_code, row.counted, row.removed) for row in harness.rows(batch_id)]
    with harness.engine() as at_work:
        Undoer(at_work).undo(batch_id)
    undone = harness.rows(batch_id)
    assert [row.removed for row in undone] == [False] * 5 + [True]
    assert [(row.item_code, row.counted) for row in undone][:5] == [(r.item_code, r.counted) for r in before]
    with harness.engine() as at_work:
        Undoer(at_work).redo(batch_id)
    assert [(row.item_code, row.counted, row.removed) for row in harness.rows(batch_id)] == pasted
    harness.assert_counted(batch_id)
