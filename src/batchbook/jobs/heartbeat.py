"""Heartbeats, by which processes see which of the others are alive.

Each process that runs jobs writes heartbeats and watches those of the others. A process is presumed dead by every other
that has seen no new heartbeat of it for a while by its own clock, so clocks need not agree. A process that has not watched
for as long, because it was stopped or cut off itself, presumes nobody dead until it has watched again. A wrong verdict does
no harm but repeated work: a process that wakes up too late has lost the leases of its jobs.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Sequence

from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from batchbook.db.functions import insert_into
from batchbook.jobs.store import HEARTBEAT, JobStore

log = logging.getLogger(__name__)

#: The number of heartbeats within the timeout after which a process counts as dead.
_BEATS_PER_TIMEOUT = 3
#: The number of timeouts after which the row of a dead process is deleted.
_FORGET_AFTER = 200
#: The interval at which a caller that waits for a heartbeat reads it, in seconds.
_POLL = 0.1


def executor_name() -> str:
    """Return a globally unique name for this process, of at most 63 characters."""
    return f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"


class Heartbeat(threading.Thread):
    """The thread that writes the heartbeats of this process, called ``executor``, and tracks those of the others.

    A process counts as dead after ``dead`` seconds without a heartbeat. The number of ``threads`` that run jobs (0 for a
    command that runs only its own) and the names of its ``queues`` are stored with the heartbeat.
    """

    def __init__(
        self, store: JobStore, executor: str, dead: float, threads: int, queues: Sequence[str]
    ) -> None:
        super().__init__(name="batchbook-heartbeat", daemon=True)
        self.executor = executor
        self._store = store
        self._dead = dead
        self._facts = {"threads": threads, "queues": " ".join(queues)}
        self._ending = threading.Event()
        # The last count of each process, and the time at which it was first seen.
        self._seen: dict[str, tuple[int, float]] = {}
        self._looked = time.monotonic()

    def run(self) -> None:
        """Write heartbeats until :meth:`end` is called."""
        while not self._ending.wait(self._dead / _BEATS_PER_TIMEOUT):
            try:
                self.beat()
            except SQLAlchemyError as error:
                log.warning("The heartbeat could not be written: %s", error)

    def beat(self) -> None:
        """Write a heartbeat, read those of the others, and delete those of processes that died long ago."""
        with self._store.connection() as connection:
            first = insert_into(connection, HEARTBEAT).values(executor=self.executor, beats=1, **self._facts)
            connection.execute(
                first.on_conflict_do_update(
                    index_elements=[HEARTBEAT.c.executor], set_={"beats": HEARTBEAT.c.beats + 1}
                )
            )
            self._look(connection)
            for executor in [name for name in self._seen if self._silence(name) > self._dead * _FORGET_AFTER]:
                connection.execute(delete(HEARTBEAT).where(HEARTBEAT.c.executor == executor))

    def _look(self, connection: Connection) -> None:
        counts, now = _read_counts(connection), time.monotonic()
        known = self._seen if self._is_watching(now) else {}
        self._seen = {
            executor: known[executor] if executor in known and known[executor][0] == count else (count, now)
            for executor, count in counts.items()
        }
        self._looked = now

    def _is_watching(self, now: float) -> bool:
        return now - self._looked <= self._dead

    def _silence(self, executor: str) -> float:
        return time.monotonic() - self._seen[executor][1]

    def is_alive_there(self, executor: str | None) -> bool:
        """Return whether the process called ``executor`` had a heartbeat within the timeout."""
        if executor == self.executor:
            return True
        # It may have started since the last look, or beaten while nobody here was looking.
        if executor not in self._seen or not self._is_watching(time.monotonic()):
            with self._store.connection() as connection:
                self._look(connection)
        return executor in self._seen and self._silence(executor) <= self._dead

    def end(self) -> None:
        """Stop, and delete the heartbeat, so that others need not wait for the timeout."""
        self._ending.set()
        self.join(timeout=self._dead)
        try:
            with self._store.connection() as connection:
                connection.execute(delete(HEARTBEAT).where(HEARTBEAT.c.executor == self.executor))
        except DBAPIError as error:
            log.warning(
                "The heartbeat could not be deleted; others will notice after the timeout: %s", error.orig
            )


def is_process_alive(store: JobStore, executor: str, patience: float) -> bool:
    """Return True at the next heartbeat of the process called ``executor``, False after ``patience`` seconds without one."""

    def count() -> int | None:
        if not store.is_there:
            return None
        with store.connection() as connection:
            return _read_counts(connection).get(executor)

    before, until = count(), time.monotonic() + patience
    while before is not None and time.monotonic() < until:
        time.sleep(_POLL)
        if count() != before:
            return True
    return False


def threads_of(store: JobStore, executor: str | None) -> int:
    """Return the number of jobs the process called ``executor`` runs at a time; 0 for a command that runs its own."""
    with store.connection() as connection:
        return connection.scalar(select(HEARTBEAT.c.threads).where(HEARTBEAT.c.executor == executor)) or 0


def _read_counts(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(HEARTBEAT.c.executor, HEARTBEAT.c.beats))
    return {row.executor: row.beats for row in rows}
