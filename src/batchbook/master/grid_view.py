"""A grid on a page: state from the address or as remembered, rows, links and the filter form."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any, ClassVar

from markupsafe import Markup
from sqlalchemy import Row
from sqlalchemy.exc import DataError, ProgrammingError
from sqlalchemy.orm import Session

from batchbook.grid import (
    CANONICAL,
    PAGE_SIZES,
    VERB_LABELS,
    Column,
    Grid,
    GridLayout,
    GridState,
    KeyCache,
    Snapshot,
    Verb,
    Window,
    Windows,
    has_grid_params,
    value_count,
    verbs_of,
)
from batchbook.grid.column_layout import DEFAULT_LAYOUT
from batchbook.grid.number_formats import format_of
from batchbook.master.facet_panel import FacetPanel, KnownCounts, facets_key
from batchbook.master.grid_settings import RememberedState, page_key, recall_several
from batchbook.master.links import GridLinks
from batchbook.master.personal_layout import PersonalLayout
from batchbook.master.row_cells import (
    CellNotes,
    EditableRows,
    LinkFor,
    NoteUrl,
    RowIdentity,
    TableRow,
    heading_attributes,
    table_rows,
)
from batchbook.master.saved_views import SavedViews
from batchbook.web.request import Request


@dataclass
class GridView:
    """A grid on a page, for one request.

    ``facet_urls`` gives the addresses of the pages with the grid's facets, see :class:`~batchbook.master.facet_panel.FacetPanel`.
    ``key`` is the name under which the choices of users are remembered. Where one ``key`` serves several lists, such as the
    rows of all batches of a type, ``filters_key`` names this list: its filters are remembered for it alone. ``url`` is the page that the grid is on, without
    a query; ``settings_url`` is where its filter form is posted to, and ``export_url`` gives the address of a download
    by its format. ``hidden`` names columns to filter by that the table does not show, unless a person shows them. ``known_total``
    returns the number of rows of a state where it need not be counted, and ``snapshot`` tells how the rows are now, by which the keys of a view are kept. ``declared_layout`` is
    how the table is laid out until a person arranges it, which is posted to ``layout_url``, empty where that is not possible.
    ``windows_url`` is where the rows at given positions are asked for, see :mod:`batchbook.master.window_pages`. ``cell_links``, ``editable``,
    ``mark`` and ``identity`` are those of :func:`~batchbook.master.row_cells.table_rows`, ``notes`` returns the marks on the cells of some rows, and ``note_url`` where a marked cell leads. ``element_data`` returns further attributes
    of ``<row-grid>`` without their ``data-``, such as ``cell-url``; what it lacks is not possible in this grid.
    """

    request: Request
    key: str
    grid: Grid
    url: str
    settings_url: str
    export_url: Callable[[str], str] | None = None
    filters_key: str = ""
    facet_urls: Callable[[str], str] | None = None
    known_counts: KnownCounts | None = None
    merge_url: str | None = None
    hidden: Collection[str] = ()
    known_total: Callable[[GridState], int | None] | None = None
    declared_layout: GridLayout = DEFAULT_LAYOUT
    layout_url: str = ""
    cell_links: Mapping[str, LinkFor] = field(default_factory=dict)
    editable: EditableRows | None = None
    mark: Callable[[Row[Any]], str] | None = None
    identity: Callable[[Row[Any]], RowIdentity] | None = None
    notes: Callable[[Sequence[Row[Any]]], CellNotes] | None = None
    note_url: NoteUrl | None = None
    element_data: Callable[[], Mapping[str, Any]] = dict
    snapshot: Callable[[Session], Snapshot] | None = None
    windows_url: str = ""

    #: Numbers of rows that a page may have.
    page_sizes: ClassVar = PAGE_SIZES

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, which files have and filters may use."""
        return self.grid.columns

    @cached_property
    def personal(self) -> PersonalLayout:
        """The layout as the user arranged it, remembered with their choices for the page around the grid."""
        return PersonalLayout(
            self.request.db,
            self.user,
            self.key,
            self.grid.file_columns,
            self.hidden,
            self.declared_layout,
            self.layout_url,
            self.views.current if self.state.view else None,
            self._settings,
        )

    @cached_property
    def _settings(self) -> Mapping[str, dict[str, Any] | None]:
        """What is remembered of the grid and the page around it by its names, read together; ``None`` for what is not."""
        names = (
            *self.remembered.keys,
            f"layout.{self.key}",
            facets_key(self.key),
            page_key(self.key),
        )
        found = recall_several(self.request.db, self.user, names) if self.user else {}
        return {name: found.get(name) for name in names}

    @property
    def rows(self) -> Iterator[TableRow]:
        """The rows of the page, with their cells."""
        return self.with_cells(self.window.rows, count(self.window.first))

    def with_cells(
        self,
        rows: Iterable[Row[Any]],
        places: Iterable[int] | None = None,
        columns: Sequence[Column] | None = None,
    ) -> Iterator[TableRow]:
        """Yield each of ``rows``, read by the grid, with its cells in ``columns``, by default those that the table shows.

        ``places`` are those of the rows, from 1.
        """
        found = list(rows)
        return table_rows(
            columns or self.personal.visible,
            found,
            self.request.zone,
            self.request.conventions,
            links=self.cell_links,
            editable=self.editable,
            mark=self.mark,
            identity=self.identity,
            places=places,
            notes=self.notes(found) if self.notes and found else None,
            note_url=self.note_url,
        )

    @property
    def number_format(self) -> str:
        """The name of the format in which the user writes numbers; empty for the canonical one."""
        conventions = self.request.conventions
        return "" if conventions == CANONICAL else format_of(conventions).value

    def heading(self, column: Column) -> Markup:
        """Return the attributes of the heading of ``column``: what its cells have in common, how wide it is, and whether it stays in sight."""
        common = heading_attributes(column, editable=self.editable is not None)
        return common + self.personal.attributes(column)

    @cached_property
    def links(self) -> GridLinks:
        """The links to other states of the grid."""
        return GridLinks(self.state, self.url, self.export_url)

    @cached_property
    def facets(self) -> FacetPanel | None:
        """The facets beside the grid, whose links lead to its page; None for a grid without pages for them."""
        if self.facet_urls is None:
            return None
        stored = self._settings[facets_key(self.key)]
        chosen = stored.get("open") if stored else None
        return FacetPanel(
            self.request.db,
            self.grid,
            self.state,
            self.user,
            self.url,
            self.facet_urls,
            chosen,
            self.known_counts,
            self.merge_url,
            self.request.conventions,
        )

    @property
    def page_choices(self) -> Mapping[str, Any]:
        """The choices of the user for the page around the grid, as :attr:`RememberedPage.choices` has them."""
        return self._settings[page_key(self.key)] or {}

    @property
    def remembered(self) -> RememberedState:
        """The state that the user chose last."""
        return RememberedState(self.request.db, self.user, self.key, self.filters_key)

    @cached_property
    def state(self) -> GridState:
        """The state in the address, else the remembered one, else the grid's defaults."""
        params = self.request.GET
        if has_grid_params(params) or "view" in params:
            return GridState.from_params(params, self.columns)
        state = GridState.from_json(self.remembered.recall(self._settings), self.columns)
        if state.is_narrowed:
            # A remembered state comes back at every visit, so one that the database refuses would lock its owner out.
            try:
                with self.request.db.begin_nested():
                    self.window = self.windows.page(state)
            except (DataError, ProgrammingError, OverflowError):
                return GridState(problems=(_UNUSABLE,))
        return state

    @cached_property
    def views(self) -> SavedViews:
        """The saved views of the list."""
        return SavedViews(self.request, self.key, self.url, self.columns, self.state, lambda: self.personal)

    @cached_property
    def window(self) -> Window:
        """The rows to show, read from the database on first use."""
        return self.windows.page(self.state)

    @cached_property
    def windows(self) -> Windows:
        """The rows of any state by their positions."""
        return Windows(
            self.grid,
            self.request.db,
            self.user,
            cache=self.request.services.find(KeyCache),
            snapshot=self.snapshot,
            known_total=self.known_total,
        )

    @property
    def user(self) -> str | None:
        """The name of the user, for filters by “is me” and for remembered choices."""
        name: str | None = self.request.authenticated_userid
        return name

    @cached_property
    def verbs(self) -> dict[str, list[tuple[str, str, int | str]]]:
        """The verbs of each filterable column, with label and number of values, ``"many"`` for one or more."""
        counts = {verb: "many" if (count := value_count(verb)) is None else count for verb in Verb}
        return {
            column.name: [(verb.value, VERB_LABELS[verb], counts[verb]) for verb in verbs_of(column)]
            for column in self.columns
            if column.filterable
        }


_UNUSABLE = "Your saved filters can no longer be used, so everything is shown. Choose new filters."
