"""The side file of a SQLite database, for tables that must not wait for its write lock.

The side file needs no backup and has no migrations: if its tables differ from the models, they are created anew. A
damaged file is moved aside, and a new one is created.
"""

from __future__ import annotations

import logging
import sqlite3
import zlib
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.schema import CreateIndex, CreateTable

from batchbook.db.base import SIDE_FILE, Base
from batchbook.db.outages import Outage, outage_of
from batchbook.db.transactions import READ_ONLY

_LOG = logging.getLogger(__name__)

#: The time for which a statement waits for the file, in seconds.
_WAIT_SECONDS = 5


def side_file_engine(url: URL, **options: Any) -> Engine:
    """Return an engine on the side file of the SQLite database at ``url``, which is created on first use."""
    path = path_beside(url, "sessions")
    engine = create_engine(
        url.set(database=str(path)),
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": _WAIT_SECONDS},
        **options,
    )
    replace_when_damaged(engine, path)
    event.listen(engine, "connect", lambda connection, _record: _prepare_side_file(connection, path))
    event.listen(engine, "begin", _begin_side_file)
    return engine


# A damaged file.


def replace_when_damaged(engine: Engine, path: Path) -> None:
    """Have ``engine`` move the file at ``path`` aside when it is damaged; the next connection creates a new one."""
    # The first connection checks the file, and so does the next one after a statement has met damage.
    suspicious = [True]

    def connect(_dialect: object, _record: object, _arguments: Any, _options: Any) -> None:
        if suspicious[0]:
            move_aside_if_damaged(path)
            suspicious[0] = False

    def handle(context: ExceptionContext) -> None:
        if outage_of(context.original_exception) is Outage.DAMAGED:
            suspicious[0] = True
            context.is_disconnect = True  # All connections of the pool are closed and opened again.

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "handle_error", handle)


def move_aside_if_damaged(path: Path) -> bool:
    """Rename the SQLite file at ``path``, and its journal files, if it is damaged; return whether it was."""
    if not path.is_file() or not _is_damaged(path):
        return False
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):  # Another process may have moved it in the same moment.
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    _LOG.error(
        "The file %s is damaged. It was moved to %s, and a new one is created. No data is lost.",
        path,
        aside,
    )
    return True


def _is_damaged(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.Error as error:
        return outage_of(error) is Outage.DAMAGED


# Its tables.


def path_beside(url: URL, name: str) -> Path:
    """Return the path of the file ``name`` beside the SQLite database at ``url``, such as ``batchbook.sessions.sqlite3``."""
    path = Path(str(url.database))
    return path.with_name(f"{path.stem}.{name}{path.suffix or '.sqlite3'}")


def _prepare_side_file(connection: sqlite3.Connection, path: Path) -> None:
    statements = _side_file_schema()
    number = zlib.crc32("".join(statements).encode()) & 0x7FFFFFFF
    if _side_file_number(connection) != number:
        path.chmod(0o600)  # While it is empty; SQLite gives its journal files the same mode.
        _make_side_file_tables(connection, statements, number)
    connection.execute("PRAGMA synchronous = NORMAL")
    with suppress(sqlite3.OperationalError):  # The file is in use; a later connection will set it.
        connection.execute("PRAGMA journal_mode = WAL")


def _make_side_file_tables(connection: sqlite3.Connection, statements: list[str], number: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if _side_file_number(connection) != number:  # Otherwise another process has just created them.
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("COMMIT")


def _side_file_number(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _side_file_schema() -> list[str]:
    dialect = sqlite.dialect()
    statements: list[str] = []
    for table in Base.metadata.sorted_tables:
        if not table.info.get(SIDE_FILE):
            continue
        # Foreign keys would refer to tables in another file.
        create = CreateTable(table, include_foreign_key_constraints=[])
        indexes = [CreateIndex(index) for index in sorted(table.indexes, key=lambda index: str(index.name))]
        statements.append(f"DROP TABLE IF EXISTS {table.name}")
        statements.append(str(create.compile(dialect=dialect)))
        statements.extend(str(index.compile(dialect=dialect)) for index in indexes)
    return statements


def set_query_only(connection: Connection, *, on: bool) -> None:
    """Let SQLite refuse writes on ``connection``, or allow them, unless it does so already; nothing else changes that."""
    if connection.info.get(READ_ONLY) != on:
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if on else 'OFF'}")
        connection.info[READ_ONLY] = on


def _begin_side_file(connection: Connection) -> None:
    read_only: bool | None = connection.get_execution_options().get(READ_ONLY, False)
    if read_only is not None:
        set_query_only(connection, on=read_only)
