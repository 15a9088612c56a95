"""The editing of a batch's rows and header. All changes by people, from pages and commands, go through this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchbook.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from batchbook.batches.concurrency import StaleEdit as StaleEdit
    from batchbook.batches.editing.bulk import BulkEditor as BulkEditor
    from batchbook.batches.editing.bulk import BulkEditResult as BulkEditResult
    from batchbook.batches.editing.editors import HeaderEditor as HeaderEditor
    from batchbook.batches.editing.editors import RowEditor as RowEditor
    from batchbook.batches.editing.editors import find_row as find_row
    from batchbook.batches.editing.field_changes import CellProblems as CellProblems
    from batchbook.batches.editing.field_changes import cell_text as cell_text
    from batchbook.batches.editing.field_changes import editable_by_name as editable_by_name
    from batchbook.batches.editing.field_changes import editable_columns as editable_columns
    from batchbook.batches.editing.field_changes import parsed as parsed
    from batchbook.batches.editing.planned_entry import EntryResult as EntryResult
    from batchbook.batches.editing.removal import RowRemover as RowRemover
    from batchbook.batches.editing.removal import Selection as Selection
    from batchbook.batches.editing.undo import Undoer as Undoer
    from batchbook.batches.editing.undo import UndoResult as UndoResult
else:
    __getattr__ = lazy_exports(__name__)
