"""Editing a batch's rows and header: every way in for a person's change goes through here."""

from __future__ import annotations

from batchbook.batches.concurrency import StaleEdit
from batchbook.batches.editing.bulk import BulkEditor, BulkEditResult
from batchbook.batches.editing.fields import (
    CellProblems,
    cell_text,
    editable_by_name,
    editable_columns,
    parsed,
)
from batchbook.batches.editing.header_editor import HeaderEditor
from batchbook.batches.editing.removal import RowRemover, Selection
from batchbook.batches.editing.row_editor import RowEditor, find_row

__all__ = [
    "BulkEditResult",
    "BulkEditor",
    "CellProblems",
    "HeaderEditor",
    "RowEditor",
    "RowRemover",
    "Selection",
    "StaleEdit",
    "cell_text",
    "editable_by_name",
    "editable_columns",
    "find_row",
    "parsed",
]
