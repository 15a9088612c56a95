"""Verbs: the conditions that filters offer for each kind of value, and filters and sorts as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from batchbook.grid.columns import Column, Kind


class Verb(StrEnum):
    """The condition of a filter."""

    EQUAL = "equal"
    NOT_EQUAL = "not_equal"
    ANY_OF = "any_of"
    NONE_OF = "none_of"
    GREATER = "greater"
    LESS = "less"
    BETWEEN = "between"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    EMPTY = "empty"
    NOT_EMPTY = "not_empty"
    IS_TRUE = "is_true"
    IS_FALSE = "is_false"
    IS_ME = "is_me"
    ON = "on"
    BEFORE = "before"
    AFTER = "after"


_PRESENCE = (Verb.EMPTY, Verb.NOT_EMPTY)
_LISTED = (Verb.ANY_OF, Verb.NONE_OF)
_NUMBER = (Verb.EQUAL, Verb.NOT_EQUAL, Verb.GREATER, Verb.LESS, Verb.BETWEEN, *_LISTED, *_PRESENCE)
_DAY = (Verb.ON, Verb.BEFORE, Verb.AFTER, Verb.BETWEEN, *_PRESENCE)
_TEXT = (Verb.CONTAINS, Verb.NOT_CONTAINS, Verb.EQUAL, Verb.NOT_EQUAL, *_LISTED, *_PRESENCE)

#: The verbs of each kind, in the order in which a page offers them; the first is the default.
VERBS: dict[Kind, tuple[Verb, ...]] = {
    Kind.TEXT: _TEXT,
    Kind.INTEGER: _NUMBER,
    Kind.DECIMAL: _NUMBER,
    Kind.BOOLEAN: (Verb.IS_TRUE, Verb.IS_FALSE, *_PRESENCE),
    Kind.DATE: _DAY,
    Kind.DATETIME: _DAY,
    Kind.CHOICE: (Verb.EQUAL, Verb.NOT_EQUAL, *_LISTED, *_PRESENCE),
    Kind.USER: (Verb.IS_ME, *_TEXT),
}

#: The label of each verb.
VERB_LABELS: dict[Verb, str] = {
    Verb.EQUAL: "is",
    Verb.NOT_EQUAL: "is not",
    Verb.ANY_OF: "is any of",
    Verb.NONE_OF: "is none of",
    Verb.GREATER: "is greater than",
    Verb.LESS: "is less than",
    Verb.BETWEEN: "is between",
    Verb.CONTAINS: "contains",
    Verb.NOT_CONTAINS: "does not contain",
    Verb.EMPTY: "is empty",
    Verb.NOT_EMPTY: "is not empty",
    Verb.IS_TRUE: "is yes",
    Verb.IS_FALSE: "is no",
    Verb.IS_ME: "is me",
    Verb.ON: "is on",
    Verb.BEFORE: "is before",
    Verb.AFTER: "is after",
}

_WITHOUT_VALUE = frozenset({*_PRESENCE, Verb.IS_TRUE, Verb.IS_FALSE, Verb.IS_ME})


def verbs_of(column: Column) -> tuple[Verb, ...]:
    """Return the verbs by which ``column`` is filtered: those with a condition of its own, else those of its kind."""
    verbs = VERBS[column.kind]
    return tuple(verb for verb in verbs if verb in column.conditions) if column.conditions else verbs


def value_count(verb: Verb) -> int | None:
    """Return the number of values that ``verb`` takes: 0, 1 or 2, or ``None`` for one or more."""
    if verb in _WITHOUT_VALUE:
        return 0
    if verb in _LISTED:
        return None
    return 2 if verb is Verb.BETWEEN else 1


@dataclass(frozen=True)
class Filter:
    """A filter on the column named ``column``; ``values`` are texts, as a person writes them.

    Filters of ``group`` 0 hold for every row. The others are alternatives: a row has to satisfy all filters of at least
    one of the groups.
    """

    column: str
    verb: Verb
    values: tuple[str, ...] = ()
    group: int = 0


@dataclass(frozen=True)
class Sort:
    """Order by the column named ``column``; empty values come last either way."""

    column: str
    descending: bool = False

    @property
    def text(self) -> str:
        """The sort as a link has it: the name, after a minus if it is descending."""
        return f"-{self.column}" if self.descending else self.column
