"""What pages of the grid over all price changes cost, and its search, asked for through the whole application."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, select
from webtest import TestApp

from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.bulk_writing import bulk_insert
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.services import services_of
from benchmarks.databases import DatabaseServer
from benchmarks.pages import signed_in
from benchmarks.parts.figures import PartFigure, PartRequest

#: What is aimed at: milliseconds of a page that an index serves.
MOST_MILLISECONDS = 1_000.0
#: The pages measured: what each is called, and the query of its address; whether an index serves it.
_QUERIES = {
    "newest": ("?view=default", True),
    "last page": ("?page=999999", True),
    "one product": ("?f.item_code.equal={item_code}", True),
    "one batch": ("?f.batch_id.equal=1", True),
    "one day": ("?f.changed_at.on=2026-01-02", True),
    "one person": ("?f.changed_by.equal=rare", False),
    "by price": ("?sort=-new_price", False),
}
#: Changes that are of one moment, as those of a batch are.
_TOGETHER = 5_000


@dataclass(frozen=True)
class GridCost:
    """The seconds (median) of one page of the grid; ``has_target`` tells whether an index serves it."""

    page: str
    seconds: float
    has_target: bool


def measure(request: PartRequest) -> Iterator[PartFigure]:
    """Yield the milliseconds of each page."""
    changes = request.inputs.rows * 10
    for cost in grid_costs(request.server, changes, 3 if request.is_quick else 5):
        most = MOST_MILLISECONDS if cost.has_target else None
        yield request.figure("price history", f"{cost.page} of {changes:,}", cost.seconds * 1000, "ms", most)


def grid_costs(server: DatabaseServer, changes: int, rounds: int) -> list[GridCost]:
    """Measure the pages with so many price changes."""
    url = server.fresh("price_history")
    try:
        engine = make_engine(url)
        item_code = _fill(engine, changes)
        engine.dispose()
        server.analyze(url)
        client = signed_in(url)
        costs = [
            GridCost(
                page, _seconds(client, f"/price-history{query.format(item_code=item_code)}", rounds), target
            )
            for page, (query, target) in _QUERIES.items()
        ]
        services_of(client.app.registry).get(Engine).dispose()
        return costs
    finally:
        server.drop(url)


def _seconds(client: TestApp, address: str, rounds: int) -> float:
    """Return the seconds (median) that ``address`` takes."""
    client.get(address, status=200)
    times = []
    for _ in range(rounds):
        start = perf_counter()
        client.get(address, status=200)
        times.append(perf_counter() - start)
    return median(times)


def _fill(engine: Engine, changes: int) -> str:
    with transaction_scope(engine) as session:
        products = session.execute(select(Product.id, Product.item_code).order_by(Product.id)).all()
        columns = (
            "product_id", "item_code", "old_price", "new_price", "changed_at", "changed_by", "reason",
        )  # fmt: skip
        bulk_insert(session.connection(), _TABLE, columns, _changes(products, changes))
    return str(products[0].item_code)


_TABLE = PriceHistory.metadata.tables[PriceHistory.__tablename__]


def _changes(products: Any, changes: int) -> Iterator[tuple[Any, ...]]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(changes):
        # Not in the order of the products, which would make looking them up cheaper than it is.
        product = products[number * 7919 % len(products)]
        price = Decimal(100 + number % 1_000).scaleb(-2)
        at = start + timedelta(hours=number // _TOGETHER)
        person = "ann" if number % 1_000 else "rare"
        yield product.id, product.item_code, price, price + 1, at, person, "Measured"
