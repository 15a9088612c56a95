"""What keeping the effects adds to the execution of a price change: its time with them, divided by that without.

The effects are sealed as well, so both times are those of the whole execution. ``python -m benchmarks.effects`` measures
nothing else.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from unittest.mock import patch

from batchbook.types.price_change.handler import PriceChangeHandler
from benchmarks.command import run_alone
from benchmarks.data import Input, make_input
from benchmarks.databases import DatabaseServer
from benchmarks.ours import Ours

#: What is aimed at: times the execution without effects.
MOST_RATIO = 1.5


@dataclass
class EffectsCost:
    """Seconds of executing ``rows`` rows, with and without keeping effects, by round."""

    rows: int
    kept: list[float] = field(default_factory=list)
    without: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median over the rounds of the time with effects, divided by the one without."""
        return median(kept / without for kept, without in zip(self.kept, self.without, strict=True))

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON values."""
        return {
            "rows": self.rows,
            "kept": median(self.kept),
            "without": median(self.without),
            "ratio": self.ratio,
        }


def effects_cost(server: DatabaseServer, folder: Path, rows: int, rounds: int) -> EffectsCost:
    """Execute a price change of so many rows in each round, once with keeping its effects and once without."""
    given, cost = make_input(folder, rows), EffectsCost(rows)
    server.prepare(given.catalog)
    for number in range(rounds):
        sides = [(True, cost.kept), (False, cost.without)]
        for keeps, seconds in sides if number % 2 == 0 else reversed(sides):
            seconds.append(_lap(server, given, keeps=keeps))
    return cost


def _lap(server: DatabaseServer, given: Input, *, keeps: bool) -> float:
    url = server.fresh()
    ours = Ours(url)
    declared = PriceChangeHandler.target_records if keeps else lambda *_: []
    try:
        ours.populate_file(given.price_list)
        ours.complete()
        gc.collect()
        with patch.object(PriceChangeHandler, "target_records", declared):
            start = perf_counter()
            ours.execute(given.price_list)
            return perf_counter() - start
    finally:
        ours.close()
        server.drop(url)


def effects_lines(cost: EffectsCost) -> Iterator[str]:
    """Yield the figures as lines of text."""
    verdict = "" if cost.ratio <= MOST_RATIO else f"   over target ({MOST_RATIO:g})"
    yield f"  {'effects':<20}{'kept':>17}{'without':>17}{'ratio':>17}"
    yield (
        f"  {f'{cost.rows:,} rows':<20}{median(cost.kept):>15.3f} s{median(cost.without):>15.3f} s"
        f"{cost.ratio:>17.2f}{verdict}"
    )
    yield f"target: ratio at most {MOST_RATIO:g}"


def _lines(server: DatabaseServer, folder: Path, rows: int, rounds: int) -> Iterator[str]:
    return effects_lines(effects_cost(server, folder, rows, rounds))


if __name__ == "__main__":
    sys.exit(run_alone("effects", __doc__, _lines))
