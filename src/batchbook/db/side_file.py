"""The file beside a SQLite database, for tables that must not wait for the database's write lock.

SQLite has one write lock for each file, and a job holds it for as long as it writes. A model whose table is marked
with :data:`SIDE_FILE` is stored in a file of its own there, each statement at once; :func:`batchbook.db.transactions.make_session`
sends its statements to it. On PostgreSQL it is in the database, within the transaction, like every other model.

Nothing in the file is worth a backup. It has no migrations: where its tables are not as the models say, they are made anew.
"""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from batchbook.db.base import SIDE_FILE, Base
from batchbook.db.transactions import READ_ONLY

_WAIT_SECONDS = 5


def side_file_engine(url: URL, **options: Any) -> Engine:
    """Return an engine on the file beside the SQLite database at ``url``, made when it is first used."""
    path = _side_file_path(url)
    engine = create_engine(
        url.set(database=str(path)),
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": _WAIT_SECONDS},
        **options,
    )
    event.listen(engine, "connect", lambda connection, _record: _prepare(connection, path))
    event.listen(engine, "begin", _begin)
    return engine


def _side_file_path(url: URL) -> Path:
    path = Path(str(url.database))
    return path.with_name(f"{path.stem}.sessions{path.suffix or '.sqlite3'}")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    statements = _schema()
    number = zlib.crc32("".join(statements).encode()) & 0x7FFFFFFF
    if _schema_number(connection) != number:
        path.chmod(0o600)  # Before anything is in it; what SQLite puts beside it then has the same mode.
        _make_tables(connection, statements, number)
    connection.execute("PRAGMA synchronous = NORMAL")
    with suppress(sqlite3.OperationalError):  # Others use the file right now; a later connection sets it.
        connection.execute("PRAGMA journal_mode = WAL")


def _make_tables(connection: sqlite3.Connection, statements: list[str], number: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if _schema_number(connection) != number:  # Else another process made them in the meantime.
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("COMMIT")


def _schema_number(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _schema() -> list[str]:
    dialect = sqlite.dialect()
    statements: list[str] = []
    for table in _tables():
        # What the rows refer to is in another file.
        create = CreateTable(table, include_foreign_key_constraints=[])
        indexes = [CreateIndex(index) for index in sorted(table.indexes, key=lambda index: str(index.name))]
        statements.append(f"DROP TABLE IF EXISTS {table.name}")
        statements.append(str(create.compile(dialect=dialect)))
        statements.extend(str(index.compile(dialect=dialect)) for index in indexes)
    return statements


def _tables() -> list[Table]:
    return [table for table in Base.metadata.sorted_tables if table.info.get(SIDE_FILE)]


def _begin(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
