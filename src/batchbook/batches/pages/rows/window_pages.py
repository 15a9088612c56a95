"""Endpoints of the row grid that answer about rows which a page has not loaded."""

from __future__ import annotations

from pyramid.response import Response

from batchbook.batches.pages.rows.row_grid import GridPage
from batchbook.master.window_pages import json_answer, window_answer


class RowsWindow(GridPage):
    """Rows of the batch by their positions, as :func:`~batchbook.master.window_pages.window_answer` describes."""

    name = "rows_window"
    pattern = "/rows/window"

    def get(self) -> Response:
        """Answer with the rows at the positions of the address."""
        return json_answer(window_answer(self.rows.grid))
