"""The history of one cell: who changed it when, from what to what, as a page and as a part of one."""

from __future__ import annotations

from typing import Any

from pyramid.renderers import render
from sqlalchemy import select

from batchbook.batches.changed_cells import ChangedCell, in_row
from batchbook.batches.editing.field_changes import edited_by_name
from batchbook.batches.history import REMOVED
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch.changes_page import changed_cells_url
from batchbook.batches.pages.rows.row import CHANGES_SHOWN, ROW_PATTERN, OneRow
from batchbook.errors import Missing
from batchbook.grid import Column
from batchbook.web.json_bodies import json_answer
from batchbook.web.request import prefers_json

_PART = "batchbook.templates:batches/parts/cell_history.jinja2"


class CellHistory(OneRow):
    """The latest changes of a cell that people may edit. A script gets ``label``, ``text`` and, as ``html``, the part of the page."""

    name = "cell_history"
    pattern = f"{ROW_PATTERN}/cells/{{field}}/history"
    permission = Action.VIEW.value
    template = "batchbook.templates:batches/cell_history.jinja2"

    @property
    def column(self) -> Column:
        """The cell's column; raises ``Missing`` for another one than those that people may edit and this person may see."""
        name = self.request.matchdict["field"]
        column = edited_by_name(self.row_model, self.action_context.access).get(name)
        if column is None:
            raise Missing(f"{self.batch} has no field “{name[:60]}” whose cells could be changed.")
        return column

    def _is_added(self) -> bool:
        mark = select(ChangedCell.position).where(
            ChangedCell.batch_id == self.batch.id,
            in_row(ChangedCell, self.sequence),
            ChangedCell.field == REMOVED,
            ChangedCell.old.is_(None),
        )
        return self.request.db.scalar(mark.limit(1)) is not None

    def get(self) -> Any:
        """Show the changes, the latest first."""
        column = self.column
        text, changes = self.text_of(column), self.changes(column.name)
        values = self.template_values(
            row=self.row,
            column=column,
            text=text,
            changes=changes,
            original=None if not changes or self._is_added() else changes[0][0].original or "",
            most_changes=CHANGES_SHOWN,
            changes_url=changed_cells_url(self.view, self.batch, sequence=self.sequence),
            row_url=self.row_url,
        )
        if not prefers_json(self.request):
            return values
        body = {"label": column.label, "text": text, "html": render(_PART, values, self.request)}
        return json_answer(body)
