"""The guard: works may not take more statements or memory with more rows, nor twice the published multiple of their floors.

Seconds are compared with those of the bare script on the same machine, in the same minute, and with nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import pytest

#: The rows of the small and of the larger batch.
FEW, MANY = 1_000, 10_000
#: The rounds of both; the ratio is the median of those with many rows.
ROUNDS = {FEW: 1, MANY: 3}
#: The statements by which a work may grow for each thousand rows: chunks are of a thousand rows or more, and some take a few
#: statements. A statement for each row would be a thousand.
MOST_STATEMENTS = 5
#: The bytes by which the peak of memory may grow for each row: a few chunks of rows are there at a time. A list of all rows, as
#: objects, takes thousands.
MOST_BYTES = 1_500
#: How many times the published ratio a ratio may be, and how often it is measured anew before it counts.
MOST_TIMES, ATTEMPTS = 2.0, 3


class Measured:
    """The figures of one database, by type, work and rows; they can be measured anew."""

    def __init__(self, server: Any, folder: Any) -> None:
        from benchmarks.inputs import make_inputs

        self._server, self._files = server, cache(partial(make_inputs, folder))
        self.database = server.name
        self.figures = self.measure([FEW, MANY])

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


def test_statements_do_not_grow_with_the_rows(measured: Measured) -> None:
    grown = dict(measured.grown("statements"))
    assert len(grown) > 15
    assert {name: more for name, more in grown.items() if more > MOST_STATEMENTS * (MANY - FEW) / 1_000} == {}


def test_memory_does_not_grow_with_the_rows(measured: Measured) -> None:
    assert {name: more for name, more in measured.grown("memory") if more > MOST_BYTES * (MANY - FEW)} == {}


def test_no_ratio_to_a_floor_is_more_than_twice_the_published_one(measured: Measured) -> None:
    from benchmarks.publish import published

    most = {
        (one["type"], one["work"]): one["ratio"] * MOST_TIMES
        for one in published()["works"]
        if one["database"] == measured.database and one["rows"] == MANY
    }
    ratios = {(key, work): one.ratio for (key, work, rows), one in measured.figures.items() if rows == MANY}
    assert {*ratios} <= {*most}
    for _ in range(ATTEMPTS):
        slower = {name: ratio for name, ratio in ratios.items() if ratio > most[name]}
        if not slower:
            return
        # Something else on the machine may have come between; what is slower by itself is so again.
        again = measured.measure([MANY])
        ratios = {name: min(ratio, again[*name, MANY].ratio) for name, ratio in slower.items()}
    assert {name: (ratio, most[name]) for name, ratio in ratios.items() if ratio > most[name]} == {}
