"""Cells that are reviewed one by one."""

from __future__ import annotations

from tests.batches.editing.test_cell_blocks import batch_id as batch_id
from tests.batches.editing.test_cell_blocks import paste
from tests.batches.harness import BatchHarness

from batchbook.batches.editing.cell_review import CellConflict


def test_a_cell_that_somebody_else_changed_is_told_and_the_others_are_stored(
    harness: BatchHarness, batch_id: int
) -> None:
    harness.edit(batch_id, 2, remark="theirs", counted="8")
    seen = {2: {"remark": "", "counted": "9"}, 1: {"remark": ""}}
    done = paste(harness, batch_id, [1, 2], ["remark", "counted"], [["mine", "8"]], seen)
    assert done.review.conflicts == [CellConflict(2, "remark", "mine", "theirs", "")]
    assert [row.remark for row in harness.rows(batch_id)][:2] == ["mine", "theirs"]
    assert "1 cell was left alone, because somebody else has changed what was there." in done.message
