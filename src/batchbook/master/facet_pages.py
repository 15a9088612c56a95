"""Pages with the facets of a grid: all that are open, and one with more of its values, which scripts fetch as a part."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response

from batchbook.errors import BadInput, Missing
from batchbook.grid import Column, GridState
from batchbook.master.facet_panel import FEW, MANY, MOST_OPEN, FacetPanel, facets_key
from batchbook.master.grid_settings import remember
from batchbook.master.grid_view import GridView
from batchbook.master.links import href
from batchbook.master.view import Page

#: The number of characters of a text by which values are searched.
_LONGEST_SEARCH = 200
_PART = "batchbook.templates:master/facet_part.jinja2"


class GridFacets(Page):
    """A page about the facets of a grid; a subclass has the grid."""

    permission = "view"

    @abstractmethod
    def shown(self) -> GridView:
        """Return the grid, in the state of the address."""

    @property
    def list_name(self) -> str:
        """The name of the rows that are counted."""
        return self.view.title

    def panel_of(self, grid: GridView, base: str) -> FacetPanel:
        """Return the facets of ``grid``, whose links lead to ``base``; raise ``Missing`` if it has none."""
        facets = grid.facets
        if facets is None:
            raise Missing("This list has no facets.")
        return replace(facets, base=base)

    def template_values(self, **values: Any) -> dict[str, Any]:
        """Return the template's context, with the name of the list in it."""
        return super().template_values(list_name=self.list_name, **values)


class FacetsPage(GridFacets):
    """The open facets of a grid, on a page of their own, and the form that opens and closes them."""

    name = "facets"
    pattern = "/facets"
    template = "batchbook.templates:master/facets.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the open facets; their links lead to this page, narrowed."""
        grid = self.shown()
        return self.template_values(grid=grid, panel=self.panel_of(grid, self.request.path))

    def post(self) -> HTTPSeeOther:
        """Open or close a facet, remember that for the user, and show the page that the form is on."""
        params, grid = self.request.POST, self.shown()
        panel = self.panel_of(grid, grid.url)
        names = _changed([column.name for column in panel.opened], params, panel.columns)
        if grid.user:
            remember(self.request.db, grid.user, facets_key(grid.key), {"open": names})
        state = GridState.from_query(params.get("query", ""), grid.columns)
        if params.get("on") == "grid":
            return HTTPSeeOther(f"{href(grid.url, state)}&panel=facets")
        return HTTPSeeOther(href(self.request.path, state))


class FacetPage(GridFacets):
    """One facet with many of its values, and a field to search them; ``part`` in the query asks for the facet alone."""

    name = "facet"
    pattern = "/facet"
    template = "batchbook.templates:master/facet.jinja2"

    def get(self) -> Any:
        """Show the facet of the ``column`` in the query, else of the first one; its links lead to the grid."""
        grid, query = self.shown(), self.request.GET
        panel = self.panel_of(grid, grid.url)
        wanted = query.get("column", "")
        column = next((one for one in panel.columns if wanted in ("", one.name)), None)
        if column is None:
            raise BadInput("The address doesn't name a column that has a facet.")
        search = query.get("search", "").strip()[:_LONGEST_SEARCH]
        if "part" not in query:
            values = panel.facet(column, MANY, search)
            return self.template_values(grid=grid, panel=panel, facet=values, search=search)
        most = MANY if "most" in query else FEW
        return render_to_response(_PART, {"facet": panel.facet(column, most, search)}, self.request)


class IndexFacets(FacetsPage):
    """The facets of an index."""

    def shown(self) -> GridView:
        """Return the index's grid."""
        return self.view.grid()


class IndexFacet(FacetPage):
    """A facet of an index."""

    def shown(self) -> GridView:
        """Return the index's grid."""
        return self.view.grid()


def _changed(names: Sequence[str], params: Any, columns: Sequence[Column]) -> list[str]:
    """Return the open ``names`` after the form with ``params`` was sent, which opens or closes one of ``columns``."""
    closed, opened = params.get("close", ""), params.get("open", "")
    found = [name for name in names if name != closed]
    if opened and not closed and opened not in found and opened in {column.name for column in columns}:
        found = [opened, *found]
    return found[:MOST_OPEN]
