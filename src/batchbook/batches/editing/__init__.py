"""Editing a batch's rows and header: every way in for a person's change goes through here."""

from __future__ import annotations

from batchbook.batches.concurrency import StaleEdit
from batchbook.batches.editing.bulk import BulkEditor, BulkEditResult
from batchbook.batches.editing.editors import HeaderEditor, RowEditor, find_row
from batchbook.batches.editing.fields import (
    CellProblems,
    cell_text,
    editable_by_name,
    editable_columns,
    parsed,
)
from batchbook.batches.editing.removal import RowRemover, Selection

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
