"""The marks on the cells of a batch's grid: which differ from the file or query that they came from, and which have comments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from batchbook.batches.changed_rows import differing_cells
from batchbook.batches.editing.field_changes import edited_by_name
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.review.comments import comments_by_cell
from batchbook.batches.review.models import BatchComment
from batchbook.grid import Conventions, shown_text
from batchbook.master.row_cells import CellNote, CellNotes
from batchbook.words import counted

#: The number of characters of a text or comment in the title of its cell.
_LONGEST = 200
#: The number of characters of both texts of a cell that differs, up to which the one in the source is shown beside the other.
_BESIDE = 10


class CellMarks:
    """The marks on the cells of the batch of ``context`` that the person may see: those that differ from the ``source``, and those that people commented on.

    Texts are written by the ``conventions`` of the reader.
    """

    def __init__(self, context: ActionContext, source: str, conventions: Conventions) -> None:
        self._context, self._source, self._conventions = context, source, conventions
        self._columns = edited_by_name(context.row, context.access)

    def of(self, rows: Sequence[Row[Any]]) -> CellNotes:
        """Return the marks on the cells of ``rows``, by their numbers and the names of columns, in two queries."""
        sequences = [row.sequence for row in rows]
        notes: dict[int, dict[str, list[CellNote]]] = {}
        for sequence, field, before, now in differing_cells(
            self._context.session, self._context.batch.id, sequences
        ):
            if self._context.access.sees(field):
                notes.setdefault(sequence, {})[field] = [self._differing(field, before, now)]
        for sequence, of_row in comments_by_cell(
            self._context.session, self._context.batch.id, sequences
        ).items():
            for field, found in of_row.items():
                if self._context.access.sees(field):
                    notes.setdefault(sequence, {}).setdefault(field, []).append(_commented(found))
        return notes

    def _differing(self, field: str, before: str | None, now: str | None) -> CellNote:
        column = self._columns.get(field)
        texts = [
            shown_text(column, text, self._conventions) if text and column is not None else text or ""
            for text in (before, now)
        ]
        old, new = (f"“{_cut(text)}”" if text else "empty" for text in texts)
        if before is None:
            return CellNote("differs", f"Entered here: {new}.")
        shown = texts[0] if len(texts[0]) > 0 and len("".join(texts)) <= _BESIDE else None
        return CellNote("differs", f"In the {self._source}: {old}. Here: {new}.", shown)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _commented(comments: Sequence[BatchComment]) -> CellNote:
    latest = comments[-1]
    more = f" {counted(len(comments) - 1, 'earlier comment')}." if len(comments) > 1 else ""
    return CellNote("commented", f"{latest.author} commented: {_cut(latest.text)}{more}")
