"""Imports against the database's own floor: a file of eight columns becomes a reviewed batch of products.

The bare script, see :mod:`benchmarks.bare_imports`, reads the same file with the csv module or calamine, writes the same
values, and sets the same statuses. ``python -m benchmarks.imports --rows 1000000`` measures a million rows.
"""

from __future__ import annotations

import argparse
import csv
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from subprocess import PIPE, run
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import sqlalchemy
import xlsxwriter
from sqlalchemy import URL, make_url, select

import batchbook
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.file_intake import file_source_of
from batchbook.batches.lifecycle import Action
from batchbook.batches.registry import BatchTypes
from batchbook.batches.running.runner import ActionCall, InlineRunner
from batchbook.db.transactions import transaction_scope
from batchbook.security.default_roles import install_default_roles
from batchbook.security.models import Role, User
from batchbook.services import services_of
from batchbook.tables.formats.sheet_cache import SHEET_CACHE
from benchmarks.bare_imports import BARE
from benchmarks.databases import DATABASES, DatabaseServer
from benchmarks.memory import forget_peak, peak

#: What is aimed at: times the bare script's time for a text and for a workbook, and bytes above the idle process.
MOST_RATIO, MOST_WORKBOOK_RATIO, MOST_MEMORY = 3.0, 1.5, 150 * 2**20
ACTOR = "benchmark"
#: How many products there are, of how many vendors.
PRODUCTS, VENDORS = 100_000, 500
HEADER = ("item_code", "description", "size", "category", "brand", "price", "on_hand", "vendor")
#: The parts that Batchbook's time is told in.
PARTS = ("look at the file", "read and write", "compare and count")


