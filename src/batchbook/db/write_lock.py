"""Options and transient errors of transactions, and the limit on requests that wait for SQLite's write lock."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError

from batchbook.errors import Busy
from batchbook.settings import Setting

#: The transaction must not write; the database refuses if it does.
READ_ONLY = "batchbook_read_only"

#: The :class:`~batchbook.db.write_lock.WaitingLimit` that limits how many may wait for SQLite's write lock; without it, none does.
WRITE_LOCK_LIMIT = "batchbook_waiting"

#: The engine of what is kept beside a SQLite database.
SIDE_FILE_ENGINE = "batchbook_beside_engine"


_SQLITE_BUSY, _SQLITE_LOCKED, _SQLITE_READONLY = 5, 6, 8

#: Classes and codes of PostgreSQL: transaction rollback (deadlock, serialization), lock not available, lost connection.
_POSTGRESQL = ("40", "55P03", "57P", "08")
_POSTGRESQL_READ_ONLY = "25006"


def is_timeout(error: BaseException | None) -> bool:
    """Return whether ``error``, as the driver or as SQLAlchemy raises it, means: SQLite's write lock was not free in time.

    The plain code alone means that; those derived from it come without waiting.
    """
    error = error.orig if isinstance(error, DBAPIError) else error
    return getattr(error, "sqlite_errorcode", 0) == _SQLITE_BUSY


def is_transient(error: BaseException | None) -> bool:
    """Return whether ``error``, as the driver or as SQLAlchemy raises it, means: not now, but perhaps in a moment."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_transient(error.orig)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    state = getattr(error, "sqlstate", None) or ""
    return code in (_SQLITE_BUSY, _SQLITE_LOCKED) or state.startswith(_POSTGRESQL)


def is_refused_write(error: BaseException | None) -> bool:
    """Return whether ``error`` means that something was written in a transaction that only reads."""
    if isinstance(error, DBAPIError):
        return is_refused_write(error.orig)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code == _SQLITE_READONLY or getattr(error, "sqlstate", None) == _POSTGRESQL_READ_ONLY


WAITING_WRITERS = Setting(
    "batchbook.waiting_writers",
    "3",
    "How many requests of a process may wait for SQLite's write lock at a time; any more are answered “busy” at once. "
    "Less than the server has threads, or reading stops while a job writes.",
)

SETTINGS = (WAITING_WRITERS,)

#: How long a request waits, in seconds. Somebody sits in front of it, who would rather try again than wonder.
_SECONDS = 5.0

_TOO_MANY = (
    "Another change, such as a running job, is being written to the database, and other requests are already waiting. Nothing "
    "of what you sent was changed; what you typed is kept where you typed it. Try again in a moment."
)


class WaitingLimit:
    """A number of ``places`` to wait at, for at most ``seconds`` each."""

    def __init__(self, places: int, seconds: float = _SECONDS) -> None:
        self._free = threading.BoundedSemaphore(places)
        self.seconds = seconds

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place inside the block; raise :class:`~batchbook.errors.Busy` if none is free."""
        if not self._free.acquire(blocking=False):
            raise Busy(_TOO_MANY)
        try:
            yield
        finally:
            self._free.release()


def is_busy(error: BaseException) -> bool:
    """Return whether ``error`` means that SQLite's write lock was not free in time, or that too many wait for it."""
    return isinstance(error, Busy) or is_timeout(error)


def waiting_limit(settings: Mapping[str, Any]) -> WaitingLimit:
    """Return the limit that the settings say."""
    return WaitingLimit(WAITING_WRITERS.whole(settings))
