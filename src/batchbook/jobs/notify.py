"""Notifications of new jobs, which wake waiting processes before their next poll.

PostgreSQL notifies all processes once the transaction that enqueued a job is committed (NOTIFY, LISTEN). SQLite has no
such mechanism, so there only the process that enqueued the job is woken.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, event, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

#: The channel of PostgreSQL's notifications.
_CHANNEL = "batchbook_jobs"


def notify_workers(session: Session, wake: Callable[[], None]) -> None:
    """Wake waiting processes when the transaction of ``session`` is committed; this process by calling ``wake``."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_notify(_CHANNEL, "")))
    event.listen(session, "after_commit", lambda _session: wake(), once=True)


class WakeUp(Protocol):
    """A wait for new jobs."""

    def wait(self, seconds: float) -> None:
        """Return when there may be a new job, after ``seconds`` at the latest."""

    def close(self) -> None:
        """Release the resources of the wait."""


class LocalWakeUp:
    """A wait that ends when this process enqueues a job and so sets the event ``enqueued``."""

    def __init__(self, enqueued: threading.Event) -> None:
        self._enqueued = enqueued

    def wait(self, seconds: float) -> None:
        """Return when there may be a new job, after ``seconds`` at the latest."""
        self._enqueued.wait(seconds)
        self._enqueued.clear()

    def close(self) -> None:
        """Do nothing: there is nothing to release."""


class PostgreSQLWakeUp:
    """A wait that ends when any process enqueues a job."""

    def __init__(self, engine: Engine, enqueued: threading.Event) -> None:
        self._engine = engine
        self._local = LocalWakeUp(enqueued)
        self._connection: Connection | None = None

    def wait(self, seconds: float) -> None:
        """Return when there may be a new job, after ``seconds`` at the latest."""
        try:
            driver: Any = self._listening().connection.driver_connection
            for _notice in driver.notifies(timeout=seconds, stop_after=1):
                return
        except Exception as error:  # noqa: BLE001 - If the connection is broken, jobs are found by polling.
            log.warning("Notifications of new jobs are not working at the moment; polling instead: %s", error)
            self.close()
            self._local.wait(seconds)

    def _listening(self) -> Connection:
        if self._connection is None:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql(f"LISTEN {_CHANNEL}")
            self._connection = connection
        return self._connection

    def close(self) -> None:
        """Close the connection for good: a listening one must not return to the pool."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.invalidate()
                connection.close()
            except DBAPIError as error:
                log.info("A broken connection could not be closed: %s", error)


def make_wake_up(engine: Engine, enqueued: threading.Event) -> WakeUp:
    """Return the kind of wait that the database of ``engine`` supports."""
    return (
        PostgreSQLWakeUp(engine, enqueued) if engine.dialect.name == "postgresql" else LocalWakeUp(enqueued)
    )
