"""SQL functions and statements that the databases lack or write differently."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from zlib import crc32

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Numeric,
    SQLColumnExpression,
    String,
    and_,
    any_,
    cast,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.functions import FunctionElement

from batchbook.db.column_types import ExactDecimal
from batchbook.db.folding import folded_key, key_form

_PRECISION = 14
#: The largest result, in hundredths of a percent.
_MOST = 10**_PRECISION - 1


def insert_into(bind: Engine | Connection, target: Any) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT into ``target``, a table or model, with an ON CONFLICT clause for existing rows.

    Call its ``on_conflict_do_update`` or ``on_conflict_do_nothing``: as a single statement, it is safe when two writers
    store the same key at the same time. ``bind`` determines the dialect.
    """
    insert = postgresql.insert if bind.dialect.name == "postgresql" else sqlite.insert
    return insert(target)


def lock_name(session: Session, name: str) -> None:
    """Wait until no other transaction holds the lock ``name``, and hold it until this one ends.

    For changes that depend on which records there are, where no record could be locked. On SQLite, which has only one writer,
    nothing is locked.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(crc32(name.encode()))))


def lock_records(
    bind: Session | Connection,
    key: InstrumentedAttribute[Any],
    *where: ColumnElement[bool],
    read: bool = False,
) -> None:
    """Lock the records that satisfy ``where`` until the transaction ends, without fetching them.

    ``key`` is the primary key of their model: records are locked in its order, to prevent deadlocks. With ``read``, the
    lock is shared: others may read-lock the records too. On SQLite, which has only one writer, nothing is locked.
    """
    dialect = bind.get_bind().dialect if isinstance(bind, Session) else bind.dialect
    if dialect.name == "sqlite":
        return
    locked = select(key).where(*where).order_by(key).with_for_update(read=read, of=key.class_)
    bind.execute(select(func.count()).select_from(locked.subquery()))


def one_of(
    bind: Engine | Connection, column: InstrumentedAttribute[Any], values: Collection[Any]
) -> ColumnElement[bool]:
    """Return the condition that ``column`` has one of many ``values``; on PostgreSQL they are sent as one parameter.

    SQLite takes at most 32,766 of them.
    """
    if bind.dialect.name != "postgresql":
        return column.in_(values)
    together = literal(list(values), postgresql.ARRAY(column.type))
    return column == any_(together)


@contextmanager
def joining_by_hash(session: Session) -> Iterator[None]:
    """Have PostgreSQL join the tables of the block's statements by hash or merge, never row by row.

    It knows no statistics of rows that the same transaction has written: it takes them for a few, and compares each of
    thousands with each. If the block raises, the transaction or savepoint that ends by that resets the setting.
    """
    if session.get_bind().dialect.name != "postgresql":
        yield
        return
    session.execute(text("SET LOCAL enable_nestloop = off"))
    yield
    session.execute(text("SET LOCAL enable_nestloop = DEFAULT"))


def spelled_like(session: Session, column: InstrumentedAttribute[str], name: str) -> list[str]:
    """Return the texts in ``column`` that ``name`` may mean: itself, else all that differ in their writing only, in order."""
    similar = select(column).where(folded_key(column) == key_form(name)).order_by(column)
    found = [*session.scalars(similar)]
    return [name] if name in found else found


def changes_beyond(before: Any, after: Any, limit: Decimal) -> ColumnElement[bool]:
    """Return the condition that a number changes by more than ``limit`` per cent; null where one of the two is."""
    # The change times 10,000 against hundredths of a per cent; as NUMERIC, which no product of integers overflows.
    old, new = cast(before, Numeric), cast(after, Numeric)
    moved = func.abs(new - old) * literal(10_000, BigInteger)
    return and_(before != after, moved > literal(int(limit * 100), BigInteger) * func.abs(old))


class percent_change(FunctionElement[Any]):  # noqa: N801 - Reads as a function of SQL, like func.round.
    """The change from the first to the second of two :class:`ExactDecimal` columns of the same scale, in percent.

    It is rounded to two decimal places, and null if the first value is null or zero. A change that is too large for
    the type of the result, such as from a cent to billions, becomes the largest value of the type.
    """

    name = "percent_change"
    inherit_cache = True
    type = ExactDecimal(_PRECISION, 2)

    def __init__(self, old: SQLColumnExpression[Any], new: SQLColumnExpression[Any]) -> None:
        super().__init__(old, new)


class decimal_text(FunctionElement[Any]):  # noqa: N801 - Reads as a function of SQL, like func.round.
    """An :class:`ExactDecimal` column as text with all its decimal places, such as 4.10."""

    name = "decimal_text"
    inherit_cache = True
    type = String()

    def __init__(self, column: SQLColumnExpression[Any]) -> None:
        super().__init__(column)


@compiles(decimal_text)
def _decimal_text_on_postgresql(element: decimal_text, compiler: Any, **options: Any) -> str:
    (column,) = element.clauses
    return f"CAST(CAST({compiler.process(column, **options)} AS NUMERIC(38, {_scale_of(column)})) AS TEXT)"


@compiles(decimal_text, "sqlite")
def _decimal_text_on_sqlite(element: decimal_text, compiler: Any, **options: Any) -> str:
    (column,) = element.clauses
    units, scale = compiler.process(column, **options), _scale_of(column)
    sign = f"CASE WHEN {units} < 0 THEN '-' ELSE '' END"
    return f"printf('%s%d.%0{scale}d', {sign}, abs({units}) / {10**scale}, abs({units}) % {10**scale})"


def _scale_of(column: Any) -> int:
    scale: int = column.type.scale
    return scale


@compiles(percent_change)
def _postgresql(element: percent_change, compiler: Any, **options: Any) -> str:
    old, new = (compiler.process(clause, **options) for clause in element.clauses)
    change = f"(CAST({new} AS numeric) - {old}) * 100.0 / nullif({old}, 0)"  # Integers could overflow.
    # LEAST and GREATEST ignore nulls and would return the limit; CASE keeps null.
    most = f"{_MOST / 100:.2f}"
    return f"CASE WHEN abs({change}) > {most} THEN sign({change}) * {most} ELSE round({change}, 2) END"


@compiles(percent_change, "sqlite")
def _sqlite(element: percent_change, compiler: Any, **options: Any) -> str:
    # Both are integer counts of the smallest unit, and so is the result, in hundredths of a percent.
    old, new = (compiler.process(clause, **options) for clause in element.clauses)
    change = f"({new} - {old}) * 10000.0 / nullif({old}, 0)"
    return f"CAST(max(min(round({change}), {_MOST}), -{_MOST}) AS INTEGER)"
