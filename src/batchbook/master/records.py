"""Records: loaded, saved and deleted one by one, without lost updates, duplicates of unique values or broken references."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    UniqueConstraint,
    and_,
    func,
    inspect,
    not_,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.exc import StaleDataError

from batchbook.errors import Conflict, Missing
from batchbook.words import is_storable

#: Actions of the database on deletion that leave no broken reference behind.
_HARMLESS = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})


@dataclass(frozen=True)
class Reference:
    """``count`` rows of the table called ``label`` refer to the record."""

    label: str
    count: int


def references(db: Session, record: Any) -> list[Reference]:
    """Return the references that forbid the deletion of ``record``, in the order of the tables' names.

    Rows that go with the record do not count: those that the database or the mapper deletes with it (``ON DELETE CASCADE``
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
    """Return a sentence with the reason why the record called ``label`` cannot be deleted, or None if it can."""
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
            inherits = set(constraint.columns) == set(table.primary_key.columns)
            if refers and not inherits and (constraint.ondelete or "").upper() not in _HARMLESS:
                yield table, constraint


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


@dataclass(frozen=True)
class Claim:
    """The values that a record wants for columns which must be unique together."""

    columns: tuple[Column[Any], ...]
    values: tuple[Any, ...]
    fields: tuple[str, ...]


_TAKEN = "Another record already has this value; choose a different one."
_COMBINATION_TAKEN = "Another record already has this combination; change one of the fields."


def claims_of(record: Any) -> list[Claim]:
    """Return the claims of ``record``; a combination with a null in it claims nothing."""
    mapper = inspect(type(record))
    claims = []
    for columns in (columns for table in mapper.tables for columns in _unique_columns(table)):
        fields = tuple(mapper.get_property_by_column(column).key for column in columns)
        values = tuple(getattr(record, name) for name in fields)
        if None not in values:
            claims.append(Claim(columns, values, fields))
    return claims


def taken_fields(db: Session, record: Any, claims: list[Claim], error: IntegrityError) -> dict[str, str]:
    """Return a sentence per field of ``record`` whose value in ``claims`` belongs to another record.

    Empty when ``error`` has another cause than a unique value.
    """
    mapper = inspect(type(record))
    taken = [claim.fields for claim in claims if db.scalar(_others(mapper, record, claim)) is not None]
    taken += _named_by_driver(mapper, str(error.orig))
    return {name: _TAKEN if len(fields) == 1 else _COMBINATION_TAKEN for fields in taken for name in fields}


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


def is_own(record: Any) -> ColumnElement[bool] | None:
    """Return the condition for ``record`` itself, as it is stored; ``None`` if it is new."""
    state = inspect(record)
    if not state.identity:
        return None
    return and_(
        *(column == value for column, value in zip(state.mapper.primary_key, state.identity, strict=True))
    )


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


R = TypeVar("R")

_REFUSED = (
    "The database refused this, because it refers to something that was deleted meanwhile or breaks a rule of the"
    " data. Nothing was saved; look again and correct it."
)

_LARGEST = {SmallInteger: 2**15 - 1, BigInteger: 2**63 - 1, Integer: 2**31 - 1}


class Invalid(Exception):  # noqa: N818 - It is caught and shown in the form; it never reaches a person as an error.
    """The refusal of entered values; ``errors`` has a sentence per field name."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


def find(db: Session, model: type[R], lookup: str, key: str, *, lock: bool = False) -> R:
    """Return the record of ``model`` whose attribute ``lookup`` is ``key``, a text from an address.

    With ``lock`` nobody else can change the record until the transaction ends. Raises ``Missing`` when there is
    none, which covers every text that cannot be a key at all, such as letters for a number.
    """
    statement = select(model).where(getattr(model, lookup) == key_of(model, lookup, key))
    if lock:
        statement = statement.with_for_update(of=model)
    record = db.scalars(statement).one_or_none()
    if record is None:
        raise _missing(key)
    return record


def key_of(model: type[Any], lookup: str, key: str) -> int | str:
    """Return ``key`` as a value of ``model.lookup``; raise ``Missing`` if no such value can exist."""
    kind = inspect(model).column_attrs[lookup].columns[0].type
    if not isinstance(kind, Integer):
        if not is_storable(key):
            raise _missing(key)
        return key
    largest = next(limit for base, limit in _LARGEST.items() if isinstance(kind, base))
    # int() would take signs, spaces, underscores and the digits of other scripts: many addresses for one record.
    if not (key.isascii() and key.isdigit() and len(key) <= 19 and int(key) <= largest):
        raise _missing(key)
    return int(key)


def _missing(key: str) -> Missing:
    name = key if len(key) <= 40 else f"{key[:40]}…"
    return Missing(f"“{name}” was not found here. It may have been deleted.")


def save(db: Session, record: R, change: Callable[[R], None], check: Callable[[R], None] | None = None) -> R:
    """Let ``change`` fill in ``record``, new or loaded, and write it to the database, where ``check`` may look at it.

    A loaded record's ``version`` grows by one. All or nothing: whatever is raised, also by ``check``, the database
    and the session are as before. Raises ``Invalid`` when a value that must be unique is taken, or when ``change``
    raises it, and ``Conflict`` when another user's change made this one impossible.
    """
    claims: list[Claim] = []
    try:
        with db.begin_nested(), db.no_autoflush:
            _count_up(record)
            change(record)
            claims = claims_of(record)
            db.add(record)
            db.flush()
            if check is not None:
                check(record)
    except IntegrityError as error:
        taken = taken_fields(db, record, claims, error)
        raise Invalid(taken) if taken else Conflict(_REFUSED) from error
    except StaleDataError as error:
        raise Conflict(
            "This was changed or deleted in the meantime. Nothing was saved; reload the page."
        ) from error
    return record


def delete(db: Session, record: R, label: str, check: Callable[[R], None] | None = None) -> None:
    """Delete ``record``, called ``label``, from the database, where ``check`` may look at what is left.

    Raises ``Conflict`` with a sentence when other records refer to it. All or nothing, as :func:`save`.
    """
    reason = why_referenced(label, references(db, record))
    if reason:
        raise Conflict(reason)
    try:
        with db.begin_nested():
            db.delete(record)
            db.flush()
            if check is not None:
                check(record)
    except (IntegrityError, StaleDataError) as error:
        message = f"{label} cannot be deleted, because it was used or deleted meanwhile. Nothing was changed."
        raise Conflict(message) from error


def _count_up(record: Any) -> None:
    mapper = inspect(type(record))
    # A mapper that counts versions itself does so for every UPDATE; counting here as well would count twice.
    if inspect(record).persistent and "version" in mapper.column_attrs and mapper.version_id_col is None:
        record.version += 1
