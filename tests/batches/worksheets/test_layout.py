"""A type declares the layout of its worksheets, or leaves it to the usual one."""

from __future__ import annotations

from typing import Any

from tests.batches.shelf_count import ShelfCountRow

from batchbook.batches import RowLayout, Worksheet
from batchbook.batches.worksheets.layout import Layout
from batchbook.grid import columns_of

LAYOUT = RowLayout(ShelfCountRow, columns_of(ShelfCountRow, ["item_code"]))


def own_layout(handler: Any, batch: Any) -> Layout | None:
    return LAYOUT if (handler, batch) == ("handler", "batch") else None


def test_a_declared_function_returns_the_layout_of_a_batch() -> None:
    assert Worksheet().layout_for("handler", "batch") is None
    declared = Worksheet(layout=own_layout)
    assert declared.layout_for("handler", "batch") is LAYOUT
    assert declared.layout_for("handler", "another batch") is None
