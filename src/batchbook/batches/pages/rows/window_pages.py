"""Endpoints of the row grid that answer about rows which a page has not loaded, as JSON for ``static/js/grid``.

Their addresses have the state of the grid, where nothing that was remembered counts, and ``keys``, the token of an earlier
window. Positions are those of all pages of the state, from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from pyramid.response import Response

from batchbook.batches.editing.field_changes import text_in
from batchbook.batches.pages.rows.row_grid import GridPage
from batchbook.batches.pages.view import PROBLEMS
from batchbook.errors import BadInput
from batchbook.grid import Column, GridState, shown_text
from batchbook.grid.filters import condition
from batchbook.grid.parsers import quoted
from batchbook.grid.row_search import cell_with, contains_text, edge_of_data, first_match
from batchbook.grid.summaries import summarize
from batchbook.grid.verbs import Verb
from batchbook.grid.windows import MOST_ROWS
from batchbook.master import GridView
from batchbook.master.window_pages import (
    USUAL_ROWS,
    names_in_address,
    number_in_address,
    state_in_address,
    token_in_address,
    window_answer,
)
from batchbook.web.json_bodies import json_answer
from batchbook.words import is_storable

#: The most characters of a text that is looked for.
_LONGEST = 200


class RowsWindow(GridPage):
    """Rows of the batch by their positions, as :func:`~batchbook.master.window_pages.window_answer` describes."""

    name = "rows_window"
    pattern = "/rows/window"

    def get(self) -> Response:
        """Answer with the rows at the positions of the address."""
        return json_answer(window_answer(self.rows.grid))


class _RowsPage(GridPage):
    @cached_property
    def grid(self) -> GridView:
        """The batch's grid, in the state of the address."""
        grid = self.rows.grid
        grid.state = state_in_address(grid)
        return grid

    @property
    def state(self) -> GridState:
        """The state of the address."""
        return self.grid.state

    @property
    def token(self) -> str:
        """The token of the address."""
        return token_in_address(self.grid)

    def columns(self) -> Sequence[Column]:
        """Return the columns that ``columns`` in the address names, separated by commas; by default those of the table."""
        # Each is named once: databases refuse statements with thousands of columns.
        return [self.column(name) for name in names_in_address(self.grid)] or self.grid.personal.visible

    def column(self, name: str) -> Column:
        """Return the column of that name; raise ``BadInput`` if there is none."""
        found = next((column for column in self.grid.grid.file_columns if column.name == name), None)
        if found is None:
            raise BadInput(f"There is no column {quoted(name)} in this grid.")
        return found


class FindRow(_RowsPage):
    """The next row from the position ``from`` on, ``down`` or ``up`` as ``direction`` says, and the field in it.

    Looked for is ``text`` in ``columns``, a ``problem`` (in a row that is not removed), or the ``edge`` of data in the column
    of that name, to which Ctrl and an arrow lead. The answer is ``{position, key, field}``, or null if there is none.
    """

    name = "rows_find"
    pattern = "/rows/find"

    def get(self) -> Response:
        """Answer with the place of the row, or null."""
        params, start = self.request.GET, number_in_address(self.grid, "from", 0)
        upwards = params.get("direction") == "up"
        if "edge" in params:
            column = self.column(params["edge"])
            found = edge_of_data(self.grid.windows, self.state, column, start, self.token, upwards=upwards)
            return self._answer(found, lambda _values: column.name)
        if "problem" in params:
            return self._answer(self._first(self._problem(), start, upwards), self._problem_field)
        text = self._text()
        if not text:
            return json_answer(None)
        columns = self.columns()
        ordered = columns[::-1] if upwards else columns

        def field_with_text(values: Any) -> str | None:
            found = cell_with(ordered, values, text, self.request.conventions)
            return found.name if found else None

        return self._answer(
            self._first(contains_text(columns, text, self.request.conventions), start, upwards),
            field_with_text,
        )

    def _text(self) -> str:
        text: str = self.request.GET.get("text", "")
        if not is_storable(text) or len(text) > _LONGEST:
            raise BadInput(f"Only texts of up to {_LONGEST} characters that can be stored can be looked for.")
        return text

    def _first(self, wanted: Any, start: int, upwards: bool) -> int | None:
        return first_match(self.grid.windows, self.state, wanted, start, self.token, upwards=upwards)

    def _problem(self) -> Any:
        problems = next(column for column in self.grid.columns if column.name == PROBLEMS)
        return condition(problems, Verb.IS_TRUE, (), None) & ~self.row_model.removed

    def _problem_field(self, values: Any) -> str | None:
        shown = {column.name for column in self.grid.personal.visible}
        fields = [issue["field"] for issue in values["issues"] or () if issue["field"] in shown]
        return fields[0] if fields else None

    def _answer(self, position: int | None, field_of: Any) -> Response:
        rows = [] if position is None else self.grid.windows.window(self.state, position, 1, self.token).rows
        if not rows:
            return json_answer(None)
        values = rows[0][1]._mapping
        return json_answer({"position": position, "key": values["sequence"], "field": field_of(values)})


class SummarizeRows(_RowsPage):
    """Of the rows at the positions ``first`` to ``first + count``, for each of ``columns``: how many cells are filled, sum, average."""

    name = "rows_summary"
    pattern = "/rows/summary"

    def get(self) -> Response:
        """Answer with ``{columns: {field: {count, sum, average}}}``, sum and average in words and null for no numbers."""
        first, count = (
            number_in_address(self.grid, "first", 0),
            number_in_address(self.grid, "count", USUAL_ROWS),
        )
        columns = self.columns()
        found = summarize(self.grid.windows, self.state, first, count, columns, self.token)
        conventions = self.request.conventions
        texts = {column.name: found[column.name].texts(column, conventions) for column in columns}
        return json_answer({"columns": texts})


class RowTexts(_RowsPage):
    """The texts of the cells of ``columns`` in the rows at the positions ``first`` to ``first + count``, up to 500, for copying."""

    name = "rows_texts"
    pattern = "/rows/texts"

    def get(self) -> Response:
        """Answer with ``{texts: [[text, …], …]}``, a line for each row."""
        first, count = (
            number_in_address(self.grid, "first", 0),
            number_in_address(self.grid, "count", USUAL_ROWS),
        )
        columns = self.columns()
        found = self.grid.windows.window(self.state, first, min(count, MOST_ROWS), self.token)
        conventions = self.request.conventions
        texts = [
            [
                shown_text(column, text_in(column, row._mapping[column.name], row.issues), conventions)
                for column in columns
            ]
            for _, row in found.rows
        ]
        return json_answer({"texts": texts, "keys": found.token})
