"""Pages of a batch, asked for again and again through the whole application, without a network: time, bytes and statements.

The first window of a view is asked for with nothing kept of the view, further windows once all of its keys are kept. Nothing
is kept of the problems of a batch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any
from urllib.parse import urlencode

import sqlalchemy
from sqlalchemy import URL
from webtest import TestApp

from batchbook.batches.pages.rows.kept_problems import KeptProblems
from batchbook.db.transactions import transaction_scope
from batchbook.grid import KeyCache
from batchbook.security.passwords import hash_password
from batchbook.services import services_of
from benchmarks.budget import Budget
from benchmarks.databases import DatabaseServer
from benchmarks.inputs import PRICE_LIST, price_list_lines, write_csv
from benchmarks.measuring import counted
from benchmarks.works.product import Product, add_admin, application

_NAME, _PASSWORD = "reader", "benchmarks only"
#: The rows of a window, and how many windows are asked for.
_WINDOW, _WINDOWS = 200, 40
#: How often a page is asked for, unless the last number of seconds is over before.
_TIMES, _FEWEST, _LONGEST = 40, 3, 6.0
#: Of ten rows, so many have a problem; a paste has so many cells, or one for each row of a smaller batch.
PROBLEMS, PASTED = 3, 10_000

#: The views whose first window is measured: by the name of the page, their query.
_VIEWS: dict[str, dict[str, str]] = {
    "filter": {"f.status.equal": "decrease"},
    "filter on problems": {"f.problems.is_true": ""},
    "sort": {"sort": "item_code"},
    "filter, sort": {"f.status.equal": "decrease", "sort": "item_code"},
    "sort without an index": {"sort": "-new_price"},
    "filter, sort without an index": {"f.description.contains": "bread", "sort": "-new_price"},
}


@dataclass(frozen=True)
class PageFigures:
    """What was measured of one page of a batch with so many ``rows``: seconds, the bytes of the answer, and statements.

    ``processor`` are the seconds (median) that this process was at work, which on SQLite includes the database.
    """

    database: str
    page: str
    rows: int
    times: int
    p50: float
    p95: float
    processor: float
    bytes: int
    statements: int

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return asdict(self)


def page_figures(
    server: DatabaseServer, folder: Path, sizes: Sequence[int], budget: Budget
) -> Iterator[PageFigures]:
    """Yield the figures of all pages of a batch of each of ``sizes``; the template of ``server`` has its products."""
    url = server.fresh("pages")
    try:
        with _pages(server.name, url) as pages:
            expected = 0.0
            for place, rows in enumerate(sizes):
                if place:
                    expected *= rows / sizes[place - 1]
                if not budget.allows(expected, f"{server.name}, pages of {rows:,} rows"):
                    return
                start = perf_counter()
                path = folder / f"pages-{rows}.csv"
                write_csv(path, PRICE_LIST, price_list_lines(rows, PROBLEMS))
                batch = pages.product.take_in(path)
                server.analyze(url)
                expected = perf_counter() - start
                yield from pages.of_batch(batch, rows)
    finally:
        server.drop(url)


@contextmanager
def _pages(name: str, url: URL) -> Iterator[Pages]:
    product = Product("price_change", url)
    try:
        yield Pages(name, product, signed_in(url))
    finally:
        product.close()


class Pages:
    """The pages of batches on the database called ``name``, as ``client`` gets them."""

    def __init__(self, name: str, product: Product, client: TestApp) -> None:
        self._name, self.product, self._client = name, product, client
        services = services_of(client.app.registry)
        self._cache, self._problems = services.get(KeyCache), services.get(KeptProblems)
        page = client.get("/account", status=200)
        token = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
        assert token is not None
        self._headers = {"X-CSRF-Token": token[1]}

    def of_batch(self, batch: int, rows: int) -> Iterator[PageFigures]:
        """Yield the figures of all pages of a batch with so many rows."""
        address = f"/batches/price-change/{batch}"

        def figures(page: str, get: Callable[[int], Any], times: int = _TIMES) -> PageFigures:
            return self._figures(page, rows, get, times)

        yield figures("index", lambda _: self._get("/batches/price-change?view=default"))
        yield figures("detail", lambda _: self._get(f"{address}?view=default"))
        yield from self._windows(address, figures, rows)
        yield figures("problems page", lambda _: self._problems_page(address))
        yield figures("cell edit", lambda number: self._edit(address, number * 97 % rows + 1))
        cells = min(PASTED, rows)
        yield figures(f"paste of {cells:,} cells", lambda number: self._paste(address, cells, number), 8)

    def _problems_page(self, address: str) -> Any:
        self._problems.clear()
        return self._get(f"{address}/problems")

    def _windows(self, address: str, figures: Any, rows: int) -> Iterator[PageFigures]:
        last = max(rows - _WINDOW, 0)
        for place, first in (("top", 0), ("middle", last // 2), ("end", last)):
            yield figures(f"window, {place}", lambda _, first=first: self._window(address, {}, first))

        def first_window(view: dict[str, str]) -> Any:
            self._cache.clear()
            return self._window(address, view, 0)

        for name, view in _VIEWS.items():
            yield figures(f"{name}: first window", lambda _, view=view: first_window(view), 15)
        view = _VIEWS["filter, sort without an index"]
        answer = first_window(view).json
        token = self._window(address, view, answer["total"] // 2).json["keys"]
        most = max(answer["total"] - _WINDOW, 0)
        yield figures(
            "filter, sort without an index: further windows",
            lambda number: self._window(address, view, most * (number % _WINDOWS) // _WINDOWS, token),
        )

    def _get(self, address: str) -> Any:
        return self._client.get(address, status=200)

    def _window(self, address: str, view: dict[str, str], first: int, token: str = "") -> Any:
        query = urlencode({**view, "first": first, "count": _WINDOW, "keys": token})
        return self._get(f"{address}/rows/window?{query}")

    def _edit(self, address: str, sequence: int) -> Any:
        # Rows are edited once each: all have the version of a row that was just populated.
        params = {"field": "new_price", "value": f"{sequence % 90 + 1}.37", "version": "1"}
        return self._client.post(f"{address}/rows/{sequence}/cell", params, headers=self._headers, status=200)

    def _paste(self, address: str, cells: int, number: int) -> Any:
        # Rows that were not edited; each time other prices.
        body = {
            "rows": {"keys": [*range(1, cells + 1)]},
            "columns": ["new_price"],
            "texts": [[f"{row % 90 + 1}.{number % 100:02d}"] for row in range(cells)],
            "kind": "paste",
        }
        return self._client.post(
            f"{address}/cells",
            json.dumps(body),
            headers=self._headers | {"Content-Type": "application/json"},
            status=200,
        )

    def _figures(self, page: str, rows: int, get: Callable[[int], Any], times: int) -> PageFigures:
        get(0)  # The first time loads templates and compiles statements.
        with counted() as statements:
            answer = get(1)
        found: list[float] = []
        worked: list[float] = []
        began = perf_counter()
        while len(found) < times and (len(found) < _FEWEST or perf_counter() - began < _LONGEST):
            start, at_work = perf_counter(), process_time()
            get(len(found) + 2)
            found.append(perf_counter() - start)
            worked.append(process_time() - at_work)
        p95 = quantiles(found, n=20, method="inclusive")[-1]
        return PageFigures(
            self._name,
            page,
            rows,
            len(found),
            median(found),
            p95,
            median(worked),
            len(answer.body),
            statements[0],
        )


def signed_in(url: URL) -> TestApp:
    """Return a client of the application on a database, signed in as a user who may do everything."""
    app = application(url)
    with transaction_scope(services_of(app.registry).get(sqlalchemy.Engine)) as session:
        add_admin(session, _NAME, hash_password(_PASSWORD))
    client = TestApp(app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
    page = client.get("/login")
    form: Any = next(form for form in page.forms.values() if "password" in form.fields)
    form["name"], form["password"] = _NAME, _PASSWORD
    form.submit(status=303)
    return client
