"""The state of a grid: its filters, sorts and page, as data, as JSON and as a link, which anybody may have written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Protocol
from urllib.parse import urlencode

from batchbook.grid.columns import Column
from batchbook.grid.filters import VERB_LABELS, VERBS, Filter, Sort, Verb, check_values, value_count
from batchbook.grid.parsers import CellError, quoted

#: Numbers of rows that a page may have; no request gets all rows at once.
PAGE_SIZES = (20, 50, 100, 200, 500)
DEFAULT_PAGE_SIZE = 50

#: Limits of filters and sorts: no person needs more, and databases limit the size of a statement.
MAX_FILTERS = 20
MAX_SORTS = 5

#: Characters of a state as a link's query: servers take links of some length only, and every link of a page carries
#: all of the state. A thousand item numbers fit.
MAX_LENGTH = 40_000
TOO_LONG = (
    f"The filters together make a link of more than {MAX_LENGTH:,} characters, so none of them is used. "
    "Use fewer or shorter values."
)

_MAX_PAGE = 1_000_000_000
_MAX_PROBLEMS = 10
_COUNTS = re.compile(r"[0-9]{1,40}")

Pairs = Sequence[tuple[str, str]]


def is_grid_name(name: str) -> bool:
    """Return whether a parameter called ``name`` belongs to a grid's state."""
    return name.startswith("f.") or name in ("sort", "page", "size")


def read_filters(pairs: Pairs, columns: Mapping[str, Column], problems: list[str]) -> tuple[Filter, ...]:
    """Return the usable filters among ``pairs``; add a sentence to ``problems`` for each of the others."""
    filters: dict[Filter, None] = {}
    clauses = (_read_clauses(name, texts, columns, problems) for name, texts in _by_name(pairs))
    for clause in chain.from_iterable(clauses):
        filters[clause] = None
        if len(filters) > MAX_FILTERS:
            _add(problems, f"A grid takes {MAX_FILTERS} filters at most; the first {MAX_FILTERS} are used.")
            break
    return tuple(filters)[:MAX_FILTERS]


def read_sort(pairs: Pairs, columns: Mapping[str, Column], problems: list[str]) -> tuple[Sort, ...]:
    """Return the usable sorts; a column counts once, where it is named first."""
    sorts: dict[str, Sort] = {}
    for text in _values(pairs, "sort"):
        name = text.removeprefix("-")
        column = columns.get(name)
        if column is None or not column.sortable:
            _add(problems, f"There is no column {quoted(name)} to sort by; it was left out.")
        elif name not in sorts:
            sorts[name] = Sort(name, descending=text.startswith("-"))
    if len(sorts) > MAX_SORTS:
        _add(problems, f"A grid sorts by {MAX_SORTS} columns at most; the first {MAX_SORTS} are used.")
    return tuple(sorts.values())[:MAX_SORTS]


def read_page(pairs: Pairs, problems: list[str]) -> int:
    """Return the requested page, or 1 if there is none; a page beyond the end is left to the query."""
    texts = _values(pairs, "page")
    if not texts:
        return 1
    page = int(texts[-1]) if _COUNTS.fullmatch(texts[-1]) else 0
    if page < 1:
        _add(problems, f"There is no page {quoted(texts[-1])}; the first page is shown.")
    return min(max(page, 1), _MAX_PAGE)


def read_size(pairs: Pairs, problems: list[str]) -> int:
    """Return the requested page size, or the default if it is not one of :data:`PAGE_SIZES`."""
    texts = _values(pairs, "size")
    if not texts:
        return DEFAULT_PAGE_SIZE
    size = next((size for size in PAGE_SIZES if str(size) == texts[-1]), None)
    if size is None:
        sizes = ", ".join(map(str, PAGE_SIZES))
        _add(problems, f"A page cannot have {quoted(texts[-1])} rows; choose one of {sizes}.")
    return size or DEFAULT_PAGE_SIZE


def is_query_too_long(pairs: Pairs) -> bool:
    """Return whether ``pairs`` are more than a link may carry."""
    if sum(len(name) + len(value) for name, value in pairs) > MAX_LENGTH:
        return True
    return len(urlencode(pairs, errors="replace")) > MAX_LENGTH


