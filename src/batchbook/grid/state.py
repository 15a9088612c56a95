"""The state of a grid: its filters, search, sorts and page, as data, as JSON and as a link."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Protocol
from urllib.parse import parse_qsl

from batchbook.grid.columns import Column
from batchbook.grid.number_formats import NUMBER_FORMAT, format_of, shown_text
from batchbook.grid.parsers import CANONICAL, Conventions
from batchbook.grid.state_params import (
    DEFAULT_PAGE_SIZE,
    TOO_LONG,
    filter_name,
    in_groups,
    is_filter_name,
    is_grid_name,
    is_query_too_long,
    read_filters,
    read_page,
    read_search,
    read_size,
    read_sort,
    read_view,
)
from batchbook.grid.verbs import Filter, Sort


class Params(Protocol):
    """Named texts, names repeated where there are several values: a WebOb ``MultiDict`` or a plain mapping."""

    def items(self) -> Iterable[tuple[str, str]]:
        """All pairs, in order."""
        ...


@dataclass(frozen=True)
class GridState:
    """The state of a grid; ``search`` are words, each of which some text of a row has to contain.

    ``view`` is the number of the saved view that it came from, or 0. ``problems`` are sentences about parts of a request that were left out.
    """

    filters: tuple[Filter, ...] = ()
    sort: tuple[Sort, ...] = ()
    page: int = 1
    page_size: int = DEFAULT_PAGE_SIZE
    problems: tuple[str, ...] = ()
    search: str = ""
    view: int = 0

    @classmethod
    def from_params(cls, params: Params | Iterable[tuple[str, str]], columns: Sequence[Column]) -> GridState:
        """Return the state from a link's parameters; anything unusable becomes one of its ``problems``.

        More than a link may carry is the default state, with :data:`~batchbook.grid.state_params.TOO_LONG` for a problem.
        """
        pairs = [pair for pair in _pairs(params) if is_grid_name(pair[0])]
        if not is_query_too_long(pairs):
            state = cls._read(pairs, columns)
            # One pasted list is many pairs.
            if not is_query_too_long(state.to_query()):
                return state
        return cls(problems=(TOO_LONG,))

    @classmethod
    def from_query(cls, query: str, columns: Sequence[Column]) -> GridState:
        """Return the state from the query of a link, as :meth:`from_params` does."""
        return cls.from_params(parse_qsl(query, keep_blank_values=True), columns)

    @classmethod
    def _read(cls, pairs: list[tuple[str, str]], columns: Sequence[Column]) -> GridState:
        problems: list[str] = []
        by_name = {column.name: column for column in columns}
        return cls(
            filters=read_filters(pairs, by_name, problems),
            search=read_search(pairs, columns, problems),
            sort=read_sort(pairs, by_name, problems),
            page=read_page(pairs, problems),
            page_size=read_size(pairs, problems),
            view=read_view(pairs),
            problems=tuple(problems),
        )

    @classmethod
    def from_json(cls, data: Any, columns: Sequence[Column]) -> GridState:
        """Return the state that :meth:`to_json` returned, for columns that may have changed since; never raises."""
        query = data.get("query") if isinstance(data, dict) else None
        pairs = query if isinstance(query, list) else []
        return cls.from_params(
            [tuple(pair) for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2], columns
        )

    def to_query(self) -> list[tuple[str, str]]:
        """Return the state as a link's parameters, without those that have their defaults."""
        pairs = [(filter_name(clause), value) for clause in self.filters for value in clause.values or ("",)]
        if self.search:
            pairs.append(("q", self.search))
        pairs += [("sort", clause.text) for clause in self.sort]
        if self.page != 1:
            pairs.append(("page", str(self.page)))
        if self.page_size != DEFAULT_PAGE_SIZE:
            pairs.append(("size", str(self.page_size)))
        if self.view:
            pairs.append(("saved", str(self.view)))
        return pairs

    def typed_query(self, columns: Iterable[Column], conventions: Conventions) -> list[tuple[str, str]]:
        """Return the parameters for a form in which somebody types values: numbers are written by the ``conventions``.

        One more parameter names their format, unless it is the canonical one.
        """
        if conventions == CANONICAL:
            return self.to_query()
        by_name = {column.name: column for column in columns}
        written = (
            replace(
                clause,
                values=tuple(shown_text(by_name[clause.column], text, conventions) for text in clause.values),
            )
            for clause in self.filters
        )
        return [
            *replace(self, filters=tuple(written)).to_query(),
            (NUMBER_FORMAT, format_of(conventions).value),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON, to be remembered: the parameters of its link, whose form is kept stable."""
        return {"query": [list(pair) for pair in self.to_query()]}

    def at_page(self, page: int) -> GridState:
        """Return the same grid at another page."""
        return replace(self, page=page)

    @property
    def is_narrowed(self) -> bool:
        """Whether filters or the search leave rows out."""
        return bool(self.filters or self.search)

    @property
    def groups(self) -> list[tuple[int, tuple[Filter, ...]]]:
        """The filters by the number of their group; those of 0 hold for all rows, of the others one group has to."""
        ordered = groupby(in_groups(self.filters), lambda clause: clause.group)
        return [(number, tuple(clauses)) for number, clauses in ordered]

    def without(self, clause: Filter) -> GridState:
        """Return the state without one of its filters, at its first page."""
        return replace(self, filters=in_groups(other for other in self.filters if other != clause), page=1)

    def narrowed(self, *clauses: Filter) -> GridState:
        """Return the state with further filters, which hold for all rows, at its first page."""
        more = (replace(clause, group=0) for clause in clauses)
        return replace(self, filters=in_groups((*self.filters, *more)), page=1)

    def toggled(self, *clauses: Filter) -> GridState:
        """Return the state without ``clauses`` if it has all of them, else with them, at its first page."""
        if not set(clauses) <= set(self.filters):
            return self.narrowed(*clauses)
        return replace(self, filters=in_groups(one for one in self.filters if one not in clauses), page=1)


def with_filters_of(settings: Any, others: Any) -> dict[str, Any]:
    """Return ``settings`` with the filters and the search of ``others`` in place of their own; each is what :meth:`GridState.to_json` returned."""
    return {"query": [*_stored(others, filters=True), *_stored(settings, filters=False)]}


# With the filters, what is remembered of one list alone where several share their order.
_OF_LIST = ("q", "saved")


def _stored(settings: Any, *, filters: bool) -> list[Any]:
    query = settings.get("query") if isinstance(settings, dict) else None
    pairs = query if isinstance(query, list) else []
    pairs = [pair for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2]
    return [pair for pair in pairs if (pair[0] in _OF_LIST or is_filter_name(str(pair[0]))) == filters]


def has_grid_params(params: Params | Iterable[tuple[str, str]]) -> bool:
    """Return whether any of ``params`` belongs to a grid: a filter, the search, a sort, a page or its size."""
    return any(is_grid_name(name) for name, _ in _pairs(params))


def _pairs(params: Params | Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    items = params.items() if hasattr(params, "items") else params
    return [(name, value) for name, value in items if isinstance(name, str) and isinstance(value, str)]
