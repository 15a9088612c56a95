"""The facets of a grid, ready for a template: lines with counts and links, and histograms as bars of an SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from batchbook.grid import (
    CANONICAL,
    Column,
    Conventions,
    Filter,
    Grid,
    GridState,
    Kind,
    Verb,
    render,
    shown_text,
)
from batchbook.grid.facet_filters import (
    FacetChoice,
    can_exclude,
    others_of,
    own_filters,
    text_of,
    values_of,
)
from batchbook.grid.facets import RANGED, Histogram, ValueCounts, count_values, counts_of, histogram
from batchbook.master.links import href

#: The values that a facet lists at first, and when more are asked for.
FEW, MANY = 10, 200
#: The most facets that are open at once, and how many are open before anybody has chosen.
MOST_OPEN, FIRST_OPEN = 8, 3
#: Units of the SVG: the width of a bar with its gap, and the height of the highest one.
BAR_WIDTH, BAR_HEIGHT = 10, 40

_DATES = (Kind.DATE, Kind.DATETIME)
#: The kinds whose facets are open before anybody has chosen, the first ones first.
_OPEN_FIRST = (Kind.CHOICE, Kind.DECIMAL)

#: Counts that are known without counting: by the name of a column, and by the state without the facet's own filters.
KnownCounts = Callable[[str, GridState], Mapping[Any, int] | None]


def facets_key(key: str) -> str:
    """Return the name under which a person's open facets of the grid called ``key`` are remembered."""
    return f"facets.{key}"


