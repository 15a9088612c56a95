"""A grid on a page: state from the address or as remembered, rows, links and the filter form."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count, islice
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup
from sqlalchemy import Row, delete
from sqlalchemy.exc import DataError, ProgrammingError
from sqlalchemy.orm import Session

from batchbook.db.functions import insert_into
from batchbook.errors import TooLarge
from batchbook.grid import (
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
    with_filters_of,
)
from batchbook.grid.column_layout import DEFAULT_LAYOUT
from batchbook.grid.state_params import MAX_FILTERS, TOO_LONG
from batchbook.master.facet_panel import FacetPanel, KnownCounts
from batchbook.master.links import DEFAULT, GridLinks, href
from batchbook.master.models import GridSetting
from batchbook.master.row_cells import (
    EditableRows,
    LinkFor,
    RowIdentity,
    TableRow,
    heading_attributes,
    table_rows,
)
from batchbook.web.request import Request


def recall(db: Session, user_name: str, grid: str) -> dict[str, Any] | None:
    """Return the settings that ``user_name`` last chose for ``grid``, or None."""
    setting = db.get(GridSetting, (user_name, grid))
    return setting.settings if setting else None


def remember(db: Session, user_name: str, grid: str, settings: dict[str, Any]) -> None:
    """Remember ``settings`` (JSON values) as those that ``user_name`` last chose for ``grid``."""
    # One statement, so that two tabs that store at the same moment cannot collide.
    statement = insert_into(db.get_bind(), GridSetting).values(
        user_name=user_name, grid=grid, settings=settings
    )
    key = [GridSetting.user_name, GridSetting.grid]
    db.execute(statement.on_conflict_do_update(index_elements=key, set_={"settings": settings}))


def forget(db: Session, user_name: str, *grids: str) -> None:
    """Forget the settings of ``user_name`` for ``grids``: the next visit starts with the grids' defaults."""
    db.execute(delete(GridSetting).where(GridSetting.user_name == user_name, GridSetting.grid.in_(grids)))


Pairs = list[tuple[str, str]]

_ROW = re.compile(r"column\.([0-9]{1,3})")
_GROUP = re.compile(r"[1-9][0-9]?")
_KEPT = ("q", "sort", "size")


def is_reset(params: Any) -> bool:
    """Return whether the form asks for the grid's defaults."""
    return bool(params.get("do") == "reset")


def query_from_form(params: Any) -> Pairs:
    """Return the link's parameters for a posted filter form.

    Anything unreadable is passed on, so that the page behind the link reports it.
    """
    kept = [pair for pair in parse_qsl(params.get("query", ""), keep_blank_values=True) if pair[0] in _KEPT]
    return [*_filters(params), *kept]


def _filters(params: Any) -> Iterator[tuple[str, str]]:
    # Each lookup in the form itself takes time in proportion to its length, which the sender chooses.
    fields: dict[str, list[str]] = params.dict_of_lists()
    removed = params.get("do", "").removeprefix("remove-")
    numbers = sorted({match[1] for name in fields if (match := _ROW.fullmatch(name))}, key=int)
    rows = (number for number in numbers if number != removed and fields[f"column.{number}"][-1])
    for number in islice(rows, MAX_FILTERS + 1):  # One too many, so that the page reports it.
        verb = fields.get(f"verb.{number}", [""])[-1]
        group = match[0] if (match := _GROUP.fullmatch(fields.get(f"group.{number}", [""])[-1])) else ""
        for value in _values(verb, fields.get(f"value.{number}", [])):
            yield f"f{group}.{fields[f'column.{number}'][-1]}.{verb}", value


