"""Submitted texts change the fields whose meaning they change, and no others."""

from __future__ import annotations

from tests.batches.shelf_count import ShelfCount, ShelfCountRow

from batchbook.batches.editing import editable_columns


def test_what_can_be_edited_is_what_the_models_say() -> None:
    assert [c.name for c in editable_columns(ShelfCountRow)] == ["item_code", "counted", "remark"]
    assert {c.name for c in editable_columns(ShelfCount)} == {"description", "notes", "shelf", "tolerance"}
