"""Endpoints that answer with the rows of a grid at given positions, as the page would show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.renderers import render
from pyramid.response import Response
from sqlalchemy import Row

from batchbook.errors import BadInput, Conflict
from batchbook.grid import Column, GridState
from batchbook.grid.windows import MOST_ROWS
from batchbook.master.grid_view import GridView
from batchbook.master.paging import whole_number
from batchbook.master.view import Page
from batchbook.web.json_bodies import json_answer

#: The number of rows of a window that does not say how many.
USUAL_ROWS = 200
_ROWS = "batchbook.templates:master/rows.jinja2"


class IndexWindow(Page):
    """Rows of the index by their positions, as :func:`window_answer` describes."""

    name = "window"
    pattern = "/window"
    permission = "view"

    def get(self) -> Response:
        """Answer with the rows at the positions of the address."""
        return json_answer(window_answer(self.view.grid()))


def window_answer(grid: GridView) -> dict[str, Any]:
    """Return the answer to a request for a window: JSON for ``js/grid/row-window.js``.

    The query has the state of the grid, where nothing that was remembered counts, ``first``, the position of the first row
    from 0, ``count``, up to 500 and usually 200, ``keys``, the token of an earlier answer for the same state, and ``columns``, see
    :func:`rows_html`. The answer has ``first``,
    ``total`` (rows on all pages), ``html`` (of the rows), ``keys`` (the token for further windows, empty where none is needed)
    and ``version`` (of the rows, where their changes are counted).
    """
    first, count = number_in_address(grid, "first", 0), number_in_address(grid, "count", USUAL_ROWS)
    grid.state = state_in_address(grid)
    found = grid.windows.window(grid.state, first, min(count, MOST_ROWS), token_in_address(grid))
    return {
        "first": first,
        "total": found.total,
        "html": rows_html(grid, found.rows),
        "keys": found.token,
        "version": grid.windows.snapshot.version,
    }


def rows_html(grid: GridView, rows: Sequence[tuple[int | None, Row[Any]]]) -> str:
    """Return the markup of ``rows``, each with its position from 0 or ``None``, as in the table of the page.

    Their cells are those of the ``columns`` that the page has, as the address names them, separated by commas: the person may
    have arranged others since, in another window.
    """
    places = [0 if position is None else position + 1 for position, _ in rows]
    cells = grid.with_cells([row for _, row in rows], places, _columns_in_address(grid))
    html: str = render(_ROWS, {"rows": cells}, grid.request)
    return html


def rows_html_apart(grid: GridView, rows: Sequence[Row[Any]]) -> list[str]:
    """Return the markup of each of ``rows``, without positions, as :func:`rows_html` does."""
    cells = grid.with_cells(rows, None, _columns_in_address(grid))
    return [render(_ROWS, {"rows": [one]}, grid.request) for one in cells]


def _columns_in_address(grid: GridView) -> Sequence[Column] | None:
    """Return the columns in the address; ``None`` if it has none. Raises ``Conflict`` if one is not there any more."""
    names = names_in_address(grid)
    known = {column.name: column for column in grid.personal.columns}
    if not known.keys() >= set(names):
        raise Conflict("This list has other columns now than when you opened the page. Reload the page.")
    return [known[name] for name in names] or None


def names_in_address(grid: GridView) -> list[str]:
    """Return the names that ``columns`` in the address has, separated by commas, each once; any text may be among them."""
    names = (name for text in grid.request.GET.getall("columns") for name in text.split(",") if name)
    return list(dict.fromkeys(names))


def state_in_address(grid: GridView) -> GridState:
    """Return the state of ``grid`` in the address: the default one if it has none, whatever was remembered."""
    return GridState.from_params(grid.request.GET, grid.columns)


def token_in_address(grid: GridView) -> str:
    """Return the token in the address; empty if it has none."""
    token: str = grid.request.GET.get("keys", "")
    return token


def number_in_address(grid: GridView, name: str, usual: int) -> int:
    """Return the whole number called ``name`` in the address, or ``usual`` where it has none; raise ``BadInput`` for any other text."""
    number = whole_number(grid.request.GET.get(name, str(usual)))
    if number is None:
        raise BadInput(f"The address does not say which rows are wanted: “{name}” must be a whole number.")
    return number
