"""SQL functions and statements that the databases lack or write differently."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, SQLColumnExpression, String, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.functions import FunctionElement

from batchbook.db.column_types import ExactDecimal

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
    locked = select(key).where(*where).order_by(key).with_for_update(read=read, of=key.class_)
    bind.execute(select(func.count()).select_from(locked.subquery()))


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


class folded(FunctionElement[str]):  # noqa: N801 - Reads as a function of SQL, like func.lower.
    """A text column in lower case, at least for the letters that occur in ``wanted``, a text in lower case.

    The databases may convert ASCII letters only: SQLite always, PostgreSQL in the C locale. On PostgreSQL, other letters
    are translated one by one; SQLite calls a Python function, which is slower and only used if there are such letters.
    """

    name = "folded"
    inherit_cache = True
    type = String()

    def __init__(self, column: SQLColumnExpression[Any], wanted: str) -> None:
        pairs = [(upper, letter) for letter in sorted({*wanted}) for upper in _capitals().get(letter, "")]
        upper, lower = ("".join(letters) for letters in zip(*pairs, strict=True)) if pairs else ("", "")
        parts = (literal(upper), literal(lower)) if pairs else ()
        super().__init__(func.lower(column) if not pairs else column, *parts)


@cache
def _capitals() -> dict[str, str]:
    """Return the capital letters of each non-ASCII lower-case letter that has any."""
    capitals: dict[str, str] = {}
    for letter in map(chr, range(0x80, sys.maxunicode + 1)):
        lower = letter.lower()
        if lower != letter and len(lower) == 1 and not lower.isascii():
            capitals[lower] = capitals.get(lower, "") + letter
    return capitals


def fold(text: str | None) -> str | None:
    """Return ``text`` in lower case; SQLite calls this for :class:`folded`."""
    return None if text is None else text.lower()


@compiles(folded)
def _folded_on_postgresql(element: folded, compiler: Any, **options: Any) -> str:
    column, *letters = (compiler.process(clause, **options) for clause in element.clauses)
    return f"translate(lower({column}), {', '.join(letters)})" if letters else column


@compiles(folded, "sqlite")
def _folded_on_sqlite(element: folded, compiler: Any, **options: Any) -> str:
    column, *letters = list(element.clauses)
    text: str = compiler.process(column, **options)
    return f"batchbook_fold({text})" if letters else text


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
    change = f"({new} - {old}) * 100 / nullif({old}, 0)"
    # LEAST and GREATEST ignore nulls and would return the limit; CASE keeps null.
    most = f"{_MOST / 100:.2f}"
    return f"CASE WHEN abs({change}) > {most} THEN sign({change}) * {most} ELSE round({change}, 2) END"


@compiles(percent_change, "sqlite")
def _sqlite(element: percent_change, compiler: Any, **options: Any) -> str:
    # Both are integer counts of the smallest unit, and so is the result, in hundredths of a percent.
    old, new = (compiler.process(clause, **options) for clause in element.clauses)
    change = f"({new} - {old}) * 10000.0 / nullif({old}, 0)"
    return f"CAST(max(min(round({change}), {_MOST}), -{_MOST}) AS INTEGER)"
