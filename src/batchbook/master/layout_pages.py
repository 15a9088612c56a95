"""The layout of a grid as a person arranges it: read from a script or from the form, remembered, and answered."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pyramid.httpexceptions import HTTPNoContent, HTTPSeeOther
from pyramid.response import Response

from batchbook.errors import BadInput
from batchbook.grid import Column, GridLayout
from batchbook.master.filter_form import is_reset
from batchbook.master.grid_settings import RememberedPage
from batchbook.master.grid_view import GridView
from batchbook.master.paging import whole_number
from batchbook.master.view import Page
from batchbook.master.window_pages import state_in_address
from batchbook.web.json_bodies import JsonBody
from batchbook.web.request import Request, prefers_json

_NOT_UNDERSTOOD = "This layout is not understood, so it was not stored. Reload the page and try again."


def layout_from_form(params: Any, columns: Sequence[Column], layout: GridLayout) -> dict[str, Any]:
    """Return the layout in the form “Columns”, as a script would send it.

    For each column, ``place.NAME`` is its number in the order, and ``shown`` names it if it is ticked. The first ``frozen`` of
    those that are shown stay in sight. Widths are as they were.
    """
    shown = set(params.getall("shown"))
    if not shown & {column.name for column in columns}:
        raise BadInput("A grid shows at least one column. Nothing was changed.")
    arranged = layout.arranged(columns)
    places = {}
    for place, column in enumerate(arranged, start=1):
        number = whole_number(params.get(f"place.{column.name}", "")) or place
        # A column that is moved to a place comes before the one that is there.
        places[column.name] = (number, number == place, place)
    names = sorted(places, key=lambda name: places[name])
    frozen = [name for name in names if name in shown][: whole_number(params.get("frozen", "")) or 0]
    return {
        "columns": [
            {
                "name": name,
                "width": layout.widths.get(name),
                "hidden": name not in shown,
                "frozen": name in frozen,
            }
            for name in names
        ],
        "density": params.get("density"),
    }


def layout_from_script(request: Request) -> Mapping[str, Any]:
    """Return the JSON object that was sent; raise ``BadInput`` for anything else."""
    body = JsonBody.of(request, _NOT_UNDERSTOOD)
    body.values("columns")
    return body.parts


class LayoutPage(Page):
    """The layout of a grid: its style sheet, and the target of the form “Columns” and of scripts; a subclass has the grid."""

    @property
    @abstractmethod
    def arranged(self) -> GridView:
        """The grid whose layout it is."""

    @property
    def _grid(self) -> GridView:
        """The grid in the state of the address, which names the saved view whose columns are meant, if any."""
        grid = self.arranged
        grid.state = state_in_address(grid)
        return grid

    def get(self) -> Response:
        """Send the style sheet of the layout, to be kept as long as its address says the same."""
        personal = self._grid.personal
        response = Response(text=personal.style, content_type="text/css", charset="utf-8")
        if self.request.path_qs == personal.style_url:
            response.cache_control = "private, max-age=31536000, immutable"
        return response

    def post(self) -> Response:
        """Remember the layout. A script gets an empty answer, and a person the grid in the state that it had."""
        grid, request = self._grid, self.request
        if prefers_json(request):
            sent = layout_from_script(request)
            grid.personal.remember(sent)
            RememberedPage(request.db, grid.user, grid.key).remember(sent)
            return HTTPNoContent()
        if is_reset(request.POST):
            grid.personal.reset()
        else:
            grid.personal.remember(
                layout_from_form(request.POST, grid.personal.columns, grid.personal.layout)
            )
        # Written anew, because an address may not have everything that a form has.
        query = urlencode(parse_qsl(request.POST.get("query", ""), keep_blank_values=True))
        return HTTPSeeOther(f"{grid.url}?{query}" if query else grid.url)


class RememberLayout(LayoutPage):
    """The layout of the grid of an index."""

    name = "layout"
    pattern = "/layout"
    permission = "view"

    @property
    def arranged(self) -> GridView:
        """The grid of the index."""
        return self.view.grid()
