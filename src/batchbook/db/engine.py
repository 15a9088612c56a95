"""Engines for SQLite, with a side file for tables that must not wait for its write lock, and for PostgreSQL.

SQLite has one write lock per file, and a job holds it for as long as it writes. A model whose table is marked with
:data:`~batchbook.db.base.SIDE_FILE` is therefore stored in a separate file, where each statement is committed at once;
:func:`~batchbook.db.transactions.make_session` sends its statements there. On PostgreSQL such a model is in the database,
within the transaction, like all others.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyramid_retry
from pyramid.exceptions import ConfigurationError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError

from batchbook.db.connecting import add_client_limits, limit_session
from batchbook.db.folding import fold, key_form
from batchbook.db.guard import install_guard, refuse_second
from batchbook.db.outages import is_unconnected, mark_as_copy, note_outage, watch_space
from batchbook.db.side_file import set_query_only, side_file_engine
from batchbook.db.stored_values import read_json, read_text, read_tolerantly
from batchbook.db.transactions import (
    READ_ONLY,
    SIDE_FILE_ENGINE,
    WRITE_LOCK_LIMIT,
    WaitingLimit,
    is_refused_write,
    is_timeout,
    is_transient,
)

#: The environment variable that takes precedence over the setting ``sqlalchemy.url``.
URL_VARIABLE = "BATCHBOOK_DATABASE_URL"

#: The time for which a job or command waits for SQLite's write lock, in seconds.
_WAIT_SECONDS = 15

#: The drivers that engines and bulk writing support.
_DRIVERS = frozenset({"sqlite", "sqlite+pysqlite", "postgresql+psycopg"})


def database_url(settings: Mapping[str, str]) -> URL:
    """Return the URL of the database: ``BATCHBOOK_DATABASE_URL`` if set, else the setting ``sqlalchemy.url``.

    A plain ``postgresql://`` means psycopg, the driver that Batchbook requires. Raises ``ConfigurationError`` if there
    is no valid URL of a supported database; the message never quotes the URL, which may contain a password.
    """
    url = _parsed(*_configured_url(settings))
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in _DRIVERS:
        raise ConfigurationError(
            f"Batchbook does not support the database {url.drivername}: use sqlite:// or postgresql://."
        )
    return url


def _configured_url(settings: Mapping[str, str]) -> tuple[str, str]:
    """Return the URL and the name of the variable or setting that has it."""
    for values, source in ((os.environ, URL_VARIABLE), (settings, "sqlalchemy.url")):
        if text := values.get(source, "").strip():
            return text, source
    raise ConfigurationError(f"There is no database URL: set sqlalchemy.url or {URL_VARIABLE}.")


def _parsed(text: str, source: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            f"{source} is not the URL of a database. Write it like sqlite:////srv/batchbook.sqlite3 or"
            " postgresql://user:password@host/name."
        ) from None
    # Part of the password would be taken for the host name, and appear in the error message if it does not answer.
    if url.get_backend_name() != "sqlite" and text.count("@") > (url.username is not None):
        raise ConfigurationError(f"{source} is ambiguous: write an “@” in a user name or password as %40.")
    return url


def make_engine(url: URL | str, **options: Any) -> Engine:
    """Return an engine for ``url``, set up for its database.

    ``options`` are passed to :func:`sqlalchemy.create_engine`. Errors do not show the parameters of a statement unless
    ``hide_parameters`` is False: errors are logged, and parameters may be cells of batches or hashes of passwords.
    """
    url = make_url(url)
    options.setdefault("hide_parameters", True)
    options.setdefault("json_deserializer", read_json)
    # How many rows an INSERT … SELECT made is asked on both databases; SQLAlchemy forgets it on one, unless it is told.
    options["execution_options"] = {"preserve_rowcount": True, **options.get("execution_options", {})}
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, **options)
    # A connection that the server has closed, such as by its restart, is replaced before anybody uses it.
    options.setdefault("pool_pre_ping", True)
    engine = create_engine(url, **options)
    event.listen(engine, "do_connect", _connect_postgresql)
    install_guard(engine)
    read_tolerantly(engine)
    event.listen(engine, "begin", _begin_postgresql)
    _handle_errors(engine)
    return engine


def _sqlite_engine(url: URL, **options: Any) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _WAIT_SECONDS}, **options)
    read_tolerantly(engine)
    if url.database and url.database != ":memory:":
        # For the owner only: everyone who can open the folder can read the database, its log and its copies.
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        side_file = side_file_engine(url, **options)
        event.listen(side_file, "handle_error", _mark_passing_as_retryable)
        engine.update_execution_options(**{SIDE_FILE_ENGINE: side_file})
        event.listen(engine, "engine_disposed", lambda _engine: side_file.dispose())
    install_guard(engine)
    event.listen(engine, "connect", _connect_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    _handle_errors(engine)
    return engine


def _handle_errors(engine: Engine) -> None:
    watch_space(engine)
    event.listen(engine, "handle_error", _note_copy)
    event.listen(engine, "handle_error", note_outage)
    event.listen(engine, "handle_error", _mark_passing_as_retryable)


def _note_copy(context: ExceptionContext) -> None:
    # A transaction that Batchbook itself made read-only is refused to write on any database.
    connection, error = context.connection, context.original_exception
    if connection is None or connection.get_execution_options().get(READ_ONLY, False):
        return
    if connection.dialect.name == "postgresql" and is_refused_write(error):
        mark_as_copy(error)


def _connect_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transaction handling begins too late and silently loses updates, so BEGIN is sent explicitly.
    connection.isolation_level = None
    connection.text_factory = read_text
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "recursive_triggers = ON",  # REPLACE then also fires delete triggers.
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("batchbook_fold", 1, fold, deterministic=True)
    connection.create_function("batchbook_key", 1, key_form, deterministic=True)


def _connect_postgresql(dialect: object, _record: object, arguments: Any, options: Any) -> Any:
    # Imported here, so that installations on SQLite do not load PostgreSQL's driver.
    from batchbook.db.psycopg_connection import GuardedConnection, read_times_tolerantly

    add_client_limits(options)
    connection = GuardedConnection.connect(*arguments, **options)
    # The server tells it without being asked. Some of the programs between the two do not pass it on.
    encoding = connection.info.parameter_status("server_encoding") or "UTF8"
    if encoding != "UTF8":
        connection.close()
        raise ConfigurationError(
            f"The PostgreSQL database stores text as {encoding}, which cannot hold every character: create it with"
            " ENCODING 'UTF8'."
        )
    limit_session(connection, engine=dialect)
    read_times_tolerantly(connection)
    return connection


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that may write takes the write lock at once: upgrading a read lock later fails if another
    # transaction has written in between. A read-only one does not wait, and query_only keeps it from writing.
    read_only: bool | None = connection.get_execution_options().get(READ_ONLY, False)
    if read_only is False:
        refuse_second(connection)
    if read_only is not None:
        set_query_only(connection, on=read_only)
    if read_only is not False:
        connection.exec_driver_sql("BEGIN")
    else:
        _take_write_lock(connection)


def _take_write_lock(connection: Connection) -> None:
    waiting: WaitingLimit | None = connection.get_execution_options().get(WRITE_LOCK_LIMIT)
    if waiting is None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif not _try_write_lock(connection):
        with waiting.slot(), _busy_timeout(connection, waiting.seconds):
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def _try_write_lock(connection: Connection) -> bool:
    """Take the write lock if it is free, so that only transactions which must wait need a slot."""
    with _busy_timeout(connection, 0):
        try:
            connection.connection.cursor().execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False  # Whatever the error, the next attempt raises it through SQLAlchemy.
    return True


@contextmanager
def _busy_timeout(connection: Connection, seconds: float) -> Iterator[None]:
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_WAIT_SECONDS * 1000}")


def _begin_postgresql(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False) is not False
    if not read_only:
        refuse_second(connection)
    # The driver says it in its BEGIN, which saves a statement; None leaves it to the server, which may be a replica.
    driver: Any = connection.connection.driver_connection
    wanted = True if read_only else None
    if driver.read_only is not wanted:
        driver.read_only = wanted


def _mark_passing_as_retryable(context: ExceptionContext) -> None:
    error = context.original_exception
    if context.sqlalchemy_exception is None or not (context.is_disconnect or is_transient(error)):
        return
    # One that has waited in vain would only wait in vain again, in a thread that others could use.
    in_vain = is_timeout(error) or context.connection is None
    # A connection that was lost while it committed may have committed: nothing must be done twice.
    unknown = context.statement is None and (context.is_disconnect or is_unconnected(error))
    if not in_vain and not unknown:
        pyramid_retry.mark_error_retryable(context.sqlalchemy_exception)
