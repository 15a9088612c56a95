"""Heartbeats of processes, by which they see which of the others are alive."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from batchbook.jobs.store import HEARTBEAT, JobStore

log = logging.getLogger(__name__)

#: How often a process beats, in parts of the time after which it counts as dead.
_BEATS_PER_TIMEOUT = 3
#: After how many such times a dead process is forgotten.
_FORGET_AFTER = 200
#: How often somebody who waits for a sign of life looks for it, in seconds.
_POLL = 0.1


def executor_name() -> str:
    """Return a name for this process that no other has, at any time, on any machine: at most 63 characters."""
    return f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"


class Heartbeat(threading.Thread):
    """Beats for this process, and knows which others are alive."""

    def __init__(
        self, store: JobStore, executor: str, dead: float, threads: int, queues: Sequence[str]
    ) -> None:
        super().__init__(name="batchbook-pulse", daemon=True)
        self.executor = executor
        self._store = store
        self._dead = dead
        self._facts = {"threads": threads, "queues": " ".join(queues)}
        self._ending = threading.Event()
        # Of each process its last count, and when that was first seen.
        self._seen: dict[str, tuple[int, float]] = {}

    def run(self) -> None:
        """Beat until :meth:`end`."""
        while not self._ending.wait(self._dead / _BEATS_PER_TIMEOUT):
            try:
                self.beat()
            except SQLAlchemyError as error:
                log.warning("No sign of life could be given: %s", error)

    def beat(self) -> None:
        """Give a sign of life and look at those of the others; what cannot be done now is done next time."""
        with self._store.connection() as connection:
            mine = HEARTBEAT.c.executor == self.executor
            if not connection.execute(
                update(HEARTBEAT).where(mine).values(beats=HEARTBEAT.c.beats + 1)
            ).rowcount:
                connection.execute(insert(HEARTBEAT).values(executor=self.executor, beats=1, **self._facts))
            self._look(connection)
            for executor in [name for name in self._seen if self._silence(name) > self._dead * _FORGET_AFTER]:
                connection.execute(delete(HEARTBEAT).where(HEARTBEAT.c.executor == executor))

    def _look(self, connection: Connection) -> None:
        now = time.monotonic()
        self._seen = {
            executor: self._seen[executor]
            if executor in self._seen and self._seen[executor][0] == count
            else (count, now)
            for executor, count in _read_counts(connection).items()
        }

    def _silence(self, executor: str) -> float:
        return time.monotonic() - self._seen[executor][1]

    def is_alive_there(self, executor: str | None) -> bool:
        """Return whether the process called ``executor`` gave a sign of life lately."""
        if executor == self.executor:
            return True
        if executor not in self._seen:  # It may have begun since this one looked last.
            with self._store.connection() as connection:
                self._look(connection)
        return executor in self._seen and self._silence(executor) <= self._dead

    def end(self) -> None:
        """Stop beating and say so, that others need not wait."""
        self._ending.set()
        self.join(timeout=self._dead)
        try:
            with self._store.connection() as connection:
                connection.execute(delete(HEARTBEAT).where(HEARTBEAT.c.executor == self.executor))
        except DBAPIError as error:
            log.warning("The end could not be told; others will notice it: %s", error.orig)


def is_process_alive(store: JobStore, executor: str, patience: float) -> bool:
    """Return as soon as the process called ``executor`` beats that it is alive; it is dead after ``patience`` seconds."""
    before, until = _counts_in(store).get(executor), time.monotonic() + patience
    while before is not None and time.monotonic() < until:
        time.sleep(_POLL)
        if _counts_in(store).get(executor) != before:
            return True
    return False


def threads_of(store: JobStore, executor: str | None) -> int:
    """Return how many jobs the process called ``executor`` runs at a time; 0 for a command that runs its own."""
    with store.connection() as connection:
        return connection.scalar(select(HEARTBEAT.c.threads).where(HEARTBEAT.c.executor == executor)) or 0


def _counts_in(store: JobStore) -> dict[str, int]:
    if not store.is_there:
        return {}
    with store.connection() as connection:
        return _read_counts(connection)


def _read_counts(connection: Connection) -> dict[str, int]:
    return {
        row.executor: row.beats for row in connection.execute(select(HEARTBEAT.c.executor, HEARTBEAT.c.beats))
    }
