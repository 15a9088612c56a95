"""The clauses of a grid's state: filters and sorts, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from batchbook.grid.verbs import Verb


@dataclass(frozen=True)
class Filter:
    """A filter on the column named ``column``; ``values`` are texts, as a person writes them."""

    column: str
    verb: Verb
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sort:
    """Order by the column named ``column``; empty values come last either way."""

    column: str
    descending: bool = False

    @property
    def text(self) -> str:
        """As it stands in a link: the name, with a minus before it when descending."""
        return f"-{self.column}" if self.descending else self.column
