"""An edit that is refused, however late, leaves nothing behind, even where its caller goes on and commits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, snapshot, stock
from tests.batches.shelf_count import COUNTS, ShelfCount, ShelfCountHandler, ShelfCountRow

from batchbook.batches import Rows
from batchbook.batches.editing import HeaderEditor, RowEditor, RowRemover
from batchbook.batches.engine.engine import Engine as BatchEngine
from batchbook.db import Base
from batchbook.errors import BadInput, BatchbookError

FILE = "item,counted,remark\n007,7,\n008,9,\n007,1,\n"

EDITS: dict[str, Callable[[BatchEngine, int], Any]] = {
    "edit": lambda engine, number: RowEditor(engine).edit(number, 1, {"counted": "8"}),
    "add": lambda engine, number: RowEditor(engine).add(number, {"item_code": "008"}),
    "enter": lambda engine, number: RowEditor(engine).enter(number, "008"),
    "remove": lambda engine, number: RowRemover(engine).set_removed(number, 1, removed=True),
    "remove where": lambda engine, number: RowRemover(engine).remove_where(
        number, ShelfCountRow.item_code == "008"
    ),
    "header": lambda engine, number: HeaderEditor(engine).edit(number, {"tolerance": "3"}),
}


class Stubborn(ShelfCountHandler):
    """Refuses whatever was edited, after bringing it up to date."""

    def refresh(self, batch: ShelfCount, rows: Rows) -> None:
        super().refresh(batch, rows)
        rows.save()
        raise BadInput("Nothing is changed here.")


@pytest.mark.parametrize("kind", EDITS)
def test_nothing_is_left_of_an_edit_that_is_refused_late(
    engine: Engine, harness: BatchHarness, kind: str
) -> None:
    stock(engine, ("007", 7), ("008", 8))
    batch_id = harness.open(FILE, shelf="A")
    before = snapshot(engine, Base.metadata, COUNTS)
    with harness.with_handler(Stubborn).engine() as at_work:
        with pytest.raises(BatchbookError, match=r"Nothing is changed here."):
            EDITS[kind](at_work, batch_id)
        batch = at_work.find(batch_id)
        assert (batch.row_count, batch.removed_count, batch.version) == (3, 0, 2)
    assert snapshot(engine, Base.metadata, COUNTS) == before
