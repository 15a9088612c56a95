"""The edits of very many rows that Batchbook brings: removing what a filter shows, and headers that decide about rows."""

from __future__ import annotations

from batchbook.batches.bulk import BulkEdit, edit_task
from batchbook.batches.editing import HeaderEditor, RowRemover, Selection
from batchbook.words import counted


def removed_words(count: int) -> str:
    """Return the sentences that say how many rows were removed."""
    return f"Removed {counted(count, 'row')}. Each can be restored from its page."


def _remove_rows(edit: BulkEdit) -> str:
    with edit.page() as page:
        seen = Selection.read(edit.arguments["seen"])
        return removed_words(RowRemover(edit.engine).remove_where(edit.batch_id, page.condition(), seen))


def _edit_header(edit: BulkEdit) -> str:
    arguments = edit.arguments
    changed = HeaderEditor(edit.engine).edit(edit.batch_id, arguments["texts"], arguments["version"])
    return f"Changed {', '.join(changed)}, and refreshed all rows." if changed else "Nothing was changed."


REMOVE_ROWS = edit_task("remove_rows", "Remove rows", _remove_rows)
EDIT_HEADER = edit_task("edit_header", "Edit header", _edit_header)

#: The tasks of all of them.
BULK_EDITS = (REMOVE_ROWS, EDIT_HEADER)
