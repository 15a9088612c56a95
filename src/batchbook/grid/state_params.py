"""Parameters of a link as the parts of a grid's state: anybody may have written them, so each is checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from urllib.parse import urlencode

from batchbook.grid.columns import Column
from batchbook.grid.filters import check_values, search_columns, search_words
from batchbook.grid.number_formats import NUMBER_FORMAT, NumberFormat, canonical_text
from batchbook.grid.parsers import CANONICAL, CellError, Conventions, quoted
from batchbook.grid.verbs import VERB_LABELS, Filter, Sort, Verb, value_count, verbs_of

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
_VIEW_DIGITS = 10
_COUNTS = re.compile(r"[0-9]{1,40}")
# f.price.less holds for all rows; f1.price.less is a filter of the first group.
_FILTER = re.compile(r"f([0-9]{0,2})\.(.*)", re.DOTALL)
_PLAIN = ("q", "sort", "page", "size", "saved", NUMBER_FORMAT)

Pairs = Sequence[tuple[str, str]]


def is_grid_name(name: str) -> bool:
    """Return whether a parameter called ``name`` belongs to a grid's state."""
    return name in _PLAIN or is_filter_name(name)


def is_filter_name(name: str) -> bool:
    """Return whether a parameter called ``name`` is a filter."""
    return _FILTER.fullmatch(name) is not None


def filter_name(clause: Filter) -> str:
    """Return the name of the parameter that holds the values of ``clause``, with the number of its group."""
    return f"f{clause.group or ''}.{clause.column}.{clause.verb}"


def read_filters(pairs: Pairs, columns: Mapping[str, Column], problems: list[str]) -> tuple[Filter, ...]:
    """Return the usable filters among ``pairs``; add a sentence to ``problems`` for each of the others.

    Their values are canonical, or typed in the number format that a parameter names.
    """
    filters: dict[Filter, None] = {}
    conventions = _read_conventions(pairs, problems)
    clauses = (_read_clauses(name, texts, columns, conventions, problems) for name, texts in _by_name(pairs))
    for clause in chain.from_iterable(clauses):
        filters[clause] = None
        if len(filters) > MAX_FILTERS:
            _add(problems, f"A grid takes {MAX_FILTERS} filters at most; the first {MAX_FILTERS} are used.")
            break
    return in_groups(tuple(filters)[:MAX_FILTERS])


def in_groups(filters: Iterable[Filter]) -> tuple[Filter, ...]:
    """Return ``filters`` by group, those of all rows first, and the groups numbered from 1.

    One group alone is none, unless it has the column and verb of a filter for all rows: in a link the two would be one.
    """
    ordered = sorted(filters, key=lambda clause: clause.group)
    numbers = list(dict.fromkeys(clause.group for clause in ordered if clause.group))
    plain = {(clause.column, clause.verb) for clause in ordered if not clause.group}
    is_apart = any(clause.group and (clause.column, clause.verb) in plain for clause in ordered)
    new = (
        {number: place for place, number in enumerate(numbers, start=1)}
        if len(numbers) > 1 or is_apart
        else {}
    )
    return tuple(dict.fromkeys(replace(clause, group=new.get(clause.group, 0)) for clause in ordered))


def read_search(pairs: Pairs, columns: Iterable[Column], problems: list[str]) -> str:
    """Return the text to be searched for, or an empty one; add a sentence to ``problems`` if it cannot be."""
    text = " ".join("".join(_values(pairs, "q")[-1:]).split())
    if not text:
        return ""
    try:
        search_words(text)
    except CellError as error:
        _add(problems, f"The search was left out. {error.message}")
        return ""
    if not search_columns(columns):
        _add(problems, "There are no texts to search in this list; the search was left out.")
        return ""
    return text


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


def read_view(pairs: Pairs) -> int:
    """Return the number of the saved view that the state came from, or 0; it may be gone, or never have been there."""
    text = "".join(_values(pairs, "saved")[-1:])
    return int(text) if _COUNTS.fullmatch(text) and len(text) < _VIEW_DIGITS else 0


def is_query_too_long(pairs: Pairs) -> bool:
    """Return whether ``pairs`` are more than a link may carry."""
    if sum(len(name) + len(value) for name, value in pairs) > MAX_LENGTH:
        return True
    return len(urlencode(pairs, errors="replace")) > MAX_LENGTH


def _read_conventions(pairs: Pairs, problems: list[str]) -> Conventions:
    names = _values(pairs, NUMBER_FORMAT)
    if not names:
        return CANONICAL
    found = NumberFormat.called(names[-1])
    if found is None:
        _add(problems, f"There is no number format {quoted(names[-1])}; numbers are read like 1234.56.")
    return found.conventions if found else CANONICAL


def _read_clauses(
    name: str,
    texts: list[str],
    columns: Mapping[str, Column],
    conventions: Conventions,
    problems: list[str],
) -> Iterator[Filter]:
    number, _, rest = name.partition(".")
    column, verb = _column_and_verb(rest, columns)
    if column is None or verb is None:
        what = f"no filter {quoted(rest)}" if column is None else f"no such verb as in {quoted(rest)}"
        _add(problems, f"There is {what} in this grid; it was left out.")
        return
    for values in _split(verb, texts):
        try:
            canonical = [canonical_text(column, text, conventions) for text in values]
            yield Filter(column.name, verb, check_values(column, verb, canonical), int(number[1:] or 0))
        except CellError as error:
            _add(problems, f"The filter “{column.label} {VERB_LABELS[verb]}” was left out. {error.message}")


def _column_and_verb(name: str, columns: Mapping[str, Column]) -> tuple[Column | None, Verb | None]:
    column_name, _, verb_text = name.rpartition(".")
    column = columns.get(column_name)
    if column is None or not column.filterable:
        return None, None
    return column, next((verb for verb in verbs_of(column) if verb == verb_text), None)


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
        if is_filter_name(name):
            names.setdefault(name, []).append(value)
    return names.items()


def _values(pairs: Pairs, wanted: str) -> list[str]:
    return [value for name, value in pairs if name == wanted]


def _add(problems: list[str], sentence: str) -> None:
    if len(problems) < _MAX_PROBLEMS and sentence not in problems:
        problems.append(sentence)
