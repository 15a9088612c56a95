"""Links of a grid, which hold its whole state and can be shared, the marks on its headers, and menus that packages add to lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from batchbook.grid import Filter, GridState, Sort
from batchbook.grid.state_params import MAX_SORTS
from batchbook.services import Services, services_of


@dataclass(frozen=True)
class SortMark:
    """The part of a column in the order: its ``place`` among the keys, 1 for the first, and its direction.

    ``alone`` means that it is the only key, so that its place need not be shown.
    """

    place: int
    descending: bool
    alone: bool


def mark_of(sorts: Sequence[Sort], column: str) -> SortMark | None:
    """Return the part of ``column`` in ``sorts``, or None if they do not order by it."""
    for place, sort in enumerate(sorts, start=1):
        if sort.column == column:
            return SortMark(place, sort.descending, len(sorts) == 1)
    return None


def clicked(sorts: Sequence[Sort], column: str) -> tuple[Sort, ...]:
    """Return the keys after a click on the header of ``column``: it alone upwards, then downwards, then none."""
    turned = _turned(tuple(sorts)) if [sort.column for sort in sorts] == [column] else None
    return (Sort(column),) if turned is None else turned


def added(sorts: Sequence[Sort], column: str) -> tuple[Sort, ...]:
    """Return the keys after a click that adds ``column`` to them: as the last upwards, then downwards, then no more.

    The others stay in their places. Where there are as many as a grid takes, the last one makes room.
    """
    if all(sort.column != column for sort in sorts):
        return (*sorts[: MAX_SORTS - 1], Sort(column))
    parts = (_turned((sort,)) if sort.column == column else (sort,) for sort in sorts)
    return tuple(chain.from_iterable(parts))


def _turned(sorts: tuple[Sort, ...]) -> tuple[Sort, ...]:
    (sort,) = sorts
    return () if sort.descending else (Sort(sort.column, descending=True),)


#: The format of a grid that is printed, in addresses beside those of files.
PRINT = "print"

#: Formats in which results can be downloaded, with the label of the link.
FORMATS = {"csv": "CSV", "xlsx": "Excel"}

#: The query for a grid's defaults instead of its remembered state.
DEFAULT = [("view", "default")]


def default_link(url: str) -> str:
    """Return the link to the page at ``url`` that shows its grid's defaults, whatever was remembered."""
    return f"{url}?{urlencode(DEFAULT)}"


def href(url: str, state: GridState) -> str:
    """Return the link to ``url`` that holds the whole ``state``."""
    return f"{url}?{urlencode(state.to_query() or DEFAULT)}"


@dataclass(frozen=True)
class GridLinks:
    """Links from a grid in ``state`` to other states of it; each holds the whole state and can be shared.

    ``url`` is the page that the grid is on, without a query; ``export_url`` gives the address of a download by format
    (``csv``, ``xlsx``), and that of the page to print; None if there is none.
    """

    state: GridState
    url: str
    export_url: Callable[[str], str] | None = None

    @property
    def exports(self) -> list[tuple[str, str]]:
        """Label and link of each download: all rows of the current filters, in the current order."""
        if self.export_url is None:
            return []
        return [
            (label, href(self.export_url(name), self.state.at_page(1))) for name, label in FORMATS.items()
        ]

    @property
    def print_url(self) -> str | None:
        """The link to the page that prints all rows of the current filters, if there are exports."""
        return None if self.export_url is None else href(self.export_url(PRINT), self.state.at_page(1))

    def to(self, **changes: Any) -> str:
        """Return the shareable link to this grid with ``changes`` to its state: ``page``, ``sort``, ``filters`` …

        It holds the whole state and never depends on what anybody has remembered.
        """
        return href(self.url, replace(self.state, **changes))

    @property
    def default_url(self) -> str:
        """The link to the grid as it is by default, whatever was remembered."""
        return default_link(self.url)

    def sort_mark(self, column: str) -> SortMark | None:
        """Return the part of ``column`` in the order of the state; None if it does not, whatever the grid's default order is."""
        return mark_of(self.state.sort, column)

    def sort_link(self, column: str) -> str:
        """Return the link of the header of ``column``, see :func:`clicked`."""
        return self.to(sort=clicked(self.state.sort, column), page=1)

    def more_sort_link(self, column: str) -> str:
        """Return the link of the header of ``column`` that keeps the other keys, see :func:`added`."""
        return self.to(sort=added(self.state.sort, column), page=1)

    def filtered_by(self, *clauses: Filter) -> str:
        """Return the link to this grid filtered by ``clauses`` alone and without a search, such as the rows of one status."""
        return self.to(filters=clauses, search="", page=1)

    def narrowed(self, *clauses: Filter) -> str:
        """Return the link to this grid with further filters, which hold for all rows."""
        return href(self.url, self.state.narrowed(*clauses))

    def toggled(self, *clauses: Filter) -> str:
        """Return the link to this grid without ``clauses`` if it has all of them, else with them."""
        return href(self.url, self.state.toggled(*clauses))

    def query_without(self, *names: str) -> list[tuple[str, str]]:
        """Return the parameters of the present link, without those called ``names``."""
        return [pair for pair in self.state.to_query() if pair[0] not in names]

    def without(self, clause: Filter) -> str:
        """Return the link to the same grid without one of its filters."""
        return href(self.url, self.state.without(clause))


@dataclass(frozen=True)
class MenuLink:
    """A link in a menu."""

    label: str
    url: str


#: Returns the links of a menu for a master view and the state of its grid; none where it has nothing to offer there.
MenuLinks = Callable[[Any, GridState], Sequence[MenuLink]]


class ListMenus(dict[str, MenuLinks]):
    """The menus that packages add to the indexes of master views, by their titles. One per application, among the services."""

    @classmethod
    def of(cls, services: Services, view: Any, state: GridState) -> list[tuple[str, Sequence[MenuLink]]]:
        """Return the menus, each with its title and its links, of the index of ``view`` whose grid is in ``state``."""
        menus = ((title, links(view, state)) for title, links in services.get(cls).items())
        return [(title, links) for title, links in menus if links]


def add_list_menu(config: Any, title: str, links: MenuLinks) -> None:
    """Directive: offer the menu ``title`` on the indexes of master views, with what ``links`` returns for the view and its state."""

    def register() -> None:
        services_of(config.registry).get(ListMenus)[title] = links

    config.action(("list menu", title), register)
