"""What the pages about problems cost where every row has one: ``python -m benchmarks.problems``.

The texts that are no prices are few or all different. Measured are the page of all problems, with nothing kept and with what the
process keeps of it, and the preview of one correction, beside the time in which the database reads the issues of all rows.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlencode

from sqlalchemy import URL, Connection, Engine, text
from webtest import TestApp

from batchbook.batches.pages.rows.kept_problems import KeptProblems
from batchbook.cli.processes import freeze_heap
from batchbook.db.engine import make_engine
from batchbook.services import services_of
from benchmarks.command import run_alone
from benchmarks.counting import counted
from benchmarks.data import make_input
from benchmarks.databases import DatabaseServer
from benchmarks.memory import forget_peak, peak
from benchmarks.ours import Ours
from benchmarks.pages import add_admin, signed_in

#: The number of different texts where they are few.
FEW = 50
#: The most seconds of the page of all problems.
MOST = 0.5
_READING = "SELECT sum(length({issues})) FROM price_change_row WHERE batch_id = 1 AND issues IS NOT NULL"


def problem_costs(server: DatabaseServer, place: Path, rows: int, rounds: int) -> Iterator[str]:
    """Yield the figures of batches with ``rows`` problems as lines."""
    given = make_input(place, min(rows, 1_000))
    server.prepare(given.catalog)
    yield f"  {f'{rows:,} problems':<38}{'seconds':>10}{'reading':>10}{'ratio':>8}{'statements':>12}{'memory':>10}"
    for name, texts in ((f"{FEW} texts", FEW), ("texts all different", rows)):
        url = server.fresh()
        try:
            _populate(url, _with_bad_prices(place, given.price_list, rows, texts))
            server.analyze(url)
            yield from _page_costs(url, name, rounds)
        finally:
            server.drop(url)
    yield f"target: the page of all problems {MOST * 1000:g} ms"


def _with_bad_prices(place: Path, price_list: Path, rows: int, texts: int) -> Path:
    """Return a price list of so many rows with so many different texts in place of prices."""
    path = place / f"bad-{texts}.csv"
    with price_list.open(encoding="utf-8", newline="") as file:
        header, *known = csv.reader(file)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for number in range(rows):
            _, *others, _ = known[number % len(known)]
            writer.writerow([f"{number:09d}", *others, f"no price {number % texts}"])
    return path


def _populate(url: URL, price_list: Path) -> None:
    ours = Ours(url)
    ours.populate_file(price_list)
    add_admin(ours.engine)
    ours.close()


def _page_costs(url: URL, name: str, rounds: int) -> Iterator[str]:
    client, engine = signed_in(url), make_engine(url)
    pages = "/batches/price-change/1/problems"
    cells = {"field": "new_price", "code": "not-a-number", "text": "no price 7", "with": "1.99"}
    issues = "issues" if engine.dialect.name == "sqlite" else "CAST(issues AS TEXT)"
    client.get("/batches/price-change/1", status=200)
    freeze_heap()  # As a server does.
    with engine.connect() as connection:
        reading = median(_seconds_of(connection, _READING.format(issues=issues)) for _ in range(rounds))
    kept = services_of(client.app.registry).get(KeptProblems)
    for page, address, again in (
        ("page of all", pages, False),
        ("page of all, kept", pages, True),
        ("one correction", f"{pages}/fix?{urlencode(cells)}", False),
    ):
        idle = forget_peak()
        with counted() as statements:
            client.get(address, status=200)
        memory = (peak() - idle) / 2**20
        seconds = median(_seconds_of_page(client, address, None if again else kept) for _ in range(rounds))
        figures = f"{seconds:10.3f}{reading:10.3f}{seconds / reading:8.2f}{statements[0]:12}{memory:7.0f} MB"
        verdict = "   over target" if page == "page of all" and seconds > MOST else ""
        yield f"  {f'{name}: {page}':<38}{figures}{verdict}"
    engine.dispose()
    services_of(client.app.registry).get(Engine).dispose()


def _seconds_of_page(client: TestApp, address: str, kept: KeptProblems | None) -> float:
    """Return the seconds of a page, after ``kept`` was cleared, if it is given."""
    if kept is not None:
        kept.clear()
    start = perf_counter()
    client.get(address, status=200)
    return perf_counter() - start


def _seconds_of(connection: Connection, statement: str) -> float:
    start = perf_counter()
    connection.execute(text(statement)).all()
    return perf_counter() - start


if __name__ == "__main__":
    sys.exit(run_alone("problems", __doc__, problem_costs))
