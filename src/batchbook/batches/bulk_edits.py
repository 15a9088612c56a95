"""The edits of very many rows that Batchbook brings: removing what a filter shows, headers that decide about rows, and
fixing cells alike.
"""

from __future__ import annotations

from batchbook.batches.alike import Alike, AlikeFixer, fixed_words
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


def _fix_alike(edit: BulkEdit) -> str:
    arguments = edit.arguments
    seen = Selection.read(arguments["seen"])
    fixer = AlikeFixer(edit.engine)
    return fixed_words(fixer.fix(edit.batch_id, Alike(**arguments["alike"]), arguments["text"], seen))


REMOVE_ROWS = edit_task("remove_rows", "Remove rows", _remove_rows)
EDIT_HEADER = edit_task("edit_header", "Edit header", _edit_header)
FIX_ALIKE = edit_task("fix_alike", "Fix cells alike", _fix_alike)

#: The tasks of all of them.
BULK_EDITS = (REMOVE_ROWS, EDIT_HEADER, FIX_ALIKE)
