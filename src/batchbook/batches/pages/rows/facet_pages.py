"""The facets of a batch's rows: the most frequent values of its columns, and histograms of its numbers."""

from __future__ import annotations

from batchbook.batches.pages.rows.row_grid import GridPage
from batchbook.master import FacetPage, FacetsPage, GridView


class _RowFacets(GridPage):
    """A page about the facets of a batch's rows."""

    def shown(self) -> GridView:
        """Return the batch's grid."""
        return self.rows.grid

    @property
    def list_name(self) -> str:
        """The batch, in the middle of a sentence."""
        return f"batch {self.batch.number}"


class RowFacets(_RowFacets, FacetsPage):
    """The open facets, on a page of their own."""

    name = "row_facets"
    pattern = "/rows/facets"


class RowFacet(_RowFacets, FacetPage):
    """One facet, with more of its values."""

    name = "row_facet"
    pattern = "/rows/facet"
