"""The filters that a facet sets: the values that rows are to have or not to have, empty cells, and a range."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from batchbook.grid.cells import to_text
from batchbook.grid.columns import Column, Kind
from batchbook.grid.filters import check_values, read_values
from batchbook.grid.parsers import CellError, Conventions
from batchbook.grid.state import GridState
from batchbook.grid.verbs import VERBS, Filter, Verb

#: Filters of a column that its facet does not set, so that its counts are under them.
_SEARCHED = frozenset({Verb.CONTAINS, Verb.NOT_CONTAINS, Verb.IS_ME})
_WANTED, _UNWANTED = frozenset({Verb.ANY_OF, Verb.EQUAL}), frozenset({Verb.NONE_OF, Verb.NOT_EQUAL})
_EMPTY = frozenset({Verb.EMPTY})
_RANGE = frozenset({Verb.BETWEEN, Verb.GREATER, Verb.LESS, Verb.ON, Verb.BEFORE, Verb.AFTER})
_CONVENTIONS = Conventions()


def own_filters(state: GridState, column: Column) -> tuple[Filter, ...]:
    """Return the filters of ``state`` that the facet of ``column`` sets: all of the column but those that search texts.

    Alternatives are none of them, because they also depend on other columns.
    """
    return tuple(
        clause
        for clause in state.filters
        if clause.column == column.name and clause.verb not in _SEARCHED and not clause.group
    )


def others_of(state: GridState, column: Column) -> GridState:
    """Return ``state`` at its first page, without the filters that the facet of ``column`` sets."""
    own = own_filters(state, column)
    return replace(state, filters=tuple(clause for clause in state.filters if clause not in own), page=1)


@dataclass(frozen=True)
class FacetChoice:
    """The filters of ``state`` on ``column`` as its facet shows them, and the states that its links lead to.

    ``wanted`` are the texts of the values that rows must have one of, ``unwanted`` those that they must not have.
    ``verbs`` are those of the column's filters, and ``range`` has the two texts of a "between", else empty ones.
    """

    state: GridState
    column: Column
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]
    verbs: frozenset[Verb]
    range: tuple[str, str] = ("", "")

    @classmethod
    def of(cls, state: GridState, column: Column) -> Self:
        """Return the choice that the filters of ``state`` are."""
        own = own_filters(state, column)
        between = next((clause.values for clause in own if clause.verb is Verb.BETWEEN), ("", ""))
        return cls(
            state,
            column,
            _texts(column, [clause for clause in own if clause.verb in _WANTED]),
            _texts(column, [clause for clause in own if clause.verb in _UNWANTED]),
            frozenset(clause.verb for clause in own),
            (between[0], between[1]),
        )

    def takes(self, text: str) -> bool:
        """Return whether a filter can name the value with this ``text``: it has one line, and not too many characters."""
        try:
            return text.splitlines() == [text] and check_values(self.column, Verb.ANY_OF, [text]) == (text,)
        except CellError:
            return False

    def toggled(self, text: str) -> GridState:
        """Return the state in which the value is wanted beside the others, or no longer."""
        kept = tuple(one for one in self.unwanted if one != text)
        return self._with(_toggled(self.wanted, text), kept, {*_EMPTY, *_RANGE})

    def excluded(self, text: str) -> GridState:
        """Return the state in which the value is unwanted, or no longer."""
        kept = tuple(one for one in self.wanted if one != text)
        return self._with(kept, _toggled(self.unwanted, text), frozenset())

    def flagged(self, verb: Verb) -> GridState:
        """Return the state with a filter that needs no value, such as ``EMPTY``, or without it; it stands alone."""
        if verb in self.verbs:
            return self._replaced(frozenset({verb}))
        others = {Verb.EMPTY, Verb.NOT_EMPTY, Verb.IS_TRUE, Verb.IS_FALSE}
        contrary = {*_WANTED, *_RANGE} if verb is Verb.EMPTY else frozenset()
        return self._replaced({*others, *contrary}, Filter(self.column.name, verb))

    def between(self, first: str, last: str) -> GridState:
        """Return the state with the range from ``first`` to ``last`` inclusive, or without it where it is there already."""
        if self.range == (first, last):
            return self._replaced(_RANGE)
        return self._replaced(
            {*_RANGE, *_WANTED, *_EMPTY}, Filter(self.column.name, Verb.BETWEEN, (first, last))
        )

    def _with(self, wanted: tuple[str, ...], unwanted: tuple[str, ...], dropped: Any) -> GridState:
        lists = ((Verb.ANY_OF, wanted), (Verb.NONE_OF, unwanted))
        clauses = [Filter(self.column.name, verb, texts) for verb, texts in lists if texts]
        return self._replaced({*_WANTED, *_UNWANTED, *dropped}, *clauses)

    def _replaced(self, dropped: Any, *clauses: Filter) -> GridState:
        """Return the state at its first page, with ``clauses`` in place of the column's filters with one of the verbs ``dropped``."""
        own = own_filters(self.state, self.column)
        kept = [clause for clause in self.state.filters if clause not in own or clause.verb not in dropped]
        return replace(self.state, filters=tuple(kept), page=1).narrowed(*clauses)


def can_exclude(column: Column) -> bool:
    """Return whether a filter can leave out values of ``column``."""
    return Verb.NONE_OF in VERBS[column.kind]


def text_of(column: Column, value: Any) -> str:
    """Return the text of ``value`` in a filter of ``column``."""
    return to_text(column, value, _CONVENTIONS)


def _toggled(texts: tuple[str, ...], text: str) -> tuple[str, ...]:
    return tuple(one for one in texts if one != text) if text in texts else (*texts, text)


def _texts(column: Column, clauses: list[Filter]) -> tuple[str, ...]:
    """Return the texts of ``clauses``, each as :func:`text_of` writes its value."""
    found: dict[str, None] = {}
    for clause in clauses:
        values = read_values(column, clause.verb, clause.values)
        found.update(dict.fromkeys(text_of(column, value) for value in values))
    return tuple(found)


def values_of(column: Column, texts: tuple[str, ...]) -> tuple[Any, ...]:
    """Return the values of ``texts`` of filters on ``column``."""
    if not texts or column.kind is Kind.BOOLEAN:
        return ()
    return read_values(column, Verb.ANY_OF, texts)
