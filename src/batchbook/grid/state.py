"""The state of a grid: what it filters, how it sorts, which page it shows; as data, a link, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from batchbook.grid.columns import Column
from batchbook.grid.query_string import (
    DEFAULT_PAGE_SIZE,
    TOO_LONG,
    is_grid_name,
    is_query_too_long,
    read_filters,
    read_page,
    read_size,
    read_sort,
)
from batchbook.grid.verbs import Filter, Sort


class Params(Protocol):
    """Named texts, names repeated where there are several values: a WebOb ``MultiDict`` or a plain mapping."""

    def items(self) -> Iterable[tuple[str, str]]:
        """All pairs, in order."""
        ...


@dataclass(frozen=True)
class GridState:
    """What a grid shows. ``problems`` are sentences about clauses that were asked for but left out."""

    filters: tuple[Filter, ...] = ()
    sort: tuple[Sort, ...] = ()
    page: int = 1
    page_size: int = DEFAULT_PAGE_SIZE
    problems: tuple[str, ...] = ()

    @classmethod
    def from_params(cls, params: Params | Iterable[tuple[str, str]], columns: Sequence[Column]) -> GridState:
        """Read the state from a link's parameters; never raises, whatever they hold (see ``problems``).

        More than a link may carry is the default state, with :data:`~batchbook.grid.query_string.TOO_LONG` for a problem.
        """
        pairs = [pair for pair in _pairs(params) if is_grid_name(pair[0])]
        if not is_query_too_long(pairs):
            state = cls._read(pairs, columns)
            # One pasted list is many pairs.
            if not is_query_too_long(state.to_query()):
                return state
        return cls(problems=(TOO_LONG,))

    @classmethod
    def _read(cls, pairs: list[tuple[str, str]], columns: Sequence[Column]) -> GridState:
        problems: list[str] = []
        by_name = {column.name: column for column in columns}
        return cls(
            filters=read_filters(pairs, by_name, problems),
            sort=read_sort(pairs, by_name, problems),
            page=read_page(pairs, problems),
            page_size=read_size(pairs, problems),
            problems=tuple(problems),
        )

    @classmethod
    def from_json(cls, data: Any, columns: Sequence[Column]) -> GridState:
        """Read what :meth:`to_json` wrote, for columns that may have changed since; never raises."""
        query = data.get("query") if isinstance(data, dict) else None
        return cls.from_params(
            [tuple(pair) for pair in query if _is_pair(pair)] if isinstance(query, list) else [], columns
        )

    def to_query(self) -> list[tuple[str, str]]:
        """Return the state as a link's parameters; what is as by default is left out."""
        pairs = [pair for clause in self.filters for pair in _filter_pairs(clause)]
        pairs += [("sort", clause.text) for clause in self.sort]
        if self.page != 1:
            pairs.append(("page", str(self.page)))
        if self.page_size != DEFAULT_PAGE_SIZE:
            pairs.append(("size", str(self.page_size)))
        return pairs

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON, to be remembered: the parameters of its link, whose form is kept stable."""
        return {"query": [list(pair) for pair in self.to_query()]}

    def at_page(self, page: int) -> GridState:
        """Return the same grid at another page."""
        return replace(self, page=page)

    def without(self, clause: Filter) -> GridState:
        """Return the state without one of its filters, at its first page."""
        return replace(self, filters=tuple(other for other in self.filters if other != clause), page=1)


def has_grid_params(params: Params | Iterable[tuple[str, str]]) -> bool:
    """Return whether any of ``params`` speaks about a grid: a filter, a sort, a page or its size."""
    return any(is_grid_name(name) for name, _ in _pairs(params))


def _pairs(params: Params | Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (name, value) for name, value in _items(params) if isinstance(name, str) and isinstance(value, str)
    ]


def _items(params: Params | Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return params.items() if hasattr(params, "items") else params


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2


def _filter_pairs(clause: Filter) -> list[tuple[str, str]]:
    name = f"f.{clause.column}.{clause.verb}"
    return [(name, value) for value in clause.values or ("",)]
