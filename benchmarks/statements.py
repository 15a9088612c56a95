"""How many statements each phase makes, at two numbers of rows: only chunks may make it grow."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.counting import count_on, counted
from benchmarks.data import make_input
from benchmarks.databases import DatabaseServer
from benchmarks.ours import Ours
from benchmarks.race import PHASES


def statements(server: DatabaseServer, sizes: tuple[int, ...]) -> dict[str, list[int]]:
    """Return by phase the number of statements for each of ``sizes``."""
    counts: dict[str, list[int]] = {phase: [] for phase in PHASES if phase != "populate_query"}
    for rows in sizes:
        url = server.fresh()
        runner = Ours(url)
        count_on(runner.engine)
        with TemporaryDirectory() as folder:
            price_list = make_input(Path(folder), rows).price_list
            for phase, found in counts.items():
                if phase == "execute":
                    runner.complete()
                with counted() as number:
                    getattr(runner, phase)(price_list)
                found.extend(number)
        runner.close()
        server.drop(url)
    return counts
