"""Blocks of cells that are pasted, filled, cut and cleared, some of whose cells cannot be changed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, snapshot, stock
from tests.batches.shelf_count import COUNTS

from batchbook.batches.editing.cell_blocks import BlockKind, BlockResult, CellBlock, store_block
from batchbook.batches.editing.cell_review import Refusal
from batchbook.db import Base

FILE = "item,counted,remark\n007,7,\n008,9,\n009,lots,look\n007,7,\n010,lots,\n"


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9), ("010", 10))
    return harness.open(FILE, shelf="A")


def paste(
    harness: BatchHarness,
    batch_id: int,
    rows: list[int],
    columns: list[str],
    texts: list[list[str]],
    seen: Mapping[int, Mapping[str, str]] | None = None,
    add: int = 0,
) -> BlockResult:
    edits = CellBlock(columns, texts).edits(rows, seen or {}, add)
    with harness.engine() as engine:
        return store_block(engine, batch_id, edits, BlockKind.PASTE)


def test_a_block_repeats_and_a_short_line_leaves_cells_alone() -> None:
    block = CellBlock(["a", "b", "c", "d"], [["1", "2"], ["3"]])
    assert list(block.lines(3)) == [
        {"a": "1", "b": "2", "c": "1", "d": "2"},
        {"a": "3", "c": "3"},
        {"a": "1", "b": "2", "c": "1", "d": "2"},
    ]
    assert list(CellBlock(["a", "b"], [["x"]]).lines(1)) == [{"a": "x", "b": "x"}]


def test_good_cells_are_one_operation_and_the_others_are_told(harness: BatchHarness, batch_id: int) -> None:
    harness.remove(batch_id, 4)
    columns = ["counted", "remark", "on_hand"]
    texts = [["8", "new", "1"], ["many", "new", "1"]]
    done = paste(harness.by("ann"), batch_id, [1, 2, 4], columns, texts)
    assert done.message == (
        "Pasted 3 cells in 2 rows. 3 cells were refused, the first one because: On hand cannot be edited."
        " 1 removed row was skipped."
    )
    assert (done.edited.rows, done.edited.cells) == (2, 3)
    assert Refusal(2, "counted", "“many” is not a whole number: use digits only.") in done.review.refusals
    assert harness.operations(batch_id)[-1] == ("paste", "ann", "Pasted 3 cells in 2 rows.", 3)
    assert [cell[2:] for cell in harness.cells(batch_id)][1:] == [
        (1, "counted", "7", "8"),
        (1, "remark", None, "new"),
        (2, "remark", None, "new"),
    ]
    assert harness.statuses(batch_id)[:3] == ["differs", "differs", "uncounted"]
    harness.assert_counted(batch_id)


def test_a_block_that_changes_nothing_is_no_operation(
    engine: Engine, harness: BatchHarness, batch_id: int
) -> None:
    before = snapshot(engine, Base.metadata, COUNTS)
    done = paste(harness, batch_id, [2, 3], ["counted"], [["+9"], ["few"]])
    assert done.message.startswith("Nothing was changed. 1 cell was refused: “few”")
    assert done.edited.operation is None
    assert snapshot(engine, Base.metadata, COUNTS) == before
