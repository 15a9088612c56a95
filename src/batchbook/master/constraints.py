"""Which unique values a record claims, and which of them somebody else has: the same question on every database.

Drivers name the broken constraint each in their own way, or not at all; asking the table afterwards does not depend
on them. Only for an index on an expression is the driver's message consulted, because its value is the database's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Index, Table, UniqueConstraint, and_, inspect, not_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapper, Session


@dataclass(frozen=True)
class Claim:
    """The values that a record wants for columns which must be unique together."""

    columns: tuple[Column[Any], ...]
    values: tuple[Any, ...]
    fields: tuple[str, ...]


def claims_of(record: Any) -> list[Claim]:
    """Return what ``record`` claims; combinations with a null in them claim nothing."""
    mapper = inspect(type(record))
    claims = [
        _claim(mapper, record, columns) for table in mapper.tables for columns in _unique_columns(table)
    ]
    return [claim for claim in claims if None not in claim.values]


def taken_fields(db: Session, record: Any, claims: list[Claim], error: IntegrityError) -> dict[str, str]:
    """Return a sentence per field of ``record`` whose value in ``claims`` belongs to another record.

    Empty when ``error`` has another cause than a unique value.
    """
    mapper = inspect(type(record))
    taken = [claim.fields for claim in claims if db.scalar(_others(mapper, record, claim)) is not None]
    taken += _named_by_driver(mapper, str(error.orig))
    return {name: _sentence(fields) for fields in taken for name in fields}


def _sentence(fields: tuple[str, ...]) -> str:
    if len(fields) == 1:
        return "Another record has this value already; choose another one."
    return "Another record has this combination already; change one of its fields."


def _unique_columns(table: Table) -> Iterator[tuple[Column[Any], ...]]:
    yield tuple(table.primary_key.columns)
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield tuple(constraint.columns)
    for index in table.indexes:
        if index.unique and not _computed(index):
            yield tuple(index.columns)


def _computed(index: Index) -> bool:
    return not all(isinstance(expression, Column) for expression in index.expressions)


def _claim(mapper: Mapper[Any], record: Any, columns: tuple[Column[Any], ...]) -> Claim:
    fields = tuple(mapper.get_property_by_column(column).key for column in columns)
    return Claim(columns, tuple(getattr(record, name) for name in fields), fields)


def _others(mapper: Mapper[Any], record: Any, claim: Claim) -> Any:
    statement = select(claim.columns[0]).where(
        *(column == value for column, value in zip(claim.columns, claim.values, strict=True))
    )
    identity = inspect(record).identity
    if identity:
        key = zip(mapper.primary_key, identity, strict=True)
        own = and_(*(claim.columns[0].table.c[column.name] == value for column, value in key))
        statement = statement.where(not_(own))
    return statement.limit(1)


def _named_by_driver(mapper: Mapper[Any], message: str) -> list[tuple[str, ...]]:
    return [
        tuple(mapper.get_property_by_column(column).key for column in index.columns)
        for table in mapper.tables
        if isinstance(table, Table)
        for index in table.indexes
        if index.unique and _computed(index) and index.name and str(index.name) in message
    ]