def _read_clauses(
    name: str, texts: list[str], columns: Mapping[str, Column], problems: list[str]
) -> Iterator[Filter]:
    column, verb = _column_and_verb(name, columns)
    if column is None or verb is None:
        what = f"no filter {quoted(name[2:])}" if column is None else f"no such verb as in {quoted(name[2:])}"
        _add(problems, f"There is {what} in this grid; it was left out.")
        return
    for values in _split(verb, texts):
        try:
            yield Filter(column.name, verb, check_values(column, verb, values))
        except CellError as error:
            _add(problems, f"The filter “{column.label} {VERB_LABELS[verb]}” was left out. {error.message}")


def _column_and_verb(name: str, columns: Mapping[str, Column]) -> tuple[Column | None, Verb | None]:
    column_name, _, verb_text = name.removeprefix("f.").rpartition(".")
    column = columns.get(column_name)
    if column is None or not column.filterable:
        return None, None
    return column, next((verb for verb in VERBS[column.kind] if verb == verb_text), None)


def _split(verb: Verb, texts: list[str]) -> Iterator[list[str]]:
    """Yield the values of each filter: those of "any of", "none of" and "between" belong together, others stand alone."""
    if value_count(verb) is None:
        yield [line for text in texts for line in text.splitlines()]
    elif verb is Verb.BETWEEN:
        yield from (texts[start : start + 2] for start in range(0, len(texts), 2))
    else:
        yield from ([text] for text in texts)


def _by_name(pairs: Pairs) -> Iterable[tuple[str, list[str]]]:
    names: dict[str, list[str]] = {}
    for name, value in pairs:
        if name.startswith("f."):
            names.setdefault(name, []).append(value)
    return names.items()


def _values(pairs: Pairs, wanted: str) -> list[str]:
    return [value for name, value in pairs if name == wanted]


def _add(problems: list[str], sentence: str) -> None:
    if len(problems) < _MAX_PROBLEMS and sentence not in problems:
        problems.append(sentence)


class Params(Protocol):
    """Named texts, names repeated where there are several values: a WebOb ``MultiDict`` or a plain mapping."""

    def items(self) -> Iterable[tuple[str, str]]:
        """All pairs, in order."""
        ...


@dataclass(frozen=True)
class GridState:
    """The state of a grid; ``problems`` are sentences about parts of a request that were left out."""

    filters: tuple[Filter, ...] = ()
    sort: tuple[Sort, ...] = ()
    page: int = 1
    page_size: int = DEFAULT_PAGE_SIZE
    problems: tuple[str, ...] = ()

    @classmethod
    def from_params(cls, params: Params | Iterable[tuple[str, str]], columns: Sequence[Column]) -> GridState:
        """Return the state from a link's parameters; anything unusable becomes one of its ``problems``.

        More than a link may carry is the default state, with :data:`~batchbook.grid.state.TOO_LONG` for a problem.
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
        """Return the state that :meth:`to_json` returned, for columns that may have changed since; never raises."""
        query = data.get("query") if isinstance(data, dict) else None
        pairs = query if isinstance(query, list) else []
        return cls.from_params(
            [tuple(pair) for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2], columns
        )

    def to_query(self) -> list[tuple[str, str]]:
        """Return the state as a link's parameters, without those that have their defaults."""
        pairs = [
            (f"f.{clause.column}.{clause.verb}", value)
            for clause in self.filters
            for value in clause.values or ("",)
        ]
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


def with_filters_of(settings: Any, others: Any) -> dict[str, Any]:
    """Return ``settings`` with the filters of ``others`` in place of their own; each is what :meth:`GridState.to_json` returned."""
    return {"query": [*_stored(settings, filters=False), *_stored(others, filters=True)]}


def _stored(settings: Any, *, filters: bool) -> list[Any]:
    query = settings.get("query") if isinstance(settings, dict) else None
    pairs = query if isinstance(query, list) else []
    pairs = [pair for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2]
    return [pair for pair in pairs if str(pair[0]).startswith("f.") == filters]


def has_grid_params(params: Params | Iterable[tuple[str, str]]) -> bool:
    """Return whether any of ``params`` belongs to a grid: a filter, a sort, a page or its size."""
    return any(is_grid_name(name) for name, _ in _pairs(params))


def _pairs(params: Params | Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    items = params.items() if hasattr(params, "items") else params
    return [(name, value) for name, value in items if isinstance(name, str) and isinstance(value, str)]
