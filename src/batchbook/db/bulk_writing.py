"""Bulk writing: many rows at the speed of the database, and files in chunks.

On SQLite, rows are passed to the driver's ``executemany``, many in one statement; on PostgreSQL, they are sent by COPY on
the session's connection, within its transaction. There is no ORM object and no statement per row. Files are stored in
chunks of equal size, so that no file is held in memory as a whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import chain, compress, islice
from types import NoneType
from typing import Any, BinaryIO, TypeVar, cast

from sqlalchemy import Column, Connection, Table, and_, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from batchbook.db.column_types import ExactDecimal
from batchbook.db.guard import unguarded

_NULL = "\\N"
#: Characters with a meaning in the text format of COPY.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_TO_ESCAPE = re.compile(r"[\\\t\n\r]")
#: Types whose ``str()`` is the text that the database reads.
_WRITTEN_AS_TEXT: tuple[type[Any], ...] = (int, Decimal, date)


def copy_text(columns: Sequence[Sequence[Any]]) -> str | None:
    """Return rows, given by column, in the text format of COPY; ``None`` if the driver must write each value.

    The driver must do so for types that are not known here, and for text that the database cannot store.
    """
    texts = [_texts_of(values) for values in columns]
    known = [column for column in texts if column is not None]
    if len(known) < len(texts):
        return None
    lines = "\n".join(map("\t".join, zip(*known, strict=True)))
    return f"{lines}\n" if lines else ""


def _texts_of(values: Sequence[Any]) -> Sequence[str] | None:
    kinds = set(map(type, values))
    if kinds == {NoneType}:
        return [_NULL] * len(values)
    if NoneType in kinds:
        return _texts_with_nulls(values)
    if kinds == {str}:
        return _escaped(values)
    if any(kinds == {known} for known in _WRITTEN_AS_TEXT):
        return [*map(str, values)]
    return ["t" if value else "f" for value in values] if kinds == {bool} else None


def _texts_with_nulls(values: Sequence[Any]) -> Sequence[str] | None:
    present = [value is not None for value in values]
    texts = _texts_of([*compress(values, present)])
    if texts is None:
        return None
    rest = iter(texts)
    return [next(rest) if some else _NULL for some in present]


def _escaped(texts: Sequence[str]) -> Sequence[str] | None:
    together = "".join(texts)
    if "\0" in together:
        return None  # The driver raises the proper error.
    return [text.translate(_ESCAPES) for text in texts] if _TO_ESCAPE.search(together) else texts


T = TypeVar("T")

_STAGING = "batchbook_staging"
#: The number of rows that are converted for the driver at a time.
_CONVERTED = 1_000
#: The number of rows in one statement of SQLite, and the number of parameters that every version of it allows.
_ROWS_PER_STATEMENT, _MOST_PARAMETERS = 100, 999


def chunked(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield ``items`` in lists of at most ``size``, holding one list at a time."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def bulk_insert(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert ``rows``, each a sequence of values in the order of ``columns``.

    Column defaults are not applied: a row has a value for each of the named columns. Values are converted by the types
    of the columns; an invalid one raises the error of its type, usually ``ValueError``. If the database refuses a row,
    SQLAlchemy's errors are raised, such as ``IntegrityError``.
    """
    blocks = ([*zip(*chunk, strict=True)] for chunk in chunked(rows, _CONVERTED))
    _insert(connection, table, columns, blocks)


