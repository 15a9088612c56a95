"""What windows of a large batch cost through the whole application, beside the bare SQL of the same rows.

The first window of a view is asked for with nothing kept; further ones once all of its keys are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Engine, text
from webtest import TestApp

from batchbook.cli.processes import freeze_heap
from batchbook.db.engine import make_engine
from batchbook.grid import KeyCache
from batchbook.services import services_of
from benchmarks.data import make_input
from benchmarks.databases import DatabaseServer
from benchmarks.ours import Ours
from benchmarks.pages import add_admin, signed_in

#: The rows of a window.
ROWS = 200
#: The number of further windows of a view, from the first row to the last.
FURTHER = 100
#: The most seconds of a further window of any view.
MOST_FURTHER = 0.05
_CELLS = "SELECT * FROM price_change_row WHERE batch_id = 1"


@dataclass(frozen=True)
class View:
    """A view: what it is called, its query, the most seconds of its first window, and the bare SQL of its order."""

    name: str
    query: tuple[tuple[str, str], ...]
    most: float
    where: str = ""
    order: str = "sequence"

    def bare(self, first: int) -> str:
        """Return the SQL of the rows of a window."""
        return f"{_CELLS} {self.where} ORDER BY {self.order} LIMIT {ROWS} OFFSET {first}"


VIEWS = (
    View("default order", (), 0.05),
    View("a status", (("f.status.equal", "decrease"),), 0.08, "AND status = 'decrease'"),
    View("a rare status", (("f.status.equal", "not_in_catalogue"),), 0.08, "AND status = 'not_in_catalogue'"),
    View("problems", (("f.problems.is_true", ""),), 0.08, "AND issues IS NOT NULL"),
    View("sorted", (("sort", "-new_price"),), 0.5, order="new_price DESC NULLS LAST, sequence"),
    View("contains", (("f.description.contains", "bread"),), 0.5, "AND lower(description) LIKE '%bread%'"),
    View(
        "contains, sorted",
        (("f.description.contains", "bread"), ("sort", "description")),
        0.5,
        "AND lower(description) LIKE '%bread%'",
        "description NULLS LAST, sequence",
    ),
)


@dataclass(frozen=True)
class WindowCost:
    """Seconds of a view's windows: the first one and its bare SQL (medians), and the 95th percentile of further ones."""

    view: View
    first: float
    bare: float
    further: float

    @property
    def is_met(self) -> bool:
        """Whether no window took longer than is aimed at."""
        return self.first <= self.view.most and self.further <= MOST_FURTHER


def window_costs(server: DatabaseServer, rows: int, rounds: int) -> list[WindowCost]:
    """Measure the windows of a batch with so many rows."""
    url = server.fresh()
    try:
        runner = Ours(url)
        with TemporaryDirectory() as folder:
            runner.populate_file(make_input(Path(folder), rows).price_list)
        add_admin(runner.engine)
        address = f"/batches/price-change/{runner.batch_id}/rows/window"
        runner.close()
        server.analyze(url)
        client, engine = signed_in(url), make_engine(url)
        client.get(address, status=200)  # The first time compiles statements.
        freeze_heap()  # As a server does.
        costs = [_cost(client, engine, address, view, rounds) for view in VIEWS]
        engine.dispose()
        services_of(client.app.registry).get(Engine).dispose()
        return costs
    finally:
        server.drop(url)


def cost_lines(rows: int, costs: list[WindowCost]) -> Iterator[str]:
    """Yield the figures as lines."""
    yield f"  {f'windows of {rows:,} rows':<28}{'first':>12}{'bare SQL':>12}{'ratio':>8}{'further':>12}"
    for cost in costs:
        times = (f"{seconds * 1000:9.1f} ms" for seconds in (cost.first, cost.bare))
        ratio = f"{cost.first / cost.bare:8.2f}"
        verdict = "" if cost.is_met else "   over target"
        yield f"  {cost.view.name:<28}{''.join(times)}{ratio}{cost.further * 1000:9.1f} ms{verdict}"
    targets = ", ".join(f"{view.name} {view.most * 1000:g} ms" for view in VIEWS)
    yield f"targets: first window {targets}; further ones {MOST_FURTHER * 1000:g} ms"


def _cost(client: TestApp, engine: Engine, address: str, view: View, rounds: int) -> WindowCost:
    cache = services_of(client.app.registry).get(KeyCache)

    def window(first: int, token: str = "") -> Any:
        query = [*view.query, ("first", first), ("count", ROWS), ("keys", token)]
        return client.get(f"{address}?{urlencode(query)}", status=200).json

    def first_one() -> Any:
        cache.clear()
        return window(0)

    found = first_one()
    first = median(_seconds(first_one) for _ in range(rounds))
    with engine.connect() as connection:
        bare = median(_seconds(lambda: connection.execute(text(view.bare(0))).all()) for _ in range(rounds))
    last = max(found["total"] - ROWS, 0)
    token = window(last // 2)["keys"]
    places = [last * n // FURTHER for n in range(FURTHER)]
    further = [_seconds(lambda place=place: window(place, token)) for place in places]
    return WindowCost(view, first, bare, quantiles(further, n=20, method="inclusive")[-1])


def _seconds(work: Callable[[], Any]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start
