"""Parts of an execution: what sealing and keeping the effects add to that of a price change.

A price change is executed by a few statements over all rows, so it is the type whose executions both slow down most.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any
from unittest.mock import patch

from batchbook.batches.engine import engine
from batchbook.types.price_change.handler import PriceChangeHandler
from benchmarks.parts.figures import PartFigure, PartRequest
from benchmarks.works import Work
from benchmarks.works.product import Product

#: What is aimed at: the share of the execution that sealing adds, and times the execution without effects.
MOST_SHARE, MOST_RATIO = 0.5, 1.5


def measure(request: PartRequest) -> Iterator[PartFigure]:
    """Yield the share that sealing adds, and the ratio of executions with effects to those without."""
    rounds = 1 if request.is_quick else 3
    pairs = [(_lap(request, keeps=True), _lap(request, keeps=False)) for _ in range(rounds)]
    whole = [kept for kept, _ in pairs]
    share = median(sealing / (seconds - sealing) for seconds, sealing in whole)
    ratio = median(kept[0] / without[0] for kept, without in pairs)
    rows = f"{request.inputs.rows:,} rows"
    yield request.figure("execution", f"sealing {rows}, to the rest", share, "times", MOST_SHARE)
    yield request.figure("execution", f"{rows} with effects, to without", ratio, "times", MOST_RATIO)


def _lap(request: PartRequest, *, keeps: bool) -> tuple[float, float]:
    """Return the seconds of an execution, and those of them for sealing; effects are kept if the lap ``keeps`` them."""
    url = request.server.fresh("execution")
    product = Product("price_change", url)
    declared = PriceChangeHandler.target_records if keeps else lambda *_: []
    try:
        product.populate_csv(request.inputs)
        product.complete()
        with patch.object(PriceChangeHandler, "target_records", declared), _timed_sealing() as sealing:
            start = perf_counter()
            getattr(product, Work.EXECUTE)(request.inputs)
            return perf_counter() - start, sum(sealing)
    finally:
        product.close()
        request.server.drop(url)


@contextmanager
def _timed_sealing() -> Iterator[list[float]]:
    """Yield a list that gets the seconds of each sealing in the block."""
    found: list[float] = []
    seal = engine.seal_batch

    def timed(*arguments: Any, **options: Any) -> Any:
        start = perf_counter()
        sealed = seal(*arguments, **options)
        found.append(perf_counter() - start)
        return sealed

    with patch.object(engine, "seal_batch", timed):
        yield found