def records(rows: int) -> Iterator[tuple[str, ...]]:
    """Yield a table about ``rows`` products: half of them, or all there are, are known, and a third of those changed.

    They come in no order. One row in a thousand has the key of another, one the code of a vendor that is none.
    """
    known = min(PRODUCTS, rows // 2)
    for line in range(rows):
        number = line * 7_919 % rows
        if line % 1_000 == 500:
            number = (line - 1) * 7_919 % rows
        code, vendor = _code(number, known), f"V{number % VENDORS:04d}"
        if line % 1_000 == 700:
            vendor = "V9999"
        yield _record(code, number, vendor, changed=number % 3 == 0)


def _code(number: int, known: int) -> str:
    return f"{number:09d}" if number < known else f"N{number:08d}"


def _record(code: str, number: int, vendor: str, *, changed: bool) -> tuple[str, ...]:
    cents = 100 + number * 37 % 9_900 + changed
    return (
        code,
        f"ORGANIC PRODUCT {number * 31 % 10_007} NO {number}",
        f"{number % 64 + 1} OZ",
        f"CATEGORY {number % 90}",
        f"Brand {number % 800}",
        f"{cents // 100}.{cents % 100:02d}",
        str(number * 13 % 500),
        vendor,
    )


def write_table(path: Path, rows: int) -> Path:
    """Write :func:`records` of ``rows`` products to ``path``, a CSV or a workbook by its ending."""
    if path.suffix == ".xlsx":
        _write_workbook(path, rows)
        return path
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(records(rows))
    return path


def _write_workbook(path: Path, rows: int) -> None:
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    for number, (*texts, price, on_hand, vendor) in enumerate(records(rows), 1):
        sheet.write_row(number, 0, [*texts, float(price), int(on_hand), vendor])
    book.close()


def write_catalog(path: Path) -> Path:
    """Write the products that are known to ``path``, as a catalogue."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("item_code", "description", "department", "category", "brand", "size", "vendor_code",
                         "price", "on_hand"))  # fmt: skip
        for number in range(PRODUCTS):
            code, description, size, category, brand, price, on_hand, vendor = _record(
                f"{number:09d}", number, f"V{number % VENDORS:04d}", changed=False
            )
            writer.writerow((code, description, "", category, brand, size, vendor, price, on_hand))
    return path


class OurImport:
    """Batchbook's side: what a page or a command does, without HTTP."""

    def __init__(self, url: URL) -> None:
        address = url.render_as_string(hide_password=False)
        app = batchbook.main({}, **{"sqlalchemy.url": address, "batchbook.development": "true",
                                    "batchbook.jobs": "inline"})  # fmt: skip
        self._services = services_of(app.registry)
        self._types = services_of(app.registry).get(BatchTypes)
        self._engine = services_of(app.registry).get(sqlalchemy.Engine)
        self.batch_id = 0
        self.parts: dict[str, float] = {}
        with transaction_scope(self._engine) as session:
            install_default_roles(session)
            admin = session.scalars(select(Role).where(Role.name == "admin")).one()
            session.add(User(name=ACTOR, full_name="", password_hash="", roles=[admin]))

    def take_in(self, table: Path) -> None:
        """Create an import of ``table``, look at it as its page does, populate it."""
        started = perf_counter()
        with transaction_scope(self._engine) as session, table.open("rb") as file:
            engine = Engine(session, self._types, self._services.settings, ACTOR)
            batch = create_batch(engine, "import", {"target": "product"}, file, table.name)
            self.batch_id = batch.id
            context = engine.context_of(batch)
            file_source_of(context).inspect(context.handler, batch)
        looked = perf_counter()
        with self._written() as written:
            self._submit(Action.POPULATE)
        done = perf_counter()
        middle = written[0]
        self.parts = dict(zip(PARTS, (looked - started, middle - looked, done - middle), strict=True))

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """Yield an engine in a transaction of its own."""
        with transaction_scope(self._engine) as session:
            yield Engine(session, self._types, self._services.settings, ACTOR)

    def complete(self) -> None:
        """Mark the import complete, as whoever executes it must first."""
        self._submit(Action.COMPLETE)

    def execute(self) -> None:
        """Apply the good rows."""
        self._submit(Action.EXECUTE, apply="good", confirm="all")

    def _submit(self, action: Action, **options: str) -> None:
        with transaction_scope(self._engine) as session:
            runner = InlineRunner(self._types, self._services.settings)
            result = runner.submit(session, ActionCall(self.batch_id, action, ACTOR, options))
            if result.failed:
                raise RuntimeError(result.message)

    @contextmanager
    def _written(self) -> Iterator[list[float]]:
        """Yield a list that has, after the block, the moment when all rows were written."""
        tables, moments = self._types["import"].rows, [0.0]
        told = tables.written

        def written(*arguments: Any) -> None:
            told(*arguments)
            moments[0] = perf_counter()

        tables.written = written
        try:
            yield moments
        finally:
            del tables.written

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


@dataclass
class ImportRace:
    """What was measured of one table: seconds of each side, those of Batchbook's parts, and its memory in bytes."""

    name: str
    most: float
    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    parts: dict[str, list[float]] = field(default_factory=dict)
    memory: int = 0

    @property
    def ratio(self) -> float:
        """The median over the rounds of Batchbook's time divided by the bare script's.

        Both sides of a round meet the machine in one mood, so each is compared with its own neighbour.
        """
        return median(ours / bare for ours, bare in zip(self.ours, self.bare, strict=True))

    @property
    def met(self) -> bool:
        """Whether it is what is aimed at."""
        return self.ratio <= self.most and self.memory <= MOST_MEMORY

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON values."""
        parts = {part: median(seconds) for part, seconds in self.parts.items()}
        return {"table": self.name, "ours": median(self.ours), "bare": median(self.bare), "ratio": self.ratio,
                "parts": parts, "memory": self.memory}  # fmt: skip


def race_imports(server: DatabaseServer, tables: Sequence[Path], rounds: int) -> list[ImportRace]:
    """Take in each of ``tables`` on both sides ``rounds`` times; who goes first changes with each round.

    ``place`` has the products of :func:`write_catalog`.
    """
    return [_race(server, table, rounds) for table in tables]


def _race(server: DatabaseServer, table: Path, rounds: int) -> ImportRace:
    found = ImportRace(table.name, MOST_WORKBOOK_RATIO if table.suffix == ".xlsx" else MOST_RATIO)
    for number in range(rounds):
        sides: list[Callable[[], None]] = [
            lambda: _lap(server, OurImport, table, found),
            lambda: _lap(server, BARE[server.name], table, found),
        ]
        for side in sides if number % 2 == 0 else reversed(sides):
            side()
    found.memory = _memory(server, table)
    return found


def _lap(server: DatabaseServer, side: Callable[[URL], Any], table: Path, found: ImportRace) -> None:
    url = server.fresh()
    runner = side(url)
    SHEET_CACHE.forget()
    try:
        gc.collect()
        start = perf_counter()
        runner.take_in(table)
        seconds = perf_counter() - start
    finally:
        runner.close()
        server.drop(url)
    if isinstance(runner, OurImport):
        found.ours.append(seconds)
        for part, taken in runner.parts.items():
            found.parts.setdefault(part, []).append(taken)
    else:
        found.bare.append(seconds)


def _memory(server: DatabaseServer, table: Path) -> int:
    """Return how much memory a process of its own takes for it at its peak, above what it has when idle."""
    url = server.fresh()
    address = url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "benchmarks.imports", "--measure", address, str(table)]
    try:
        done = run(command, check=True, stdout=PIPE, text=True, cwd=Path(__file__).parents[1])
    finally:
        server.drop(url)
    return int(done.stdout)


def _measure(address: str, table: Path) -> int:
    runner = OurImport(make_url(address))
    idle = forget_peak()
    runner.take_in(table)
    taken = peak() - idle
    runner.close()
    return taken


def import_lines(races: Sequence[ImportRace]) -> Iterator[str]:
    """Yield the figures as lines of text."""
    yield f"  {'imports':<20}{'Batchbook':>17}{'bare script':>17}{'ratio':>17}{'peak above idle':>17}"
    for race in races:
        verdict = "" if race.met else f"   over target ({race.most:g})"
        yield (
            f"  {race.name:<20}{median(race.ours):>15.3f} s{median(race.bare):>15.3f} s{race.ratio:>17.2f}"
            f"{race.memory / 2**20:>14.1f} MB{verdict}"
        )
        for part, seconds in race.parts.items():
            yield f"    {part:<18}{median(seconds):>15.3f} s"
    yield (
        f"targets: ratio at most {MOST_RATIO:g}, of a workbook {MOST_WORKBOOK_RATIO:g}; memory at most"
        f" {MOST_MEMORY // 2**20} MB"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.imports", description="Imports against a bare script."
    )
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the CSV (default: %(default)s)")
    parser.add_argument("--workbook", type=int, default=100_000, help="rows of the workbook; 0 for none")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each side (default: %(default)s)")
    parser.add_argument(
        "--database", nargs="+", choices=list(DATABASES), default=list(DATABASES), help="which (default: all)"
    )
    parser.add_argument("--measure", nargs=2, metavar=("URL", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.measure:
        print(_measure(options.measure[0], Path(options.measure[1])))
        return 0
    with TemporaryDirectory() as folder:
        for name in options.database:
            server = DATABASES[name]()
            try:
                races = measured_imports(server, Path(folder), options.rows, options.workbook, options.rounds)
            finally:
                server.close()
            print(f"\n{server.name}", *import_lines(races), sep="\n", flush=True)
    return 0


def measured_imports(
    server: DatabaseServer, folder: Path, rows: int, workbook: int, rounds: int
) -> list[ImportRace]:
    """Make the catalogue and the tables in ``folder``, and have both sides take them in."""
    server.prepare(write_catalog(folder / "products.csv"))
    tables = [write_table(folder / f"{rows}.csv", rows)] if rows else []
    tables += [write_table(folder / f"{workbook}.xlsx", workbook)] if workbook else []
    return race_imports(server, tables, rounds)


if __name__ == "__main__":
    sys.exit(main())
