"""Races: both sides run the same works on fresh databases in turn, round after round, and the figures of that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from math import log
from statistics import linear_regression, median
from time import monotonic
from typing import Any

from benchmarks.budget import Budget
from benchmarks.databases import DatabaseServer
from benchmarks.inputs import Inputs
from benchmarks.works import CORE, Lap, Work, works_of
from benchmarks.works.laps import FLOOR, PRODUCT, RunLap, lap_process

#: The rounds that are wanted, by the rows up to which they are; a larger size has one.
ROUNDS: Mapping[int, int] = {1_000: 5, 10_000: 4, 100_000: 3}
#: How much more than in proportion to its rows a larger size takes at the most.
_GROWTH = 1.1


@dataclass(frozen=True)
class WorkFigures:
    """What was measured of one work: medians over the ``rounds``, seconds of both sides, and Batchbook's memory in bytes.

    ``ratio`` is the median of the ratios of the rounds: both sides of a round meet the machine in one mood. That to the
    writer alone, ``alone_ratio``, and the seconds until the first byte are those of exports.
    """

    database: str
    type: str
    work: str
    rows: int
    rounds: int
    seconds: float
    floor: float
    ratio: float
    memory: int
    statements: int
    first_byte: float | None = None
    alone_ratio: float | None = None

    @property
    def rows_per_second(self) -> float:
        """The rows that Batchbook works on in a second."""
        return self.rows / self.seconds

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return asdict(self) | {"rows_per_second": round(self.rows_per_second)}


class Races:
    """The races on one database.

    ``files`` returns the inputs of a size, ``rounds`` is like :data:`ROUNDS`, and the works ``left_out`` are not run.
    """

    def __init__(
        self,
        server: DatabaseServer,
        files: Callable[[int], Inputs],
        budget: Budget,
        rounds: Mapping[int, int] = ROUNDS,
        tell: Callable[[str], None] = print,
        left_out: Collection[Work] = (),
    ) -> None:
        self._server, self._files, self._budget = server, files, budget
        self._rounds, self._tell, self._left_out = rounds, tell, left_out
        self._sides: dict[str, tuple[RunLap, RunLap]] = {}
        #: The seconds that both sides take for a row, by type and work, of the size measured last.
        self._seconds: dict[tuple[str, Work], float] = {}

    def run(self, types: Sequence[str], sizes: Sequence[int]) -> list[WorkFigures]:
        """Measure all works of the ``types`` at ``sizes``, from the smallest to the largest.

        What the budget does not allow is left out: rounds first, then works that are not in :data:`~benchmarks.works.CORE`,
        then a size.
        """
        found: list[WorkFigures] = []
        with ExitStack() as processes:
            for key in types:
                sides = (processes.enter_context(lap_process(side, key)) for side in (PRODUCT, FLOOR))
                self._sides[key] = tuple(sides)
            for place, rows in enumerate(sizes):
                inputs = self._files(rows)
                self._server.prepare(inputs.catalogue)
                for key in types:
                    if place == 0:
                        # It warms the processes up, and is not counted.
                        self._round(inputs, key, self._works(key, rows), 0)
                    found += self._race(inputs, key, sum(sizes[place + 1 :]) * len(types))
        return found

    def _works(self, key: str, rows: int) -> tuple[Work, ...]:
        return tuple(work for work in works_of(key, rows) if work not in self._left_out)

    def _race(self, inputs: Inputs, key: str, later: int) -> list[WorkFigures]:
        """Run the rounds of one size; so many rows are to come ``later``, for whose most important works there must be time."""
        rows, name = inputs.rows, f"{self._server.name}, {key}, {inputs.rows:,} rows"
        works = self._works(key, rows)
        if not self._budget.allows(self._expected(key, works, rows)):
            works = tuple(work for work in works if work in CORE)
            if not self._budget.allows(self._expected(key, works, rows), name):
                return []
            self._budget.left_out.append(f"{name}: works other than {', '.join(work.label for work in CORE)}")
        wanted = next((count for most, count in self._rounds.items() if rows <= most), 1)
        laps: dict[Work, list[tuple[Lap, Lap]]] = defaultdict(list)
        for number in range(wanted):
            start = monotonic()
            for ours, bare in self._round(inputs, key, works, number):
                laps[ours.work].append((ours, bare))
                # The floor of an export writes its file a second time.
                self._seconds[key, ours.work] = (ours.seconds + bare.seconds + (bare.alone or 0)) / rows
            taken = monotonic() - start
            if not self._budget.allows(taken + self._expected(key, CORE, later)):
                break
        self._tell(f"{name}: {len(laps[works[0]])} rounds of {taken:.1f} s")
        return [_figures(self._server.name, key, rows, pairs) for pairs in laps.values()]

    def _expected(self, key: str, works: Sequence[Work], rows: int) -> float:
        """Return the seconds that a round of ``works`` will take, by those of the size before."""
        return sum(self._seconds.get((key, work), 0.0) for work in works) * rows * _GROWTH

    def _round(
        self, inputs: Inputs, key: str, works: Sequence[Work], number: int
    ) -> Iterable[tuple[Lap, Lap]]:
        """Run both sides once, on fresh databases; who goes first changes with the ``number``."""
        found: dict[int, list[Lap]] = {}
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            url = self._server.fresh(f"{key}_{side}")
            try:
                found[side] = self._sides[key][side](url, inputs, works)
            finally:
                self._server.drop(url)
        return zip(found[0], found[1], strict=True)


def _figures(database: str, key: str, rows: int, pairs: Sequence[tuple[Lap, Lap]]) -> WorkFigures:
    first, _ = pairs[0]
    # A ratio of one round has both sides in the same mood of the machine.
    ratio = median(ours.seconds / bare.seconds for ours, bare in pairs)
    alone = [ours.seconds / bare.alone for ours, bare in pairs if bare.alone]
    return WorkFigures(
        database=database,
        type=key,
        work=first.work.value,
        rows=rows,
        rounds=len(pairs),
        seconds=median(ours.seconds for ours, _ in pairs),
        floor=median(bare.seconds for _, bare in pairs),
        ratio=ratio,
        # Of the first round: what a process has kept of an earlier one, a later one uses again.
        memory=first.memory,
        statements=first.statements,
        first_byte=None if first.first_byte is None else median(ours.first_byte or 0.0 for ours, _ in pairs),
        alone_ratio=median(alone) if alone else None,
    )


def exponents(figures: Sequence[WorkFigures]) -> list[Growth]:
    """Return how the time of each work grows with the rows, fitted by least squares over its sizes, the smallest left out.

    The smallest of three or more is left out, because it tells of what a work costs whatever its rows are.
    """
    series: dict[tuple[str, str, str], list[WorkFigures]] = defaultdict(list)
    for one in figures:
        series[one.database, one.type, one.work].append(one)
    found = []
    for (database, key, work), sizes in series.items():
        ordered = sorted(sizes, key=lambda point: point.rows)
        points = ordered[1:] if len(ordered) > 2 else ordered
        if len(points) > 1:
            rows = [point.rows for point in points]
            ours, floor = (_slope(rows, [getattr(p, name) for p in points]) for name in ("seconds", "floor"))
            found.append(Growth(database, key, work, rows, ours, floor))
    return found


@dataclass(frozen=True)
class Growth:
    """The exponent of the growth of one work over ``sizes``, and that of its floor: 1 is linear."""

    database: str
    type: str
    work: str
    sizes: Sequence[int]
    exponent: float
    floor_exponent: float


def _slope(rows: Sequence[int], seconds: Sequence[float]) -> float:
    return linear_regression([log(count) for count in rows], [log(second) for second in seconds]).slope
