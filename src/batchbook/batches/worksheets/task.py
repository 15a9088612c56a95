"""Taking very many changes from a worksheet: the edit that a job does."""

from __future__ import annotations

from batchbook.batches.bulk import BulkEdit, edit_task
from batchbook.batches.worksheets.applying import apply_worksheet
from batchbook.batches.worksheets.comparing import compare
from batchbook.batches.worksheets.keeping import kept_worksheet


def _take(edit: BulkEdit) -> str:
    engine, arguments = edit.engine, edit.arguments
    work = engine.work_on(engine.find(edit.batch_id))
    with kept_worksheet(work, arguments["number"]) as sheet:
        found = compare(work, sheet)
    return apply_worksheet(engine, edit.batch_id, found, arguments["insisted"], arguments["seen"]).summary


TAKE_WORKSHEET = edit_task("take_worksheet", "Take worksheet", _take)