@dataclass(frozen=True)
class FacetLine:
    """A value with its count: ``url`` narrows to it or takes that back, and ``exclude_url`` leaves it out; None if it can't."""

    label: str
    count: int
    wanted: bool = False
    unwanted: bool = False
    url: str | None = None
    exclude_url: str | None = None


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram: its place and height in units of the SVG, the range in words, its count, and its link."""

    x: int
    y: float
    height: float
    label: str
    count: int
    wanted: bool
    url: str


@dataclass(frozen=True)
class Facet:
    """A facet of one column.

    ``more_url`` is the page with more values, if there are more; ``clear_url`` takes the facet's filters back. A facet with
    a range has ``bars``, the texts of the ``range`` that is chosen, and the ``hidden`` parameters of its form, whose ``action``
    is an address; ``bounds`` are the least and the largest value in words. ``merge_url`` is the page that merges values. ``note`` tells why it shows nothing.
    """

    column: Column
    is_range: bool
    lines: Sequence[FacetLine] = ()
    bars: Sequence[Bar] = ()
    more_url: str | None = None
    clear_url: str | None = None
    range: tuple[str, str] = ("", "")
    bounds: tuple[str, str] = ("", "")
    hidden: Sequence[tuple[str, str]] = ()
    action: str = ""
    note: str = ""
    merge_url: str | None = None

    @property
    def input_type(self) -> str:
        """The type of the fields of the range."""
        return "date" if self.column.kind in _DATES else "text"


@dataclass(frozen=True)
class FacetPanel:
    """The facets of ``grid`` in a ``state``, for a user; ``base`` is the address of the page that their links lead to, and
    ``urls`` gives those of the pages called ``facets`` and ``facet``, all without a query.

    ``chosen`` are the names of the columns whose facets the user has opened, ``None`` if there was no choice yet. ``known``
    has counts that need not be counted. ``merge_url`` is the address, without a query, of the page that merges
    values of a column that people may edit. Numbers are written by the ``conventions``.
    """

    session: Session
    grid: Grid
    state: GridState
    user: str | None
    base: str
    urls: Callable[[str], str]
    chosen: Sequence[str] | None = None
    known: KnownCounts | None = None
    merge_url: str | None = None
    conventions: Conventions = CANONICAL

    @property
    def columns(self) -> list[Column]:
        """The columns that have facets."""
        return [column for column in self.grid.file_columns if column.filterable]

    @property
    def opened(self) -> list[Column]:
        """The columns whose facets are open."""
        if self.chosen is None:
            by_kind = [[column for column in self.columns if column.kind is kind] for kind in _OPEN_FIRST]
            return [column for columns in by_kind for column in columns][:FIRST_OPEN]
        by_name = {column.name: column for column in self.columns}
        return [by_name[name] for name in self.chosen if name in by_name][:MOST_OPEN]

    @property
    def page_url(self) -> str:
        """The page with the open facets alone, in this state."""
        return href(self.urls("facets"), self.state.at_page(1))

    @property
    def rows_url(self) -> str:
        """The grid in this state."""
        return href(self.base, self.state.at_page(1))

    def facet_url(self, column: Column, **more: str) -> str:
        """Return the address of the facet of ``column``, in this state, with the parameters ``more``."""
        query = [*self.state.at_page(1).to_query(), ("column", column.name), *more.items()]
        return f"{self.urls('facet')}?{urlencode(query)}"

    def facet(self, column: Column, most: int = FEW, search: str = "") -> Facet:
        """Return the facet of ``column``: at most so many values, those that contain the text ``search``."""
        choice = FacetChoice.of(self.state, column)
        others = others_of(self.state, column)
        own = own_filters(self.state, column)
        clear_url = href(self.base, others) if own else None
        if column.kind in RANGED:
            return self._ranged(choice, others, clear_url)
        counts = self._counts(choice, others, most, search)
        more_url = self.facet_url(column, most=str(MANY)) if counts.more and most < MANY else None
        note = "" if counts.values or counts.empty else "No rows."
        lines = (*self._lines(choice, counts), *self._empty_line(choice, counts.empty))
        return Facet(
            column,
            False,
            lines,
            more_url=more_url,
            clear_url=clear_url,
            note=note,
            merge_url=self._merge_url(column),
        )

    def _merge_url(self, column: Column) -> str | None:
        if self.merge_url is None or not column.editable or column.kind is not Kind.TEXT:
            return None
        return f"{self.merge_url}?{urlencode([*self.state.at_page(1).to_query(), ('column', column.name)])}"

    def _counts(self, choice: FacetChoice, others: GridState, most: int, search: str) -> ValueCounts:
        column = choice.column
        known = self.known(column.name, others) if self.known else None
        if known is not None and not search:
            return counts_of(known, [one.value for one in column.choices])
        if search:
            others = replace(others, filters=(*others.filters, Filter(column.name, Verb.CONTAINS, (search,))))
        chosen = values_of(column, (*choice.wanted, *choice.unwanted))
        return count_values(
            self.session, self.grid, others, self.user, column, most, () if search else chosen
        )

    def _typed(self, column: Column, text: str) -> str:
        return shown_text(column, text, self.conventions)

    def _in_words(self, column: Column, value: Any) -> str:
        return render(column, value, conventions=self.conventions)

    def _lines(self, choice: FacetChoice, counts: ValueCounts) -> Iterator[FacetLine]:
        column = choice.column
        for one in counts.values:
            if column.kind is Kind.BOOLEAN:
                yield self._boolean(choice, one.value, one.count)
                continue
            text, label = text_of(column, one.value), self._in_words(column, one.value)
            if not choice.takes(text):
                yield FacetLine(label, one.count)
                continue
            exclude_url = href(self.base, choice.excluded(text)) if can_exclude(column) else None
            yield FacetLine(
                label,
                one.count,
                text in choice.wanted,
                text in choice.unwanted,
                href(self.base, choice.toggled(text)),
                exclude_url,
            )

    def _boolean(self, choice: FacetChoice, value: Any, count: int) -> FacetLine:
        verb = Verb.IS_TRUE if value else Verb.IS_FALSE
        url = href(self.base, choice.flagged(verb))
        return FacetLine(render(choice.column, value), count, verb in choice.verbs, url=url)

    def _empty_line(self, choice: FacetChoice, count: int) -> Iterator[FacetLine]:
        wanted, unwanted = Verb.EMPTY in choice.verbs, Verb.NOT_EMPTY in choice.verbs
        if count or wanted or unwanted:
            yield FacetLine(
                "(empty)",
                count,
                wanted,
                unwanted,
                href(self.base, choice.flagged(Verb.EMPTY)),
                href(self.base, choice.flagged(Verb.NOT_EMPTY)),
            )

    def _ranged(self, choice: FacetChoice, others: GridState, clear_url: str | None) -> Facet:
        column = choice.column
        found = histogram(self.session, self.grid, others, self.user, column)
        note = (
            "" if found.readable else "Some values of this column are not readable, so there is no histogram."
        )
        filled = any(one.count for one in found.bins)
        if found.readable and not filled:
            note = "No values." if found.empty else "No rows."
        return Facet(
            column,
            True,
            [*self._empty_line(choice, found.empty)],
            [*self._bars(choice, found)] if filled else (),
            clear_url=clear_url,
            range=(self._typed(column, choice.range[0]), self._typed(column, choice.range[1])),
            bounds=(self._in_words(_as_day(column), found.low), self._in_words(_as_day(column), found.high)),
            hidden=others.typed_query(self.grid.columns, self.conventions),
            action=self.base,
            note=note,
        )

    def _bars(self, choice: FacetChoice, found: Histogram) -> Iterator[Bar]:
        column = choice.column
        most = max((one.count for one in found.bins), default=0)
        for place, one in enumerate(found.bins):
            # Whatever is there must be seen: a bar is at least two units high.
            height = round(max(2.0, one.count / most * BAR_HEIGHT), 1) if one.count else 0.0
            first, last = (_range_text(column, end) for end in (one.first, one.last))
            words = [self._in_words(_as_day(column), end) for end in (one.first, one.last)]
            yield Bar(
                place * BAR_WIDTH,
                BAR_HEIGHT - height,
                height,
                words[0] if first == last else f"{words[0]} to {words[1]}",
                one.count,
                choice.range == (first, last),
                href(self.base, choice.between(first, last)),
            )


def _as_day(column: Column) -> Column:
    return replace(column, kind=Kind.DATE) if column.kind is Kind.DATETIME else column


def _range_text(column: Column, value: Any) -> str:
    return text_of(_as_day(column), value)
