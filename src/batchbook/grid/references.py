"""References of columns to other records, and suggestions of these while people type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

#: The most characters of what is typed that count.
_LONGEST = 60
#: Sorts behind every character.
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Reference:
    """The records that the cells of a column name.

    ``key`` is the column of the records that the cells contain, ``label`` the text by which people know a record. Both begin
    with what is typed, so that an index serves the search: on PostgreSQL one for patterns (``text_pattern_ops``).
    ``permission``, such as ``products:view``, is needed to see suggestions; without one, nobody gets any.
    """

    key: InstrumentedAttribute[str]
    permission: str
    label: InstrumentedAttribute[Any] | None = None


@dataclass(frozen=True)
class Suggestion:
    """A record that a cell may name: the ``text`` for the cell, and the ``label`` by which people know it."""

    text: str
    label: str


def suggestions(session: Session, reference: Reference, typed: str, most: int) -> list[Suggestion]:
    """Return at most ``most`` records whose key or label begins with ``typed``, in any case: first those by their key."""
    typed = typed.strip()[:_LONGEST]
    found: dict[str, Suggestion] = {}
    for column in (reference.key, reference.label):
        if column is not None and len(found) < most:
            for suggestion in _beginning(session, reference, column, typed, most):
                found.setdefault(suggestion.text, suggestion)
    return list(found.values())[:most]


def _beginning(
    session: Session, reference: Reference, column: InstrumentedAttribute[Any], typed: str, most: int
) -> Iterator[Suggestion]:
    label = reference.key if reference.label is None else reference.label
    statement = select(reference.key, label).order_by(column).limit(most)
    if typed:
        statement = statement.where(_begins(column, typed, session.get_bind().dialect.name))
    elif column is not reference.key:
        return
    for key, words in session.execute(statement):
        yield Suggestion(str(key), str(words or ""))


def _begins(column: InstrumentedAttribute[Any], typed: str, dialect: str) -> ColumnElement[bool]:
    # An index of the column itself serves this, and one for any case would need a function that both databases have.
    written = dict.fromkeys((typed, typed.upper(), typed.lower(), typed.capitalize(), typed.title()))
    if dialect == "postgresql":
        return or_(*(column.like(f"{_escaped(text)}%", escape="/") for text in written))
    return or_(*(and_(column >= text, column < text + _LAST) for text in written))


def _escaped(text: str) -> str:
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")
