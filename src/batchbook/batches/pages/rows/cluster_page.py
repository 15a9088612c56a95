"""The page of values that may be spellings of the same: they are merged after a preview, as one operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from batchbook.batches.editing import CellProblems, Selection, editable_by_name
from batchbook.batches.editing.merging import Replacements, ValueMerger
from batchbook.batches.editing.problems import fixed_message
from batchbook.batches.lifecycle import Action
from batchbook.batches.pages.batch_page import UNPROCESSABLE, follow_on
from batchbook.batches.pages.rows.row_grid import GridPage, usable
from batchbook.batches.running.bulk_edits import MERGE_VALUES, enqueue_edit, is_big, rows_reference
from batchbook.errors import BadInput
from batchbook.grid import Column, Filter, GridState, Kind, Verb
from batchbook.grid.clusters import RADII, Cluster, Clusters, Method, find_clusters
from batchbook.grid.facets import count_values
from batchbook.master.paging import whole_number

#: The most different values that are compared, and the number of clusters on the page.
MOST_VALUES, CLUSTERS_SHOWN = 50_000, 50


@dataclass(frozen=True)
class MergedValue:
    """A value that would be replaced by ``text``, in so many ``rows``."""

    value: str
    text: str
    rows: int


class ClusterPage(GridPage):
    """Clusters of the values that one column has in the rows of the filters.

    The query has the state of the grid, ``column``, ``method`` and ``radius``; for the preview also ``do`` and, for each cluster to
    merge, ``merge`` with its key; ``to.KEY`` is the value to keep, and ``new.KEY`` another text instead.
    """

    name = "clusters"
    pattern = "/rows/clusters"
    permission = Action.EDIT.value
    template = "batchbook.templates:batches/clusters.jinja2"

    def get(self) -> dict[str, Any]:
        """Show the clusters; or the values that the ticked ones would replace."""
        if not self.columns:
            return self.template_values(column=None, rows_url=self.rows.grid.links.to())
        if self.request.GET.get("do") == "preview":
            return self._preview()
        return self._page()

    def post(self) -> Any:
        """Replace the values that the form has, if their rows are still those of the preview."""
        params = self.request.POST
        seen = Selection.read(params, "The form doesn't say which rows you saw, so nothing was changed.")
        values, texts = params.getall("from"), params.getall("to")
        if len(values) != len(texts):
            raise BadInput("The form doesn't say what each value becomes, so nothing was changed.")
        replacements = Replacements(self.column.name, dict(zip(values, texts, strict=True)))
        merger, condition = ValueMerger(self.engine), self.condition()
        if not is_big(self.request.services, seen.count):
            edited = merger.merge(self.batch.id, condition, replacements, seen.token)
            return self.done(fixed_message(edited), self.url_of())
        merger.demand_seen(self.action_context, condition, replacements, seen.token)
        grid = rows_reference(self.batch).in_state(self.state)
        arguments = {"grid": grid.to_json(), "seen": seen.token, **asdict(replacements)}
        fields = (replacements.field,)
        result = enqueue_edit(
            self.request.services, self.engine, self.batch.id, MERGE_VALUES.name, arguments, fields
        )
        return follow_on(self.request, result, self.url_of())

    @cached_property
    def columns(self) -> Sequence[Column]:
        """The columns whose values can be merged: texts that people may edit."""
        editable = editable_by_name(self.row_model, self.action_context.access)
        return [
            c for c in self.rows.grid.columns if c.kind is Kind.TEXT and c.filterable and c.name in editable
        ]

    @cached_property
    def column(self) -> Column:
        """The column in the address, else the first one; raises ``BadInput`` for another one."""
        wanted = self.request.GET.get("column", "")
        found = [one for one in self.columns if wanted in ("", one.name)]
        if not found:
            raise BadInput(
                "The address doesn't name a column of texts that can be edited, so nothing was changed."
            )
        return found[0]

    @property
    def method(self) -> Method:
        """The method in the address, else the strictest one."""
        wanted = self.request.GET.get("method", "")
        return Method(wanted) if wanted in list(Method) else Method.FINGERPRINT

    @property
    def radius(self) -> int:
        """The largest distance of neighbours."""
        wanted = whole_number(self.request.GET.get("radius", ""))
        return wanted if wanted in RADII else RADII[0]

    @property
    def state(self) -> GridState:
        """The state of the grid; raises ``BadInput`` for one whose filters can't be used."""
        return usable(self.rows.grid.state).at_page(1)

    def url_of(self, **query: Any) -> str:
        """Return the address of this page in the same state, with ``query`` in place of what it asks for."""
        asked = {"column": self.column.name, "method": self.method.value, "radius": self.radius} | query
        return f"{self.request.path}?{urlencode([*self.state.to_query(), *asked.items()])}"

    @cached_property
    def _counts(self) -> tuple[Mapping[str, int], bool]:
        """The number of rows of each value, and whether there are more values."""
        kept = self.state.narrowed(Filter("removed", Verb.IS_FALSE))
        grid = self.rows.grid
        found = count_values(self.request.db, grid.grid, kept, grid.user, self.column, MOST_VALUES)
        return {one.value: one.count for one in found.values if isinstance(one.value, str)}, found.more

    def _clusters(self) -> Clusters:
        return find_clusters(self._counts[0], self.method, self.radius)

    def _page(self, error: str = "") -> dict[str, Any]:
        clusters = self._clusters()
        return self.template_values(
            column=self.column,
            columns=self.columns,
            methods=list(Method),
            method=self.method,
            radius=self.radius,
            radii=RADII,
            clusters=clusters.found[:CLUSTERS_SHOWN],
            total=len(clusters.found),
            complete=clusters.complete,
            values=len(self._counts[0]),
            more_values=self._counts[1],
            query=self.state.to_query(),
            narrowed=self.state.is_narrowed,
            rows_url=self.rows.grid.links.to(),
            error=error,
            chosen=self.request.GET.getall("merge"),
            preview=None,
        )

    def _preview(self) -> dict[str, Any]:
        chosen = [one for one in self._clusters().found if one.key in self.request.GET.getall("merge")]
        merged = [value for cluster in chosen for value in self._merged(cluster)]
        if not merged:
            return self._page(
                "Tick the groups that you want to merge. Groups whose values have changed meanwhile are not merged."
            )
        replacements = Replacements(self.column.name, {one.value: one.text for one in merged})
        try:
            replacements.check(self.action_context)
        except CellProblems as error:
            self.request.response.status_int = UNPROCESSABLE
            return self._page(error.message)
        seen = Selection.of(self.action_context, replacements.among(self.action_context, self.condition()))
        return self.template_values(
            column=self.column, preview=merged, seen=seen, action=self.url_of(), back_url=self.url_of()
        )

    def _merged(self, cluster: Cluster) -> list[MergedValue]:
        query = self.request.GET
        text = query.get(f"new.{cluster.key}", "").strip() or query.get(f"to.{cluster.key}", cluster.best)
        return [MergedValue(value, text, count) for value, count in cluster.values if value != text]
