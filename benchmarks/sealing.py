"""The time that sealing adds to the execution of a price change, as a share of what the execution takes without it.

A price change is executed by a few statements over all rows, so it is the type whose executions sealing slows down most.
``python -m benchmarks.sealing`` measures nothing else.
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

from batchbook.batches.engine import engine
from benchmarks.command import run_alone
from benchmarks.data import Input, make_input
from benchmarks.databases import DatabaseServer
from benchmarks.ours import Ours

#: What is aimed at: the share of the execution that sealing adds.
MOST_SHARE = 0.5


@dataclass
class SealingCost:
    """Seconds of executing ``rows`` rows, and how many of them were spent on sealing, by round."""

    rows: int
    whole: list[float] = field(default_factory=list)
    sealing: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The median over the rounds of what sealing adds, as a share of the rest of the execution."""
        return median(seal / (whole - seal) for whole, seal in zip(self.whole, self.sealing, strict=True))

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON values."""
        return {"rows": self.rows, "execution": median(self.whole), "sealing": median(self.sealing),
                "share": self.share}  # fmt: skip


def sealing_cost(server: DatabaseServer, folder: Path, rows: int, rounds: int) -> SealingCost:
    """Execute a price change of so many rows in each round, and measure the sealing within."""
    given, cost = make_input(folder, rows), SealingCost(rows)
    server.prepare(given.catalog)
    for _ in range(rounds):
        url = server.fresh()
        ours = Ours(url)
        try:
            ours.populate_file(given.price_list)
            ours.complete()
            _execute(ours, given, cost)
        finally:
            ours.close()
            server.drop(url)
    return cost


def _execute(ours: Ours, given: Input, cost: SealingCost) -> None:
    seal = engine.seal_batch

    def timed(*arguments: Any, **options: Any) -> Any:
        start = perf_counter()
        sealed = seal(*arguments, **options)
        cost.sealing.append(perf_counter() - start)
        return sealed

    gc.collect()
    with patch.object(engine, "seal_batch", timed):
        start = perf_counter()
        ours.execute(given.price_list)
        cost.whole.append(perf_counter() - start)


def sealing_lines(cost: SealingCost) -> Iterator[str]:
    """Yield the figures as lines of text."""
    verdict = "" if cost.share <= MOST_SHARE else f"   over target ({MOST_SHARE:.0%})"
    yield f"  {'sealing':<20}{'execution':>17}{'of it sealing':>17}{'added':>17}"
    yield (
        f"  {f'{cost.rows:,} rows':<20}{median(cost.whole):>15.3f} s{median(cost.sealing):>15.3f} s"
        f"{cost.share:>17.0%}{verdict}"
    )
    yield f"target: sealing adds at most {MOST_SHARE:.0%}"


def _lines(server: DatabaseServer, folder: Path, rows: int, rounds: int) -> Iterator[str]:
    return sealing_lines(sealing_cost(server, folder, rows, rounds))


if __name__ == "__main__":
    sys.exit(run_alone("sealing", __doc__, _lines))
