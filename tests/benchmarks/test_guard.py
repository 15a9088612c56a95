"""The guard: works may not take more statements or memory with more rows, nor twice the published multiple of their floors.

Seconds are compared with those of the bare script on the same machine, in the same minute, and with nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property, partial
from typing import Any

import pytest

#: The rows of the small and of the larger batch.
FEW, MANY = 1_000, 10_000
#: The rounds of both; the ratio is the median of those with many rows.
ROUNDS = {FEW: 1, MANY: 3}
#: The statements by which a work may grow for each thousand rows: chunks are of a thousand rows or more, and some take a few
#: statements. A statement for each row would be a thousand.
MOST_STATEMENTS = 5
#: The rows from which on most chunks are full, and those that are compared with them.
FULL, MORE = 10_000, 30_000
#: The bytes by which the peak of memory may grow for each row all the same: memory comes in pieces, and what the inspection of a
#: file keeps of its columns grows until it is full. A list of all rows as objects takes several thousands.
MOST_BYTES = 2_000
#: How many times the published ratio a ratio may be, and how often it is measured anew before it counts.
MOST_TIMES, ATTEMPTS = 2.0, 3


class Measured:
    """The figures of one database, by type, work and rows; they can be measured anew."""

    def __init__(self, server: Any, folder: Any) -> None:
        from benchmarks.inputs import make_inputs

        self._server, self._files = server, cache(partial(make_inputs, folder))
        self.database = server.name

    @cached_property
    def figures(self) -> dict[tuple[str, str, int], Any]:
        """The figures of both sizes, measured when they are first asked for."""
        return self.measure([FEW, MANY])

    def measure(self, sizes: list[int]) -> dict[tuple[str, str, int], Any]:
        from benchmarks.budget import Budget
        from benchmarks.works import TYPES, Work
        from benchmarks.works.races import Races

        sheets = {
            Work.EXPORT_XLSX,
            Work.POPULATE_XLSX,
        }  # They take longer than all others, most of it in xlsxwriter.
        races = Races(self._server, self._files, Budget(3_000), ROUNDS, lambda _: None, sheets)
        return {(one.type, one.work, one.rows): one for one in races.run(TYPES, sizes)}

    def memory(self, key: str, sizes: list[int]) -> list[dict[str, int]]:
        """The peaks of the most important works of Batchbook alone at each size, in one process."""
        from benchmarks.works import CORE
        from benchmarks.works.laps import PRODUCT, lap_process

        found = []
        with lap_process(PRODUCT, key) as run:
            for rows in sizes:
                inputs = self._files(rows)
                self._server.prepare(inputs.catalogue)
                laps = run(self._server.fresh("memory"), inputs, CORE)
                found.append({lap.work.value: lap.memory for lap in laps})
        return found

    def grown(self, name: str) -> Iterator[tuple[str, float]]:
        """By which number a figure of each work is larger with many rows."""
        for (key, work, rows), many in self.figures.items():
            if rows == MANY:
                yield f"{work} of {key}", getattr(many, name) - getattr(self.figures[key, work, FEW], name)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    from benchmarks.databases import DATABASES

    server = DATABASES[request.param]()
    try:
        yield Measured(server, tmp_path_factory.mktemp("guard"))
    finally:
        server.close()


def too_slow(measured: Measured) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the works whose ratio is more than twice the published one, with it and the most that it may be."""
    from benchmarks.publish import published

    most = {
        (one["type"], one["work"]): one["ratio"] * MOST_TIMES
        for one in published()["works"]
        if one["database"] == measured.database and one["rows"] == MANY
    }
    ratios = {(key, work): one.ratio for (key, work, rows), one in measured.figures.items() if rows == MANY}
    assert {*ratios} <= {*most}
    for attempt in range(ATTEMPTS):
        ratios = {name: ratio for name, ratio in ratios.items() if ratio > most[name]}
        if not ratios or attempt == ATTEMPTS - 1:
            break
        # Something else on the machine may have come between; what is slower by itself is so again.
        again = measured.measure([MANY])
        ratios = {name: min(ratio, again[*name, MANY].ratio) for name, ratio in ratios.items()}
    return {name: (ratio, most[name]) for name, ratio in ratios.items()}


def test_neither_statements_nor_ratios_to_the_floors_are_beyond_their_bounds(measured: Measured) -> None:
    """One test, so that several processes do not measure the same."""
    grown = dict(measured.grown("statements"))
    assert len(grown) > 15
    assert {name: more for name, more in grown.items() if more > MOST_STATEMENTS * (MANY - FEW) / 1_000} == {}
    assert too_slow(measured) == {}


@pytest.mark.parametrize("key", ["price_change", "import"])
def test_memory_does_not_grow_with_the_rows(measured: Measured, key: str) -> None:
    few, more = measured.memory(key, [FULL, MORE])
    assert {*few} == {*more} >= {"populate_csv", "refresh", "clone", "execute", "export_csv"}
    grown = {work: peak - few[work] for work, peak in more.items()}
    assert {work: by for work, by in grown.items() if by > MOST_BYTES * (MORE - FULL)} == {}
