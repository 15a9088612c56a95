"""The marks on the cells of a batch's grid: which of them people commented on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from batchbook.batches.models import Batch
from batchbook.batches.review.comments import comments_by_cell
from batchbook.batches.review.models import BatchComment
from batchbook.master.row_cells import CellNote, CellNotes
from batchbook.words import counted

#: The number of characters of a comment in the title of its cell.
_LONGEST = 200


def cell_notes(session: Session, batch: Batch, rows: Sequence[Row[Any]]) -> CellNotes:
    """Return the marks on the cells of ``rows``, by their numbers and the names of columns, in one query."""
    comments = comments_by_cell(session, batch.id, [row.sequence for row in rows])
    return {
        sequence: {field: [_commented(found)] for field, found in of_row.items()}
        for sequence, of_row in comments.items()
    }


def _commented(comments: Sequence[BatchComment]) -> CellNote:
    latest = comments[-1]
    text = latest.text if len(latest.text) <= _LONGEST else f"{latest.text[: _LONGEST - 1]}…"
    more = f" {counted(len(comments) - 1, 'earlier comment')}." if len(comments) > 1 else ""
    return CellNote("commented", f"{latest.author} commented: {text}{more}")
