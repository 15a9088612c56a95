"""Grids outside a request: stored as plain data, and opened again for a user, such as by a job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Self
from zoneinfo import ZoneInfo

from pyramid.exceptions import ConfigurationError
from sqlalchemy import ColumnElement, Row
from sqlalchemy.orm import Session

from batchbook.errors import BadInput, Missing, Refused
from batchbook.grid import Column, Grid, GridState, KeyCache
from batchbook.master.links import ListMenus
from batchbook.security.identity import Identity
from batchbook.services import Services, services_of
from batchbook.web.request import zone_for


@dataclass(frozen=True)
class Caller:
    """A user for whom work is done outside a request: the ``session`` to do it in, and their ``identity``."""

    services: Services
    session: Session
    identity: Identity

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the user."""
        return zone_for(self.services, self.identity)

    def refuse_unless(self, *, permitted: bool) -> None:
        """Raise ``Refused`` if the user is not ``permitted`` to see a grid any longer."""
        if not permitted:
            raise Refused(f"{self.identity.name} may no longer see this. Nothing was done.")


@dataclass(frozen=True, kw_only=True)
class OpenGrid:
    """A grid that a source opened for a caller, in a ``state``.

    ``write_rows`` writes rows of it into a file, where that is not one of the formats that every grid has.
    """

    grid: Grid
    columns: Sequence[Column]
    caller: Caller
    state: GridState = field(default_factory=GridState)
    write_rows: Callable[[Iterable[Row[Any]], BinaryIO], None] | None = None

    def count(self) -> int:
        """Return the number of rows that the state leaves."""
        return self.grid.count(self.caller.session, self.state, self.caller.identity.name)

    def rows(self) -> Iterable[Row[Any]]:
        """Return the rows that the state leaves, of all pages and in its order."""
        return self.grid.all_rows(self.caller.session, self.state, self.caller.identity.name)

    def where(self) -> ColumnElement[bool]:
        """Return the condition for the rows that match the state."""
        return self.grid.where(self.state, self.caller.identity.name)


#: The refusal where the source of a grid, or the master view that it belongs to, is no longer in this installation.
NO_SUCH_LIST = "The list that this was requested for no longer exists. Nothing was done."

#: Opens a grid, in its default state, for a caller from the arguments of a reference. Raises ``Refused`` for a user who may
#: not see it, and ``Missing`` where it is not there.
GridSource = Callable[[Caller, Mapping[str, Any]], OpenGrid]


class GridSources:
    """The grid sources of an application, by name."""

    def __init__(self) -> None:
        self._sources: dict[str, GridSource] = {}

    def add(self, name: str, source: GridSource) -> None:
        """Register a source; raise ``ConfigurationError`` if its name is taken."""
        if name in self._sources:
            raise ConfigurationError(f"There are two sources of grids called {name!r}.")
        self._sources[name] = source

    def __getitem__(self, name: str) -> GridSource:
        """Return the source called ``name``; raise ``Missing`` if there is none."""
        if name not in self._sources:
            raise Missing(NO_SUCH_LIST)
        return self._sources[name]


@dataclass(frozen=True)
class GridReference:
    """A grid as plain data: the name of its source, arguments for that, and the query of its state."""

    source: str
    arguments: Mapping[str, Any]
    query: Sequence[tuple[str, str]] = ()

    def in_state(self, state: GridState) -> Self:
        """Return the same grid in ``state``."""
        return replace(self, query=tuple(state.at_page(1).to_query()))

    def to_json(self) -> dict[str, Any]:
        """Return the reference as JSON."""
        return {
            "source": self.source,
            "arguments": dict(self.arguments),
            "query": [list(pair) for pair in self.query],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the reference that :meth:`to_json` wrote; raise ``Missing`` for one of an older version."""
        try:
            return cls(data["source"], data["arguments"], [(name, value) for name, value in data["query"]])
        except (KeyError, TypeError, ValueError):
            raise Missing(
                "This was requested with an older version of Batchbook. Nothing was done. Request it again."
            ) from None

    def open(self, caller: Caller) -> OpenGrid:
        """Return the grid for ``caller``, in its state.

        Raises ``Refused`` for a user who may not see it, ``Missing`` if it no longer exists, and ``BadInput`` if its
        filters can't be read any more: the rows would be others than those that were wanted.
        """
        opened = caller.services.get(GridSources)[self.source](caller, self.arguments)
        state = GridState.from_params(self.query, opened.columns)
        if state.problems:
            raise BadInput(f"{' '.join(state.problems)} Nothing was done.")
        return replace(opened, state=state)


#: The name of the source for the index of a master view, whose only argument, ``view``, is the prefix of the view.
INDEX = "index"


def add_grid_source(config: Any, name: str, source: GridSource) -> None:
    """Directive: register a source of grids, by which jobs open them again."""
    config.action(
        ("grid source", name), lambda: services_of(config.registry).get(GridSources).add(name, source)
    )


def includeme(config: Any) -> None:
    """Add the directive ``config.add_grid_source``, the keys of grids that this process keeps, and the menus of lists."""
    services = services_of(config.registry)
    services.add(GridSources, GridSources())
    services.add(ListMenus, ListMenus())
    services.add(KeyCache, KeyCache())
    config.add_directive("add_grid_source", add_grid_source)
