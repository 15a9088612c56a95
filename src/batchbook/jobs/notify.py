"""Wake-ups for processes that wait for work: by a notification, else after a while."""

from __future__ import annotations

import logging
import threading
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from batchbook.jobs.enqueue import CHANNEL

log = logging.getLogger(__name__)


class WakeUp(Protocol):
    """Waits for work."""

    def wait(self, seconds: float) -> None:
        """Return when there may be work, after ``seconds`` at the latest."""

    def close(self) -> None:
        """Wait no more."""


class LocalWakeUp:
    """Woken by what is asked for in this process; that is all SQLite has to offer."""

    def __init__(self, asked: threading.Event) -> None:
        self._asked = asked

    def wait(self, seconds: float) -> None:
        """Return when there may be work, after ``seconds`` at the latest."""
        self._asked.wait(seconds)
        self._asked.clear()

    def close(self) -> None:
        """Have nothing to close."""


class PostgreSQLWakeUp:
    """Woken by PostgreSQL, whichever process asks."""

    def __init__(self, engine: Engine, asked: threading.Event) -> None:
        self._engine = engine
        self._here = LocalWakeUp(asked)
        self._connection: Connection | None = None

    def wait(self, seconds: float) -> None:
        """Return when there may be work, after ``seconds`` at the latest."""
        try:
            driver: Any = self._connected().connection.driver_connection
            for _notice in driver.notifies(timeout=seconds, stop_after=1):
                return
        except Exception as error:  # noqa: BLE001 - Whatever ails the connection, work is looked for after a pause.
            log.warning("Not told of new jobs at the moment: %s", error)
            self.close()
            self._here.wait(seconds)

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql(f"LISTEN {CHANNEL}")
            self._connection = connection
        return self._connection

    def close(self) -> None:
        """Close the connection for good: it must not be given to anybody who does not want to hear."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.invalidate()
                connection.close()
            except DBAPIError as error:
                log.info("A connection that was no use could not be closed: %s", error)


def make_wake_up(engine: Engine, asked: threading.Event) -> WakeUp:
    """Return what waits for work on this kind of database."""
    return PostgreSQLWakeUp(engine, asked) if engine.dialect.name == "postgresql" else LocalWakeUp(asked)
