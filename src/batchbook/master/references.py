"""References to a record, found from the foreign keys of the models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Table, func, inspect, select
from sqlalchemy.orm import Mapper, Session

#: What the database does on delete that leaves nothing behind to complain about.
_HARMLESS = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})


@dataclass(frozen=True)
class Reference:
    """``count`` rows of the table called ``label`` refer to the record."""

    label: str
    count: int


def references(db: Session, record: Any) -> list[Reference]:
    """Return what would lose its footing if ``record`` were deleted, in the order of the tables' names.

    Rows that go with the record are none: those that the database or the mapper deletes along (``ON DELETE CASCADE``
    or ``SET NULL``, ``cascade="all, delete-orphan"``, the secondary table of a relationship, joined subtypes).
    A table is called by its ``info["label"]``, else by its name.
    """
    mapper = inspect(type(record))
    found = ((table, _count(db, mapper, record, constraint)) for table, constraint in _constraints(mapper))
    counts: dict[str, int] = {}
    for table, count in found:
        label = table.info.get("label") or table.name.replace("_", " ")
        counts[label] = counts.get(label, 0) + count
    return [Reference(label, count) for label, count in counts.items() if count]


def why_referenced(label: str, found: list[Reference]) -> str | None:
    """Return the sentence that says why the record called ``label`` cannot be deleted, or None if it can."""
    if not found:
        return None
    users = [f"{reference.count:,} in {reference.label}" for reference in found]
    listed = users[0] if len(users) == 1 else f"{', '.join(users[:-1])} and {users[-1]}"
    return f"{label} cannot be deleted, because other records refer to it: {listed}. Nothing was changed."


def _constraints(mapper: Mapper[Any]) -> Iterator[tuple[Table, ForeignKeyConstraint]]:
    own = set(mapper.tables)
    skipped = _tables_going_along(mapper)
    for table in sorted(mapper.class_.metadata.tables.values(), key=lambda table: table.name):
        for constraint in table.foreign_key_constraints:
            refers = constraint.referred_table in own and table not in skipped
            if refers and not _inherits(constraint) and (constraint.ondelete or "").upper() not in _HARMLESS:
                yield table, constraint


def _inherits(constraint: ForeignKeyConstraint) -> bool:
    return set(constraint.columns) == set(constraint.table.primary_key.columns)


def _tables_going_along(mapper: Mapper[Any]) -> set[Any]:
    tables: set[Any] = set()
    for relationship in mapper.relationships:
        if relationship.secondary is not None:
            tables.add(relationship.secondary)
        elif "delete" in relationship.cascade:
            tables.update(relationship.mapper.tables)
    return tables


def _count(db: Session, mapper: Mapper[Any], record: Any, constraint: ForeignKeyConstraint) -> int:
    conditions = []
    for element in constraint.elements:
        value = getattr(record, mapper.get_property_by_column(element.column).key)
        conditions.append(element.parent == value)
    statement = select(func.count()).select_from(constraint.table).where(*conditions)
    return db.scalar(statement) or 0
