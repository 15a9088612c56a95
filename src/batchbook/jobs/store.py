"""The store for data that changes while a long transaction is open: heartbeats, progress, cancel requests.

On SQLite a writer locks the whole file, so the store is a separate file beside the database; on PostgreSQL it is a
separate schema in the database. It also holds the tables of the queue. It needs no backup: the jobs themselves are in
the database. So a file that is found damaged when a process first uses it is moved aside, and a new one is created; if it
is damaged while processes use it, they are not ready until they are restarted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from batchbook.db.connecting import limit_waiting
from batchbook.db.outages import Outage, outage_of
from batchbook.db.side_file import move_aside_if_damaged, path_beside

#: The schema on PostgreSQL.
SCHEMA = "batchbook_jobs"

metadata = MetaData()

# Jobs are identified by their nonce: a database restored from a backup may assign an id a second time.

HEARTBEAT = Table(
    "beat",
    metadata,
    Column("executor", String(63), primary_key=True),
    Column("beats", Integer, nullable=False),
    Column("threads", Integer, nullable=False),
    Column("queues", String(1000), nullable=False),
)
PROGRESS = Table(
    "progress",
    metadata,
    Column("nonce", String(16), primary_key=True),
    Column("phase", String(40), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer),
    Column("phase_began", Float, nullable=False),
    Column("seen", Float, nullable=False),
)
CANCEL_REQUEST = Table(
    "wish",
    metadata,
    Column("nonce", String(16), primary_key=True),
    Column("cancelled_by", String(64), nullable=False),
)
UNRESPONSIVE = Table(
    "unresponsive",
    metadata,
    Column("nonce", String(16), primary_key=True),
    Column("since", Float),
    Column("requested_by", String(64)),
    Column("state", String(10)),
    Column("message", Text),
)


class JobStore:
    """The store that belongs to the database at ``url``."""

    def __init__(self, url: URL) -> None:
        on_sqlite = url.get_backend_name() == "sqlite"
        self.url = url.set(database=str(path_beside(url, "jobs"))) if on_sqlite else url
        self._engine = create_engine(
            self.url,
            isolation_level="AUTOCOMMIT",
            execution_options={"schema_translate_map": {None: self._schema}},
            hide_parameters=True,
            pool_pre_ping=self._schema is not None,
        )
        if self._schema is None:
            event.listen(self._engine, "connect", _prepare_connection)
        limit_waiting(self._engine)
        event.listen(self._engine, "handle_error", self._note_damage)
        self._is_there = self._is_checked = False
        #: Whether the store was found damaged since this process has begun to use it.
        self.is_damaged = False

    @property
    def _schema(self) -> str | None:
        return None if self.url.get_backend_name() == "sqlite" else SCHEMA

    def prepare(self) -> None:
        """Create the store if it is missing; several processes may call this at the same time."""
        if self._schema is None:
            Path(str(self.url.database)).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._check_once()
        with self._engine.connect() as connection:
            try:
                if (
                    self._schema and not self.is_there
                ):  # Even IF NOT EXISTS needs the right to create schemas.
                    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
                metadata.create_all(connection)
            except (IntegrityError, ProgrammingError, OperationalError):
                metadata.create_all(connection)  # Another process created it at the same moment.

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Yield a connection on which each statement is committed at once."""
        with self._engine.connect() as connection:
            yield connection

    @property
    def is_there(self) -> bool:
        """True if the store exists; connecting to a missing SQLite file would create it."""
        self._check_once()
        if not self._is_there and (self._schema or Path(str(self.url.database)).exists()):
            self._is_there = inspect(self._engine).has_table(UNRESPONSIVE.name, schema=self._schema)
        return self._is_there

    def check(self) -> str | None:
        """Return why this process needs a restart, for operators: the store is damaged; ``None`` if it is not."""
        with suppress(DBAPIError):  # What it means is noted; others than damage pass.
            if self._schema is None and self.is_there:
                with self.connection() as connection:
                    connection.execute(select(HEARTBEAT.c.executor)).all()
        if not self.is_damaged:
            return None
        return (
            f"The store of jobs, {Path(str(self.url.database)).name}, is damaged. Restart this process: it then moves the"
            " file aside and makes a new one. No data is lost."
        )

    def _note_damage(self, context: ExceptionContext) -> None:
        if outage_of(context.original_exception) is Outage.DAMAGED:
            self.is_damaged = True

    def _check_once(self) -> None:
        if self._schema is None and not self._is_checked:
            self._is_checked = True
            move_aside_if_damaged(Path(str(self.url.database)))

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _prepare_connection(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = OFF", "busy_timeout = 5000"):
        connection.execute(f"PRAGMA {pragma}")
