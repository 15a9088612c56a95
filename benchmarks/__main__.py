"""Measure, print, and write the figures where asked: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.budget import Budget
from benchmarks.databases import DATABASES, DatabaseServer
from benchmarks.inputs import Inputs, make_inputs
from benchmarks.load import load_figures
from benchmarks.pages import page_figures
from benchmarks.parts.figures import PartRequest
from benchmarks.parts.measures import ON_DATABASES, WITHOUT_DATABASE
from benchmarks.report import report
from benchmarks.targets import verdicts
from benchmarks.works import MOST_SHEET_ROWS, TYPES
from benchmarks.works.races import ROUNDS, Races, WorkFigures, exponents

KINDS = ("works", "pages", "load", "parts")


@dataclass(frozen=True)
class Plan:
    """What a run measures by default: sizes of works and of pages, the rows of parts and of loads, and its minutes."""

    sizes: Sequence[int]
    pages: Sequence[int]
    parts: int
    load_rows: int
    staff_seconds: float
    minutes: float
    #: The share of the time of each kind, of what the kinds before it have left.
    shares: dict[str, float] = field(
        default_factory=lambda: {"works": 0.68, "pages": 0.4, "load": 0.65, "parts": 1.0}
    )


FULL = Plan((1_000, 10_000, 100_000, 1_000_000), (1_000, 1_000_000), 100_000, 1_000_000, 45, 39)
QUICK = Plan((1_000, 10_000), (1_000, 10_000), 1_000, 10_000, 8, 4.5)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    results = measure(options)
    for line in report(results):
        print(line)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0 if results["databases"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Batchbook beside its floors.")
    parser.add_argument("--quick", action="store_true", help="small sizes, in 5 minutes instead of 40")
    parser.add_argument(
        "--only", nargs="+", choices=KINDS, default=KINDS, help="what to measure (default: all)"
    )
    parser.add_argument(
        "--database",
        nargs="+",
        choices=list(DATABASES),
        default=list(DATABASES),
        help="where (default: on all)",
    )
    parser.add_argument(
        "--type", nargs="+", choices=TYPES, default=TYPES, help="batch types of the works (default: all)"
    )
    parser.add_argument(
        "--rows", nargs="+", type=int, metavar="ROWS", help="the sizes of the works, from the smallest"
    )
    parser.add_argument(
        "--pages",
        nargs="+",
        type=int,
        metavar="ROWS",
        help="the sizes of the batches whose pages are measured",
    )
    parser.add_argument("--rounds", type=int, help="the rounds of each side (default: fewer of larger sizes)")
    parser.add_argument("--minutes", type=float, help="the time to keep")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE, too")
    return parser


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the results of a run, as plain data."""
    plan = QUICK if options.quick else FULL
    budget = Budget((options.minutes or plan.minutes) * 60)
    results: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "databases": [],
    }
    results |= {kind: [] for kind in KINDS}
    works: list[WorkFigures] = []
    with TemporaryDirectory() as folder:
        files = cache(partial(_inputs, Path(folder)))
        for place, name in enumerate(options.database):
            share = budget.part(1 / (len(options.database) - place))
            with _server(name) as server:
                if server is not None:
                    results["databases"].append(server.name)
                    results["machine"] |= server.versions()
                    works += _Run(options, plan, server, files, Path(folder), share).measure(results)
    results["growth"] = [asdict(growth) for growth in exponents(works)]
    results["left_out"], results["minutes"] = budget.left_out, budget.spent / 60
    results["targets"] = [verdict.to_json() for verdict in verdicts(results)]
    return results


@dataclass
class _Run:
    """The measurements on one database: what the options ask for, within its budget."""

    options: argparse.Namespace
    plan: Plan
    server: DatabaseServer
    files: Any
    folder: Path
    budget: Budget

    def measure(self, results: dict[str, Any]) -> list[WorkFigures]:
        """Add all figures to ``results``; return those of works."""
        works: list[WorkFigures] = []
        for kind in KINDS:
            if kind in self.options.only:
                part = self.budget.part(self.plan.shares[kind])
                _tell(f"{self.server.name}: {kind}, {part.seconds / 60:.1f} minutes at the most")
                works += getattr(self, f"_{kind}")(results, part) or ()
        return works

    def _works(self, results: dict[str, Any], budget: Budget) -> list[WorkFigures]:
        rounds = {sys.maxsize: self.options.rounds} if self.options.rounds else ROUNDS
        races = Races(self.server, self.files, budget, rounds, _tell)
        found = races.run(self.options.type, self.options.rows or self.plan.sizes)
        results["works"] += [figures.to_json() for figures in found]
        return found

    def _pages(self, results: dict[str, Any], budget: Budget) -> None:
        sizes = self.options.pages or self.plan.pages
        self._prepare(max(sizes))
        results["pages"] += [
            figures.to_json() for figures in page_figures(self.server, self.folder, sizes, budget)
        ]

    def _load(self, results: dict[str, Any], budget: Budget) -> None:
        rows = max(self.options.rows) if self.options.rows else self.plan.load_rows
        inputs = self._prepare(rows)
        found = load_figures(self.server, self.folder, inputs, self.plan.staff_seconds, budget)
        results["load"] += [figures.to_json() for figures in found]

    def _parts(self, results: dict[str, Any], budget: Budget) -> None:
        rows = min(max(self.options.rows), self.plan.parts) if self.options.rows else self.plan.parts
        request = PartRequest(self.server, self._prepare(rows), self.options.quick)
        measures = ON_DATABASES if results["parts"] else WITHOUT_DATABASE | ON_DATABASES
        for name, measure_part in measures.items():
            if budget.allows(_A_PART[self.options.quick], f"{self.server.name}, {name}"):
                results["parts"] += [figure.to_json() for figure in measure_part(request)]

    def _prepare(self, rows: int) -> Inputs:
        inputs: Inputs = self.files(rows)
        self.server.prepare(inputs.catalogue)
        return inputs


#: The seconds that a part takes, in full and quick runs.
_A_PART = {False: 25.0, True: 5.0}


def _inputs(folder: Path, rows: int) -> Inputs:
    return make_inputs(folder, rows, workbook=rows <= MOST_SHEET_ROWS)


def _tell(progress: str) -> None:
    """Print progress where it does not get into a report that is redirected to a file."""
    print(progress, file=sys.stderr, flush=True)


@contextmanager
def _server(name: str) -> Iterator[DatabaseServer | None]:
    """Yield a server, or ``None``, with a sentence, where it cannot be started."""
    try:
        server = DATABASES[name]()
    except Exception as error:  # noqa: BLE001 - Whatever keeps a server from starting, the other database is measured.
        _tell(f"{name} is left out, because it cannot be started here: {error}.")
        yield None
        return
    try:
        yield server
    finally:
        server.close()


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processors, memory and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processors": os.cpu_count(),
        "memory_gb": round(memory / 2**30),
        "system": platform.system(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in ("sqlalchemy", "psycopg", "xlsxwriter", "python-calamine")},
    }


if __name__ == "__main__":
    sys.exit(main())
