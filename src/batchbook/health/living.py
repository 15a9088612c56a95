"""Which processes run jobs, as somebody sees it who looks now and then."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from batchbook.jobs.store import BEAT, Store


@dataclass(frozen=True)
class _Sight:
    beats: int
    at: float
    alive: bool


class Living:
    """Compares the beats with those of the last look.

    A process is taken for alive at first sight, and for dead once it has not beaten for ``dead`` seconds between two
    looks: who looks every minute sees a death at the second look.
    """

    def __init__(self, store: Store, dead: float) -> None:
        self._store = store
        self._dead = dead
        self._sights: Mapping[str, _Sight] = {}

    def workers(self) -> dict[str, int]:
        """Return how many threads each living process has for jobs; commands that run their own job have none."""
        if not self._store.is_there:
            return {}
        with self._store.connection() as connection:
            rows = connection.execute(select(BEAT.c.executor, BEAT.c.beats, BEAT.c.threads)).all()
        self._sights = {row.executor: self._seen(row.executor, row.beats) for row in rows}
        return {row.executor: row.threads for row in rows if row.threads and self._sights[row.executor].alive}

    def _seen(self, executor: str, beats: int) -> _Sight:
        now, last = time.monotonic(), self._sights.get(executor)
        if last is None or last.beats != beats:
            return _Sight(beats, now, alive=True)
        # Seen twice within less than a beat, it had no time for one; what was said of it still stands.
        return _Sight(beats, last.at, last.alive and now - last.at <= self._dead)
