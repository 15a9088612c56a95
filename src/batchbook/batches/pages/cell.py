"""A cell edited in its place in the grid."""

from __future__ import annotations

from typing import Any

from pyramid.renderers import render
from pyramid.response import Response

from batchbook.batches.counts import problem_rows
from batchbook.batches.editing import CellProblems, RowEditor, Stale
from batchbook.batches.pages.base import CONFLICT, UNPROCESSABLE, seen_version
from batchbook.batches.pages.onerow import ROW_PATTERN, OneRow
from batchbook.batches.pages.present import breakdown
from batchbook.batches.pages.rowgrid import RowGrid
from batchbook.grid import GridState


class EditCell(OneRow):
    """A cell edited in its place in the grid: answers JSON, see ``static/js/cell-editor.js``."""

    name = "cell"
    pattern = f"{ROW_PATTERN}/cell"

    def post(self) -> Response:
        """Store one field and return the row's and the breakdown's new HTML; or say why not, losing neither value."""
        field, text = self.request.POST.get("field", ""), self.request.POST.get("value", "")
        try:
            changed = RowEditor(self.engine).edit(
                self.batch.id, self.sequence, {field: text}, seen_version(self.request.POST)
            )
        except Stale as error:
            body = {"error": error.message, "version": error.version}
            both = {"mine": error.mine[field], "theirs": error.theirs[field]}
            return self._answer(CONFLICT, {**body, **both, **self._html()})
        except CellProblems as error:
            return self._answer(UNPROCESSABLE, {"error": error.message})
        message = f"Row {self.sequence}: {changed[0]} saved." if changed else "Nothing was changed."
        return self._answer(200, {"message": message, **self._html()})

    def _html(self) -> dict[str, str]:
        rows = RowGrid(self.view, self.batch, self.sequence)
        (row,) = rows.grid.grid.all_rows(self.request.db, GridState(), None)
        # The address carries the page's query, so that the counts mark the filter that the page shows.
        counts = breakdown(self.view, self.batch, rows.grid)
        context = {"grid": rows.grid, "rows": rows, "row": row, "breakdown": counts}
        context |= {"view": self.view, "batch": self.batch, "problem_rows": problem_rows(self.work)}
        parts = {"row_html": "row", "counts_html": "counts", "problems_html": "problem_count"}
        return {
            key: render(f"batchbook.templates:batches/parts/{part}.jinja2", context, self.request)
            for key, part in parts.items()
        }

    def _answer(self, status: int, body: dict[str, Any]) -> Response:
        return Response(json_body=body, status=status, content_type="application/json")
