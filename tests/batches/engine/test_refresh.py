"""Refreshes after edits: of peers by any group of columns, and nothing is left of an edit that is refused late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine, select
from tests.batches.harness import BatchHarness, snapshot, stock
from tests.batches.shelf_count import COUNTS, CountStatus, ShelfCount, ShelfCountHandler, ShelfCountRow

from batchbook.batches import Rows
from batchbook.batches.editing import BulkEditor, HeaderEditor, RowEditor, RowRemover
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


class ByRemark(ShelfCountHandler):
    """Marks rows with the same item code, and those with the same remark, in chunks of any size."""

    also_peers: ClassVar[tuple[tuple[str, ...], ...]] = (("remark",),)

    def refresh(self, batch: ShelfCount, rows: Rows) -> None:
        super().refresh(batch, rows)
        row, seen = ShelfCountRow, set[str]()
        kept = select(row.remark).where(row.batch_id == batch.id, ~row.removed, row.remark.is_not(None))
        twice = {remark for remark in self.session.scalars(kept) if remark in seen or seen.add(remark)}
        for one in rows:
            if one.remark in twice:
                one.set_status(CountStatus.TWICE)


def test_rows_with_the_same_value_in_another_group_are_refreshed_with_an_edited_one(
    engine: Engine, harness: BatchHarness
) -> None:
    stock(engine, *((f"00{number}", number) for number in range(1, 8)))
    shelf = harness.with_handler(ByRemark)
    lines = [f"00{number},{number},{'left' if number in (1, 5) else ''}" for number in range(1, 7)]
    batch_id = shelf.open("item,counted,remark\n" + "\n".join(lines) + "\n", shelf="A")

    def twice() -> list[int]:
        shelf.assert_counted(batch_id)
        rows = shelf.rows(batch_id)
        return [row.sequence for row in rows if row.status == CountStatus.TWICE and not row.removed]

    assert twice() == [1, 5]
    shelf.edit(batch_id, 1, remark="right")
    assert twice() == []
    shelf.edit(batch_id, 2, remark="right")
    assert twice() == [1, 2]
    with shelf.engine() as at_work:
        BulkEditor(at_work).edit(batch_id, {1: {"remark": "left"}, 3: {"item_code": "002"}}, "edit", "Some.")
    assert twice() == [1, 2, 3, 5]
    shelf.remove(batch_id, 5)
    assert twice() == [2, 3]
    shelf.edit(batch_id, 3, item_code="003")
    shelf.add(batch_id, item_code="007", counted="7", remark="left")
    assert twice() == [1, 7]
    shelf.remove_where(batch_id, ShelfCountRow.sequence == 7)
    assert twice() == []
