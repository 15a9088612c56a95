"""SQL that both databases lack or spell differently."""

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
#: The largest result in hundredths of a per cent.
_MOST = 10**_PRECISION - 1


def insert_into(bind: Engine | Connection, target: Any) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT into ``target``, a table or model, that can say what happens to rows that are there already.

    That is ``on_conflict_do_update`` or ``on_conflict_do_nothing``: one statement, so that two writers who store the
    same key in the same moment cannot collide. ``bind`` is the database that executes it.
    """
    insert = postgresql.insert if bind.dialect.name == "postgresql" else sqlite.insert
    return insert(target)


def lock_records(
    bind: Session | Connection,
    key: InstrumentedAttribute[Any],
    *where: ColumnElement[bool],
    read: bool = False,
) -> None:
    """Keep the records that satisfy ``where`` from changing until the transaction ends, without fetching them.

    ``key`` is the primary key of their model: they are locked in its order, so that two who lock the same never wait for
    each other. With ``read`` others may lock them so as well. SQLite has one writer anyway, and locks nothing here.
    """
    locked = select(key).where(*where).order_by(key).with_for_update(read=read, of=key.class_)
    bind.execute(select(func.count()).select_from(locked.subquery()))


class percent_change(FunctionElement[Any]):  # noqa: N801 - Reads as a function of SQL, like func.round.
    """By how many per cent the second of two :class:`ExactDecimal` columns of one scale differs from the first.

    Rounded to two digits behind the point; null where the first is null or zero. A change beyond what the result's
    type holds, such as from a cent to billions, is given as the largest that it holds.
    """

    name = "percent_change"
    inherit_cache = True
    type = ExactDecimal(_PRECISION, 2)

    def __init__(self, old: SQLColumnExpression[Any], new: SQLColumnExpression[Any]) -> None:
        super().__init__(old, new)


class decimal_text(FunctionElement[Any]):  # noqa: N801 - Reads as a function of SQL, like func.round.
    """An :class:`ExactDecimal` column as text with all digits of its scale behind the point, such as 4.10."""

    name = "decimal_text"
    inherit_cache = True
    type = String()

    def __init__(self, column: SQLColumnExpression[Any]) -> None:
        super().__init__(column)


class folded(FunctionElement[str]):  # noqa: N801 - Reads as a function of SQL, like func.lower.
    """A text column in lower case, at least those of its letters that ``wanted``, a text in lower case, has.

    Both databases may know ASCII letters only: SQLite always, PostgreSQL in the C locale. The others are named to
    PostgreSQL one by one. SQLite asks Python, which takes longer and is asked for other letters than ASCII's only.
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
    """Return for each letter beyond ASCII that is a lower case of others what those are."""
    capitals: dict[str, str] = {}
    for letter in map(chr, range(0x80, sys.maxunicode + 1)):
        lower = letter.lower()
        if lower != letter and len(lower) == 1 and not lower.isascii():
            capitals[lower] = capitals.get(lower, "") + letter
    return capitals


def fold(text: str | None) -> str | None:
    """Return ``text`` in lower case; SQLite calls it for :class:`folded`."""
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
    # LEAST and GREATEST skip nulls, so no change would become the largest; CASE keeps it null.
    most = f"{_MOST / 100:.2f}"
    return f"CASE WHEN abs({change}) > {most} THEN sign({change}) * {most} ELSE round({change}, 2) END"


@compiles(percent_change, "sqlite")
def _sqlite(element: percent_change, compiler: Any, **options: Any) -> str:
    # Both are whole numbers of smallest units, and so is the result: hundredths of a per cent.
    old, new = (compiler.process(clause, **options) for clause in element.clauses)
    change = f"({new} - {old}) * 10000.0 / nullif({old}, 0)"
    return f"CAST(max(min(round({change}), {_MOST}), -{_MOST}) AS INTEGER)"
