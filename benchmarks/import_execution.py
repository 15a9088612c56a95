"""Executing imports into the full catalogue, against the same changes by the driver alone.

Every third price changes, and one product in a hundred is new. The bare script does by one statement each what an
execution does to the target: it writes the price history, sets the fields, and creates what is new. It locks nothing,
looks for no change that came between, and keeps no outcome.
"""

from __future__ import annotations

import csv
import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.bare_imports import BARE
from benchmarks.data import source
from benchmarks.databases import DatabaseServer
from benchmarks.imports import HEADER, OurImport

#: What is aimed at: times the bare script's time.
MOST_RATIO = 5.0
#: How many rows the smaller list has; the other one has all products.
FEW = 6_000


@dataclass
class ExecutionRace:
    """Seconds that each side took to execute an import of ``rows`` rows into ``products`` products, by round."""

    rows: int
    products: int
    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median over the rounds of Batchbook's time divided by the bare script's."""
        return median(ours / bare for ours, bare in zip(self.ours, self.bare, strict=True))

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON values."""
        return {"rows": self.rows, "products": self.products, "ours": median(self.ours),
                "bare": median(self.bare), "ratio": self.ratio}  # fmt: skip


def measured_executions(
    server: DatabaseServer, folder: Path, rounds: int, few: int = FEW
) -> list[ExecutionRace]:
    """Have both sides execute a list of ``few`` products, and one of all products of the catalogue."""
    server.prepare(source())
    with source().open(encoding="utf-8-sig", newline="") as file:
        products = list(csv.DictReader(file))
    return [
        _race(
            server, _write(folder / f"{rows}.csv", products, rows), ExecutionRace(rows, len(products)), rounds
        )
        for rows in (min(few, len(products)), len(products))
    ]


def _write(path: Path, products: Sequence[dict[str, str]], rows: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number, product in enumerate(islice(products, rows)):
            values = product | {"vendor": product["vendor_code"]}
            if number % 3 == 0:
                values["price"] = f"{float(product['price']) + 0.05:.2f}"
            if number % 100 == 1:
                values["item_code"] = f"NEW-{number:08d}"
            writer.writerow([values[name] for name in HEADER])
    return path


def _race(server: DatabaseServer, table: Path, found: ExecutionRace, rounds: int) -> ExecutionRace:
    for number in range(rounds):
        sides = [(OurImport, found.ours), (BARE[server.name], found.bare)]
        for side, seconds in sides if number % 2 == 0 else reversed(sides):
            seconds.append(_lap(server, side, table))
    return found


def _lap(server: DatabaseServer, side: Any, table: Path) -> float:
    url = server.fresh()
    runner = side(url)
    try:
        runner.take_in(table)
        runner.complete()
        gc.collect()
        start = perf_counter()
        runner.execute()
        return perf_counter() - start
    finally:
        runner.close()
        server.drop(url)


def execution_lines(races: Sequence[ExecutionRace]) -> Iterator[str]:
    """Yield the figures as lines of text."""
    yield f"  {'executing imports':<20}{'Batchbook':>17}{'bare script':>17}{'ratio':>17}"
    for race in races:
        verdict = "" if race.ratio <= MOST_RATIO else f"   over target ({MOST_RATIO:g})"
        name = f"{race.rows:,} of {race.products:,}"
        yield (
            f"  {name:<20}{median(race.ours):>15.3f} s{median(race.bare):>15.3f} s{race.ratio:>17.2f}{verdict}"
        )
    yield f"target: ratio at most {MOST_RATIO:g}"
