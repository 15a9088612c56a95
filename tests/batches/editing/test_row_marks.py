"""The mark of removed rows, on many rows at once."""

from __future__ import annotations

from sqlalchemy import Engine, event
from tests.batches.editing.undoing import redo, table, undo
from tests.batches.harness import BatchHarness
from tests.batches.shelf_count import ShelfCountRow

from batchbook.batches.editing import RowRemover


def _opened(harness: BatchHarness, rows: int) -> int:
    lines = "".join(f"{number:05},{number},\n" for number in range(rows))
    return harness.open(f"item,counted,remark\n{lines}", shelf="A")


def _undone_and_redone(engine: Engine, harness: BatchHarness, rows: int) -> int:
    """Remove half of that many ``rows``, undo and redo that; return the number of statements on the history's cells.

    The handler of these rows looks each of them up.
    """
    batch_id = _opened(harness, rows)
    before = table(harness, batch_id)
    with harness.engine() as at_work:
        RowRemover(at_work).remove_where(batch_id, ShelfCountRow.sequence % 2 == 0)
    between = table(harness, batch_id)
    statements: list[str] = []
    event.listen(
        engine,
        "before_cursor_execute",
        lambda *told: statements.append(told[2]) if "cell_change" in told[2] else None,
    )
    undone = undo(harness, batch_id)
    assert (undone.undone, undone.left) == (rows // 2, 0)
    count = len(statements)
    assert table(harness, batch_id) == before
    harness.assert_counted(batch_id)
    statements.clear()
    assert redo(harness, batch_id).undone == rows // 2
    count += len(statements)
    assert table(harness, batch_id) == between
    harness.assert_counted(batch_id)
    return count


def test_the_undo_of_a_removal_takes_as_many_statements_for_many_rows_as_for_few(
    engine: Engine, harness: BatchHarness
) -> None:
    few = _undone_and_redone(engine, harness, 40)
    assert _undone_and_redone(engine, harness, 600) == few


def _removal_undone(harness: BatchHarness) -> int:
    """Return the number of a batch of six rows, of which Ann has removed four and undone that."""
    batch_id, ann = _opened(harness, 6), harness.by("ann")
    with ann.engine() as at_work:
        RowRemover(at_work).remove_where(batch_id, ShelfCountRow.sequence > 2)
    assert undo(ann, batch_id).undone == 4
    return batch_id


def test_rows_that_somebody_else_changed_are_not_removed_again(harness: BatchHarness) -> None:
    batch_id = _removal_undone(harness)
    ann, bob = harness.by("ann"), harness.by("bob")
    bob.edit(batch_id, 4, remark="kept")
    result = redo(ann, batch_id)
    assert (result.undone, result.left, result.sequences) == (3, 1, [3, 5, 6])
    assert [one.reason for one in result.skipped] == ["Row 4 was changed by bob since."]
    assert [row.removed for row in harness.rows(batch_id)] == [False, False, True, False, True, True]
    assert undo(ann, batch_id).undone == 3
    harness.assert_counted(batch_id)


def test_a_row_that_somebody_else_removed_already_is_not_left_alone(harness: BatchHarness) -> None:
    batch_id = _removal_undone(harness)
    ann, bob = harness.by("ann"), harness.by("bob")
    bob.remove(batch_id, 4)
    result = redo(ann, batch_id)
    assert (result.undone, result.left, result.sequences) == (3, 0, [3, 5, 6])
    harness.assert_counted(batch_id)
