"""Worksheets: a batch's rows as a workbook, to be corrected in a spreadsheet program and taken back.

Only cells that were changed in the sheet are taken, and none that somebody changed in the batch since.
"""

from __future__ import annotations

from batchbook.batches.worksheets.applying import Applied, apply_worksheet, refuse_unseen
from batchbook.batches.worksheets.choosing import layout_of
from batchbook.batches.worksheets.comparing import Comparison, SheetChange, compare
from batchbook.batches.worksheets.keeping import keep_worksheet, kept_worksheet
from batchbook.batches.worksheets.layout import Layout, RowLayout, SheetColumn
from batchbook.batches.worksheets.reading import open_worksheet
from batchbook.batches.worksheets.rows import carried_by, sheet_grid, sheet_select, with_problems
from batchbook.batches.worksheets.writing import refuse_too_large, write_worksheet

__all__ = [
    "Applied",
    "Comparison",
    "Layout",
    "RowLayout",
    "SheetChange",
    "SheetColumn",
    "apply_worksheet",
    "carried_by",
    "compare",
    "keep_worksheet",
    "kept_worksheet",
    "layout_of",
    "open_worksheet",
    "refuse_too_large",
    "refuse_unseen",
    "sheet_grid",
    "sheet_select",
    "with_problems",
    "write_worksheet",
]
