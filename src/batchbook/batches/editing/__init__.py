"""Editing a batch's rows and header: every way in for a person's change goes through here."""

from __future__ import annotations

from batchbook.batches.editing.fields import (
    CellProblems,
    Stale,
    cell_text,
    editable_by_name,
    editable_columns,
    parsed,
)
from batchbook.batches.editing.header import HeaderEditor
from batchbook.batches.editing.many import Edited, ManyEditor
from batchbook.batches.editing.removal import RowRemover, Selection
from batchbook.batches.editing.rows import RowEditor, find_row

__all__ = [
    "CellProblems",
    "Edited",
    "HeaderEditor",
    "ManyEditor",
    "RowEditor",
    "RowRemover",
    "Selection",
    "Stale",
    "cell_text",
    "editable_by_name",
    "editable_columns",
    "find_row",
    "parsed",
]
