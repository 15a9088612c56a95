"""Worksheets: a batch's rows as a workbook, to be corrected in a spreadsheet program and taken back.

Only cells that were changed in the sheet are taken, and none that somebody changed in the batch since.
"""

from __future__ import annotations

from batchbook.batches.worksheets.batch_layout import layout_of
from batchbook.batches.worksheets.diff import SheetChange, WorksheetDiff, diff_worksheet
from batchbook.batches.worksheets.layout import Layout, RowLayout, SheetColumn
from batchbook.batches.worksheets.sheet_reader import open_worksheet
from batchbook.batches.worksheets.sheet_rows import carried_by, sheet_grid, sheet_select, with_problems
from batchbook.batches.worksheets.sheet_writer import refuse_too_large, write_worksheet
from batchbook.batches.worksheets.storage import (
    AppliedChanges,
    apply_worksheet,
    refuse_unseen,
    store_worksheet,
    stored_worksheet,
)

__all__ = [
    "AppliedChanges",
    "Layout",
    "RowLayout",
    "SheetChange",
    "SheetColumn",
    "WorksheetDiff",
    "apply_worksheet",
    "carried_by",
    "diff_worksheet",
    "layout_of",
    "open_worksheet",
    "refuse_too_large",
    "refuse_unseen",
    "sheet_grid",
    "sheet_select",
    "store_worksheet",
    "stored_worksheet",
    "with_problems",
    "write_worksheet",
]
