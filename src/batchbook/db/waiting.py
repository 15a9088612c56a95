"""The limit to how many requests wait for SQLite's write lock: what waits has a thread, and others want to read.

Only requests have it. A job or a command waits in a thread of its own, and as long as it takes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from batchbook.db.transient import is_timeout
from batchbook.errors import Busy
from batchbook.settings import Setting

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


class Waiting:
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


def waiting_by(settings: Mapping[str, Any]) -> Waiting:
    """Return the limit that the settings say."""
    return Waiting(WAITING_WRITERS.whole(settings))
