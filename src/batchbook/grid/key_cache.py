"""The cache of keys of views, one for each process: the keys of the views that were used last, by their tokens."""

from __future__ import annotations

import logging
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any

log = logging.getLogger(__name__)

#: The most bytes of all keys that a process keeps, and the age, in seconds, at which those of a view are dropped.
MOST_BYTES = 256 * 2**20
MAX_AGE = 3600.0
#: The most views whose keys wait to be listed ahead: whoever opens many must not keep a process busy.
MOST_WAITING = 8
#: Bytes of a key in a list of tuples, about.
_TUPLE_BYTES = 160

Key = Any
Keys = Sequence[Key]


@dataclass(frozen=True)
class KeptKeys:
    """Keys of a view of ``total`` rows: those from the position ``first`` on, from 0."""

    keys: Keys
    total: int
    first: int = 0
    at: float = field(default_factory=monotonic)

    @property
    def is_whole(self) -> bool:
        """Whether these are the keys of all rows."""
        return self.first == 0 and len(self.keys) >= self.total

    def has(self, first: int, end: int) -> bool:
        """Return whether the keys at the positions ``first`` to ``end``, as far as there are so many rows, are among these."""
        return self.is_whole or (self.first <= first and min(end, self.total) <= self.first + len(self.keys))

    def between(self, first: int, end: int) -> Keys:
        """Return the keys at the positions ``first`` to ``end``."""
        return self.keys[max(first - self.first, 0) : max(end - self.first, 0)]

    @property
    def size(self) -> int:
        """The memory that they take, about, in bytes."""
        return len(self.keys) * (self.keys.itemsize if isinstance(self.keys, array) else _TUPLE_BYTES)


class KeyCache:
    """The keys that a process keeps, shared by its threads.

    The least recently used ones are dropped when all together take more than ``most_bytes``, and any that were listed more
    than ``max_age`` seconds ago.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, max_age: float = MAX_AGE) -> None:
        self._most_bytes, self._max_age = most_bytes, max_age
        self._kept: OrderedDict[str, KeptKeys] = OrderedDict()
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()
        self._waiting: set[str] = set()
        self._worker: ThreadPoolExecutor | None = None

    def get(self, token: str) -> KeptKeys | None:
        """Return the keys that ``token`` names; ``None`` if they are not kept any more."""
        with self._lock:
            kept = self._kept.get(token)
            if kept is None:
                return None
            if monotonic() - kept.at > self._max_age:
                del self._kept[token]
                return None
            self._kept.move_to_end(token)
            return kept

    def put(self, token: str, keys: KeptKeys) -> None:
        """Keep ``keys`` under ``token``."""
        with self._lock:
            self._kept[token] = keys
            self._kept.move_to_end(token)
            held = sum(kept.size for kept in self._kept.values())
            while held > self._most_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                held -= dropped.size

    def clear(self) -> None:
        """Drop all keys."""
        with self._lock:
            self._kept.clear()

    def all_keys(self, token: str, listed: Callable[[], KeptKeys | None]) -> KeptKeys | None:
        """Return all keys of a view: the kept ones, or else those that ``listed`` returns, which are kept then.

        Only one thread at a time lists those of a token; others that want them wait for it.
        """
        with self._lock:
            lock = self._locks.setdefault(token, Lock())
        try:
            with lock:
                found = self.get(token)
                if found is None or not found.is_whole:
                    found = listed()
                    if found is not None:
                        self.put(token, found)
                return found
        finally:
            with self._lock:
                self._locks.pop(token, None)

    def list_in_background(self, token: str, listed: Callable[[], KeptKeys | None]) -> None:
        """Have a thread call :meth:`all_keys`, one view after the other, so that the keys are there when they are wanted.

        Where :data:`MOST_WAITING` views wait already, those of this one are listed when they are wanted.
        """
        with self._lock:
            if token in self._waiting or len(self._waiting) >= MOST_WAITING:
                return
            self._waiting.add(token)
            self._worker = self._worker or ThreadPoolExecutor(1, thread_name_prefix="keys")
            worker = self._worker

        def work() -> None:
            try:
                self.all_keys(token, listed)
            except Exception:  # Whoever wants the keys lists them then, and is told what is wrong.
                log.warning("The keys of a view could not be listed ahead", exc_info=True)
            finally:
                with self._lock:
                    self._waiting.discard(token)

        worker.submit(work)
