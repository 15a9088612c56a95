"""The parts that are measured by themselves, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.parts import changes, execution, jobs, price_history, rendering, startup, workbooks
from benchmarks.parts.figures import PartFigure, PartRequest

Measure = Callable[[PartRequest], Iterator[PartFigure]]

#: The parts that need no database, and those that are measured on each.
WITHOUT_DATABASE: dict[str, Measure] = {
    "startup": startup.measure,
    "rendering": rendering.measure,
    "workbooks": workbooks.measure,
}
ON_DATABASES: dict[str, Measure] = {
    "execution": execution.measure,
    "changes": changes.measure,
    "jobs": jobs.measure,
    "price history": price_history.measure,
}