def _values(verb: str, texts: list[str]) -> list[str]:
    if verb in list(Verb) and value_count(Verb(verb)) == 0:
        return [""]
    if verb == Verb.BETWEEN:  # A blank is one of its open ends, so its place counts.
        return [*texts, "", ""][:2]
    return [text for text in texts if text.strip()] or [""]


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
    ``mark`` and ``identity`` are those of :func:`~batchbook.master.row_cells.table_rows`. ``element_data`` has further attributes
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
    element_data: Mapping[str, Any] = field(default_factory=dict)
    snapshot: Callable[[Session], Snapshot] | None = None
    windows_url: str = ""

    #: Numbers of rows that a page may have.
    page_sizes: ClassVar = PAGE_SIZES

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, which files have and filters may use."""
        return self.grid.columns

    @cached_property
    def table_columns(self) -> tuple[Column, ...]:
        """The columns of the table, as the user arranged them."""
        return self.layout.visible(self.columns, self.hidden)

    @cached_property
    def layout(self) -> GridLayout:
        """The layout that the user arranged, else the declared one."""
        return self.declared_layout.changed_by(self._chosen(self.layout_key), self.columns)

    @property
    def layout_key(self) -> str:
        """The name under which layouts of users are remembered."""
        return f"layout.{self.key}"

    @property
    def surroundings_key(self) -> str:
        """The name under which users' choices for the page around the grid are remembered, such as the open panel."""
        return f"page.{self.key}"

    @cached_property
    def surroundings(self) -> dict[str, Any]:
        """The user's choices for the page around the grid."""
        return self._chosen(self.surroundings_key)

    def _chosen(self, key: str) -> dict[str, Any]:
        return (recall(self.request.db, self.user, key) if self.user else None) or {}

    def column_layout(self, column: Column) -> Markup:
        """Return the attributes of the heading of ``column`` that say how wide it is, in CSS pixels, and whether it stays in sight."""
        width = self.layout.widths.get(column.name)
        attributes = Markup(' data-width="{}"').format(width) if width else Markup()
        is_frozen = column in self.table_columns[: self.layout.frozen]
        return attributes + Markup(" data-frozen") if is_frozen else attributes

    @property
    def is_searchable(self) -> bool:
        """Whether there is any text to search."""
        return any(column.is_searched for column in self.columns)

    @property
    def rows(self) -> Iterator[TableRow]:
        """The rows of the page, with their cells."""
        return self.with_cells(self.window.rows, count(self.window.first))

    def with_cells(self, rows: Iterable[Row[Any]], places: Iterable[int] | None = None) -> Iterator[TableRow]:
        """Yield each of ``rows``, read by the grid, with the cells that the table shows; ``places`` are theirs, from 1."""
        return table_rows(
            self.table_columns,
            rows,
            self.request.zone,
            links=self.cell_links,
            editable=self.editable,
            mark=self.mark,
            identity=self.identity,
            places=places,
        )

    def heading(self, column: Column) -> Markup:
        """Return the attributes of the heading of ``column``."""
        return heading_attributes(column, editable=self.editable is not None)

    @cached_property
    def links(self) -> GridLinks:
        """The links to other states of the grid."""
        return GridLinks(self.state, self.url, self.export_url)

    @property
    def facets(self) -> FacetPanel | None:
        """The facets beside the grid, whose links lead to its page; None for a grid without pages for them."""
        return self.facets_at(self.url)

    def facets_at(self, base: str) -> FacetPanel | None:
        """Return the facets, whose links lead to the page at ``base``; None for a grid without pages for them."""
        if self.facet_urls is None:
            return None
        stored = recall(self.request.db, self.user, self.facets_key) if self.user else None
        chosen = stored.get("open") if stored else None
        return FacetPanel(
            self.request.db,
            self.grid,
            self.state,
            self.user,
            base,
            self.facet_urls,
            chosen,
            self.known_counts,
            self.merge_url,
        )

    @property
    def facets_url(self) -> str | None:
        """The page with the facets alone, in the state of the grid; None if there is none."""
        return None if self.facet_urls is None else href(self.facet_urls("facets"), self.state.at_page(1))

    @property
    def facets_key(self) -> str:
        """The name under which a person's open facets are remembered."""
        return f"facets.{self.key}"

    @cached_property
    def state(self) -> GridState:
        """The state in the address, else the remembered one, else the grid's defaults."""
        params = self.request.GET
        if has_grid_params(params) or "view" in params:
            return GridState.from_params(params, self.columns)
        state = GridState.from_json(self._recalled(), self.columns)
        return state if not state.is_narrowed or self._reads(state) else GridState(problems=(_UNUSABLE,))

    def _recalled(self) -> dict[str, Any] | None:
        if not self.user:
            return None
        settings = recall(self.request.db, self.user, self.key)
        if not self.filters_key:
            return settings
        return with_filters_of(settings, recall(self.request.db, self.user, self.filters_key))

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

    def _reads(self, state: GridState) -> bool:
        # A remembered state comes back at every visit, so one that the database refuses would lock its owner out.
        try:
            with self.request.db.begin_nested():
                self.window = self.windows.page(state)
        except (DataError, ProgrammingError, OverflowError):
            return False
        return True

    @property
    def total(self) -> int:
        """The number of results on all pages."""
        return self.window.total

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

    @property
    def _keys(self) -> tuple[str, ...]:
        return (self.key, self.filters_key) if self.filters_key else (self.key,)

    def remember(self) -> str:
        """Remember the posted filter form for the user; return the link that shows it.

        A form with problems is not remembered, but its link is as posted, so that the page reports them. Raises
        ``TooLarge`` for more than a link may carry.
        """
        if is_reset(self.request.POST):
            if self.user:
                forget(self.request.db, self.user, *self._keys)
            return self.url
        query = query_from_form(self.request.POST)
        state = GridState.from_params(query, self.columns)
        if TOO_LONG in state.problems:
            raise TooLarge(f"{TOO_LONG} The view was not changed.")
        if self.user and not state.problems:
            for key in self._keys:
                remember(self.request.db, self.user, key, state.to_json())
        return f"{self.url}?{urlencode(query or DEFAULT)}"


_UNUSABLE = "Your saved filters can no longer be used, so everything is shown. Choose new filters."