def bulk_insert_columns(connection: Connection, table: Table, values: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows whose ``values`` are given by column, all of equal length; otherwise like :func:`bulk_insert`."""
    _insert(connection, table, [*values], iter([[*values.values()]]))


def bulk_update(
    connection: Connection,
    table: Table,
    key: Sequence[str],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Set ``columns`` of the rows identified by ``key``; each of ``rows`` has the new values first, then those of the key.

    On PostgreSQL, the values are staged in a temporary table for one UPDATE; on SQLite, ``executemany`` updates the rows.
    """
    blocks = ([*zip(*chunk, strict=True)] for chunk in chunked(rows, _CONVERTED))
    converted = _converted(connection, [table.c[name] for name in (*columns, *key)], blocks)
    target = _quoted_table(connection, table)
    quote = connection.dialect.identifier_preparer.quote
    if connection.dialect.name == "postgresql":
        names = (*columns, *key)
        with unguarded(connection):
            connection.exec_driver_sql(
                f"CREATE TEMP TABLE {_STAGING} ON COMMIT DROP AS"  # noqa: S608 - Identifiers are quoted.
                f" SELECT {_quoted(connection, names)} FROM {target} WITH NO DATA"
            )
            _copy(connection, _STAGING, names, converted)
            values = ", ".join(f"{quote(name)} = s.{quote(name)}" for name in columns)
            match = " AND ".join(f"t.{quote(name)} = s.{quote(name)}" for name in key)
            connection.exec_driver_sql(
                f"UPDATE {target} AS t SET {values} FROM {_STAGING} AS s WHERE {match}"  # noqa: S608
            )
            connection.exec_driver_sql(f"DROP TABLE {_STAGING}")
        return
    values = ", ".join(f"{quote(name)} = ?" for name in columns)
    match = " AND ".join(f"{quote(name)} = ?" for name in key)
    _execute_many(connection, f"UPDATE {target} SET {values} WHERE {match}", _rows_of(converted))  # noqa: S608


def _insert(
    connection: Connection, table: Table, columns: Sequence[str], blocks: Iterator[Sequence[Sequence[Any]]]
) -> None:
    converted = _converted(connection, [table.c[name] for name in columns], blocks)
    target = _quoted_table(connection, table)
    if connection.dialect.name == "postgresql":
        _copy(connection, target, columns, converted)
        return
    head = f"INSERT INTO {target} ({_quoted(connection, columns)}) VALUES "  # noqa: S608 - Identifiers are quoted.
    _insert_many(connection, head, len(columns), chain.from_iterable(_rows_of(converted)))


def _insert_many(connection: Connection, head: str, width: int, cells: Iterator[Any]) -> None:
    # Many rows in one statement: for a table with triggers, within a savepoint, SQLite keeps a journal for each
    # statement, which takes longer than writing the rows.
    together = max(1, min(_ROWS_PER_STATEMENT, _MOST_PARAMETERS // width))
    marks = f"({', '.join('?' * width)})"
    rest = tuple(islice(cells, together * width))

    def full() -> Iterator[tuple[Any, ...]]:
        nonlocal rest
        while len(rest) == together * width:
            yield rest
            rest = tuple(islice(cells, together * width))

    if len(rest) == together * width:  # SQLite would read the long statement for a few rows as well.
        _execute_many(connection, head + ", ".join([marks] * together), full())
    if rest:
        _execute_many(connection, head + ", ".join([marks] * (len(rest) // width)), iter([rest]))


def _execute_many(connection: Connection, statement: str, records: Iterator[tuple[Any, ...]]) -> None:
    # The driver is called directly because it consumes a generator, so that no chunk is held twice.
    driver_connection = cast("Any", connection.connection.driver_connection)
    with _errors_as_of_sqlalchemy(connection, statement):
        driver_connection.executemany(statement, records)


def _copy(
    connection: Connection,
    target: str,
    columns: Sequence[str],
    blocks: Iterator[Sequence[Sequence[Any]]],
) -> None:
    driver_connection = cast("Any", connection.connection.driver_connection)
    statement = f"COPY {target} ({_quoted(connection, columns)}) FROM STDIN"
    with (
        _errors_as_of_sqlalchemy(connection, statement),
        driver_connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for block in blocks:
            text = copy_text(block)
            if text is not None:
                copy.write(text)
                continue
            for record in zip(*block, strict=True):
                copy.write_row(record)


@contextmanager
def _errors_as_of_sqlalchemy(connection: Connection, statement: str) -> Iterator[None]:
    """Raise the driver's errors as SQLAlchemy does, so that callers have to handle only one kind."""
    base = cast("Any", connection.dialect.dbapi).Error
    try:
        yield
    except base as error:
        raise DBAPIError.instance(
            statement, None, error, base, hide_parameters=True, dialect=connection.dialect
        ) from error


def _converted(
    connection: Connection, columns: Sequence[Column[Any]], blocks: Iterable[Sequence[Sequence[Any]]]
) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield ``blocks`` of values, given by column, converted for the driver.

    Converting by column is fast; a loop over the cells of each row would take as long as the database does.
    """
    processors = [_bind_processor(connection, column) for column in columns]
    for block in blocks:
        pairs = zip(processors, block, strict=True)
        yield [values if process is None else process(values) for process, values in pairs]


def _rows_of(blocks: Iterable[Sequence[Sequence[Any]]]) -> Iterator[tuple[Any, ...]]:
    return chain.from_iterable(zip(*block, strict=True) for block in blocks)


def _bind_processor(
    connection: Connection, column: Column[Any]
) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    """Return a function that converts the values of ``column`` for the driver; ``None`` if no conversion is needed."""
    if isinstance(column.type, ExactDecimal):
        return partial(column.type.bind_many, dialect=connection.dialect)
    dialect = connection.dialect
    process: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    return None if process is None else lambda values: [*map(process, values)]


def _quoted_table(connection: Connection, table: Table) -> str:
    return connection.dialect.identifier_preparer.format_table(table)


def _quoted(connection: Connection, names: Sequence[str]) -> str:
    return ", ".join(connection.dialect.identifier_preparer.quote(name) for name in names)


#: The size of a chunk, in bytes.
CHUNK_SIZE = 256 * 1024


def write_chunks(
    session: Session, model: type[Any], key: Mapping[str, Any], file: BinaryIO
) -> tuple[int, str]:
    """Write ``file`` from its start as rows of ``model``; return its size in bytes and its SHA-256 as hexadecimal text.

    ``model`` has the columns ``position`` and ``data`` and those of ``key``, which identify the file.
    """
    file.seek(0)
    size, digest = 0, hashlib.sha256()
    for position, data in enumerate(iter(lambda: file.read(CHUNK_SIZE), b"")):
        digest.update(data)
        size += len(data)
        session.execute(insert(model).values(**key, position=position, data=data))
    return size, digest.hexdigest()


def read_chunks(session: Session, model: type[Any], key: Mapping[str, Any], size: int) -> Iterator[bytes]:
    """Yield the ``size`` bytes that :func:`write_chunks` wrote, one chunk at a time."""
    whole = and_(*(getattr(model, name) == value for name, value in key.items()))
    for position in range((size + CHUNK_SIZE - 1) // CHUNK_SIZE):
        yield session.scalars(select(model.data).where(whole, model.position == position)).one()
