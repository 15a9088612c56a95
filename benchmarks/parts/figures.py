"""The figures of parts: single numbers with their units and, where something is aimed at, the most they may be."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.databases import DatabaseServer
from benchmarks.inputs import Inputs


@dataclass(frozen=True)
class PartFigure:
    """One measured number: of which part, its name, the number in ``unit``, the most that it may be, and the database, if any."""

    part: str
    name: str
    value: float
    unit: str
    most: float | None = None
    database: str = ""

    @property
    def is_met(self) -> bool:
        """Whether it is no more than is aimed at."""
        return self.most is None or self.value <= self.most

    def to_json(self) -> dict[str, Any]:
        """Return the figure as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class PartRequest:
    """What a part is measured with: the server, whose template has the products of ``inputs``."""

    server: DatabaseServer
    inputs: Inputs
    is_quick: bool = False

    def figure(self, part: str, name: str, value: float, unit: str, most: float | None = None) -> PartFigure:
        """Return a figure of this database."""
        return PartFigure(part, name, value, unit, most, self.server.name)
