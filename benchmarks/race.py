"""Batchbook and the bare script in turn, several rounds on fresh databases, and what each took in the middle."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from sqlalchemy import URL

from benchmarks.bare import Bare
from benchmarks.bare_postgresql import BarePostgresql
from benchmarks.bare_sqlite import BareSqlite
from benchmarks.data import Input
from benchmarks.databases import DatabaseServer
from benchmarks.ours import Ours

#: The phases in the order they run in, by what they are called on both sides.
PHASES = {
    "populate_file": "populate from CSV",
    "refresh": "refresh",
    "execute": "execute",
    "populate_query": "populate from query",
}

_BARE: dict[str, Callable[[URL], Bare]] = {"SQLite": BareSqlite, "PostgreSQL": BarePostgresql}


@dataclass(frozen=True)
class Race:
    """The medians of one phase, in seconds."""

    phase: str
    ours: float
    bare: float

    @property
    def ratio(self) -> float:
        """How many times the bare script's time Batchbook took."""
        return self.ours / self.bare


def race(server: DatabaseServer, given: Input, rounds: int) -> list[Race]:
    """Run all phases on both sides ``rounds`` times; who goes first changes with each round."""
    sides: list[Callable[[URL], Ours | Bare]] = [Ours, _BARE[server.name]]
    times: dict[tuple[str, int], list[float]] = defaultdict(list)
    for number in range(rounds):
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            for phase, seconds in _lap(server, sides[side], given).items():
                times[phase, side].append(seconds)
    return [Race(phase, median(times[phase, 0]), median(times[phase, 1])) for phase in PHASES]


def _lap(server: DatabaseServer, side: Callable[[URL], Ours | Bare], given: Input) -> dict[str, float]:
    url = server.fresh()
    runner = side(url)
    times = {}
    try:
        for phase in PHASES:
            times[phase] = _timed(runner, phase, given)
            if phase == "execute":
                # From here on the planner knows the first batch and believes that there is no other: the worst that
                # its statistics can be for the next one, and what they often are.
                server.analyze(url)
        return times
    finally:
        runner.close()
        server.drop(url)


def _timed(runner: Ours | Bare, phase: str, given: Input) -> float:
    if phase == "execute":
        runner.complete()
    gc.collect()
    start = perf_counter()
    getattr(runner, phase)(given.price_list)
    return perf_counter() - start
