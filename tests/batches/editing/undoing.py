"""Undoing as people do it, for tests of what comes of it."""

from __future__ import annotations

from tests.batches.harness import BatchHarness

from batchbook.batches.editing import BulkEditor, Undoer, UndoResult

FILE = "item,counted,remark\n007,7,\n008,9,\n009,lots,look\n007,7,\n010,lots,\n"


def undo(harness: BatchHarness, batch_id: int) -> UndoResult:
    with harness.engine() as engine:
        return Undoer(engine).undo(batch_id)


def redo(harness: BatchHarness, batch_id: int) -> UndoResult:
    with harness.engine() as engine:
        return Undoer(engine).redo(batch_id)


def reverse(harness: BatchHarness, batch_id: int, number: int, *, partly: bool = False) -> UndoResult:
    with harness.engine() as engine:
        return Undoer(engine).reverse(batch_id, number, partly=partly)


def fill(harness: BatchHarness, batch_id: int, texts: dict[int, dict[str, str]]) -> None:
    with harness.engine() as engine:
        BulkEditor(engine).edit(batch_id, texts, "fill", f"Filled {len(texts)} rows.")


def table(harness: BatchHarness, batch_id: int) -> list[tuple[object, ...]]:
    names = ("item_code", "counted", "remark", "removed", "status", "issues")
    return [tuple(row[name] for name in names) for row in harness.rows(batch_id)]


def last_number(harness: BatchHarness, batch_id: int) -> int:
    return len(harness.operations(batch_id))
