"""Measure, print, and write the figures where asked: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import startup
from benchmarks.data import make_input, source
from benchmarks.databases import DATABASES, DatabaseServer
from benchmarks.effects import EffectsCost, effects_cost, effects_lines
from benchmarks.import_execution import ExecutionRace, measured_executions
from benchmarks.imports import ImportRace, measured_imports
from benchmarks.jobs import JobCosts, job_costs
from benchmarks.memory import peaks
from benchmarks.pages import page_costs
from benchmarks.price_changes import grid_costs
from benchmarks.race import race
from benchmarks.rendering import cost_lines, row_cost
from benchmarks.report import Figures, table
from benchmarks.sealing import SealingCost, sealing_cost, sealing_lines
from benchmarks.statements import statements
from benchmarks.windows import window_costs
from benchmarks.workbooks import looking


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    print(f"Products from {source().name} with {source().stat().st_size:,} bytes.")
    print(f"\n{_workbooks(options)}", flush=True)
    print("\n" + "\n".join(cost_lines(row_cost(200, max(options.rounds, 3) * 3))), flush=True)
    print("\n" + "\n".join(startup.cost_lines(startup.start_costs(options.rounds))), flush=True)
    found = [figures for name in options.database if (figures := _measured(name, options)) is not None]
    if options.json:
        options.json.write_text(json.dumps([figures.as_json() for figures in found], indent=2) + "\n")
    return 0 if found else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Batchbook against a bare script."
    )
    parser.add_argument(
        "--rows", type=int, default=38_000, help="rows of the price list (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each side (default: %(default)s)")
    parser.add_argument(
        "--database", nargs="+", choices=list(DATABASES), default=list(DATABASES), help="which (default: all)"
    )
    parser.add_argument(
        "--statements",
        nargs="+",
        type=int,
        default=[100, 10_000],
        metavar="ROWS",
        help="where to count statements",
    )
    parser.add_argument(
        "--pages", nargs="+", type=int, default=[100, 100_000], metavar="ROWS", help="where to measure pages"
    )
    parser.add_argument(
        "--price-changes",
        type=int,
        default=1_000_000,
        metavar="ROWS",
        help="changes in the price history to list; 0 for none (default: 1,000,000)",
    )
    parser.add_argument(
        "--windows",
        type=int,
        default=1_000_000,
        metavar="ROWS",
        help="rows of a batch whose grid to look at; 0 for none (default: 1,000,000)",
    )
    parser.add_argument(
        "--jobs",
        nargs=3,
        type=int,
        default=[100_000, 20, 20],
        metavar=("ROWS", "STARTS", "SECONDS"),
        help="of jobs: rows to populate, how often to start one, for how long to be idle (default: 100,000, 20, 20)",
    )
    parser.add_argument(
        "--imports",
        nargs=2,
        type=int,
        default=[100_000, 100_000],
        metavar=("ROWS", "WORKBOOK"),
        help="rows of a CSV and of a workbook to import; 0 for none (default: 100,000 each)",
    )
    parser.add_argument(
        "--sealing",
        type=int,
        default=100_000,
        metavar="ROWS",
        help="rows of a batch whose sealing and effects to measure; 0 for none (default: 100,000)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE, too")
    return parser


def _workbooks(options: argparse.Namespace) -> str:
    with TemporaryDirectory() as folder:
        found = looking(make_input(Path(folder), options.rows).price_list, options.rounds)
    return (
        f"Looking how far a workbook of {options.rows:,} rows reaches takes {found.looking:.3f} s,"
        f" reading it {found.reading:.3f} s: looking is {found.share:.2f} of it."
    )


def _measured(name: str, options: argparse.Namespace) -> Figures | None:
    try:
        server = DATABASES[name]()
    except Exception as error:  # noqa: BLE001 - Whatever keeps a server from starting, the other database is measured.
        print(f"\n{name} is left out, because it cannot be started here: {error}.", file=sys.stderr)
        return None
    try:
        figures = _figures(server, options)
    finally:
        server.close()
    figures = replace(figures, imports=_imports(name, options), executions=_executions(name, options))
    print(f"\n{table(figures)}", flush=True)
    if options.sealing:
        print("\n".join(sealing_lines(_sealing(name, options))), flush=True)
        print("\n".join(effects_lines(_effects(name, options))), flush=True)
    return figures


def _sealing(name: str, options: argparse.Namespace) -> SealingCost:
    server = DATABASES[name]()  # Anew, because its catalogue is another one.
    try:
        with TemporaryDirectory() as folder:
            return sealing_cost(server, Path(folder), options.sealing, options.rounds)
    finally:
        server.close()


def _effects(name: str, options: argparse.Namespace) -> EffectsCost:
    server = DATABASES[name]()  # Anew, because its catalogue is another one.
    try:
        with TemporaryDirectory() as folder:
            return effects_cost(server, Path(folder), options.sealing, options.rounds)
    finally:
        server.close()


def _imports(name: str, options: argparse.Namespace) -> list[ImportRace]:
    server = DATABASES[name]()  # Anew, because its catalogue is another one.
    try:
        with TemporaryDirectory() as folder:
            return measured_imports(server, Path(folder), *options.imports, options.rounds)
    finally:
        server.close()


def _executions(name: str, options: argparse.Namespace) -> list[ExecutionRace]:
    server = DATABASES[name]()  # Anew, because its catalogue is another one.
    try:
        with TemporaryDirectory() as folder:
            return measured_executions(server, Path(folder), options.rounds)
    finally:
        server.close()


def _figures(server: DatabaseServer, options: argparse.Namespace) -> Figures:
    with TemporaryDirectory() as folder:
        given = make_input(Path(folder), options.rows)
        server.prepare(given.catalog)
        return Figures(
            database=server.name,
            rows=options.rows,
            rounds=options.rounds,
            races=race(server, given, options.rounds),
            memory=peaks(server, given),
            statements=statements(server, tuple(options.statements)),
            statement_sizes=tuple(options.statements),
            pages=page_costs(server, tuple(options.pages), max(options.rounds, 3) * 3),
            page_sizes=tuple(options.pages),
            jobs=_jobs(server, Path(folder), options),
            price_changes=options.price_changes,
            grids=grid_costs(server, options.price_changes, options.rounds) if options.price_changes else [],
            window_rows=options.windows,
            windows=window_costs(server, options.windows, options.rounds) if options.windows else [],
        )


def _jobs(server: DatabaseServer, folder: Path, options: argparse.Namespace) -> JobCosts:
    rows, count, seconds = options.jobs
    given = make_input(folder, rows)
    return job_costs(server, given.price_list, rows, options.rounds, count, seconds)


if __name__ == "__main__":
    sys.exit(main())
