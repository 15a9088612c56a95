"""The endpoint by which the grid saves one cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.renderers import render
from pyramid.response import Response

from batchbook.batches.concurrency import read_version
from batchbook.batches.editing import CellProblems, RowEditor, StaleEdit
from batchbook.batches.engine.context import problem_rows
from batchbook.batches.pages.batch_page import CONFLICT, UNPROCESSABLE
from batchbook.batches.pages.rows.row import ROW_PATTERN, OneRow
from batchbook.batches.pages.rows.row_grid import RowGrid
from batchbook.batches.pages.view_models import breakdown
from batchbook.grid import GridState


class EditCell(OneRow):
    """A cell edited in its place in the grid: answers JSON, see ``static/js/edit-request.js``."""

    name = "cell"
    pattern = f"{ROW_PATTERN}/cell"

    def post(self) -> Response:
        """Store one field and return the row's and the breakdown's new HTML; or say why not, losing neither value."""
        field, text = self.request.POST.get("field", ""), self.request.POST.get("value", "")
        try:
            edited = RowEditor(self.engine).edit(
                self.batch.id, self.sequence, {field: text}, read_version(self.request.POST)
            )
        except StaleEdit as error:
            body = {"error": error.message, "version": error.version}
            both = {"mine": error.mine[field], "theirs": error.theirs[field]}
            return self._answer(CONFLICT, {**body, **both, **self._html()})
        except CellProblems as error:
            return self._answer(UNPROCESSABLE, {"error": error.message})
        changed = bool(edited.labels)
        message = f"Row {self.sequence}: {edited.labels[0]} saved." if changed else "Nothing was changed."
        peers = self._peers(edited.peers)
        return self._answer(200, {"message": message, "changed": changed, "peers": peers, **self._html()})

    def _html(self) -> dict[str, Any]:
        rows = RowGrid(self.view, self.batch, [self.sequence])
        (row,) = rows.grid.grid.all_rows(self.request.db, GridState(), None)
        # The address carries the page's query, so that the counts mark the filter that the page shows.
        counts = breakdown(self.view, self.batch, rows.grid)
        context = {"grid": rows.grid, "rows": rows, "row": row, "breakdown": counts}
        context |= {"view": self.view, "batch": self.batch, "problem_rows": problem_rows(self.work)}
        parts = {"row_html": "row", "counts_html": "counts", "problems_html": "problem_count"}
        html = {key: self._render(part, context) for key, part in parts.items()}
        return {"version": row.version, **html}

    def _peers(self, before: Mapping[int, int]) -> list[dict[str, Any]]:
        """Return the rows that were brought up to date as well, with the versions that they had ``before``, by number."""
        rows = RowGrid(self.view, self.batch, list(before))
        found = rows.grid.grid.all_rows(self.request.db, GridState(), None) if before else ()
        context = {"grid": rows.grid, "rows": rows}
        return [
            {
                "before": before[row.sequence],
                "version": row.version,
                "row_html": self._render("row", {**context, "row": row}),
            }
            for row in found
        ]

    def _render(self, part: str, context: Mapping[str, Any]) -> str:
        html: str = render(f"batchbook.templates:batches/parts/{part}.jinja2", context, self.request)
        return html

    def _answer(self, status: int, body: dict[str, Any]) -> Response:
        return Response(json_body=body, status=status, content_type="application/json")
