"""Rows as handlers yield them, one by one or in blocks: a block is many rows that say the same columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: One row as ``populate`` yields it: column names to values. ``issues`` may hold what is wrong in its cells.
RowValues = Mapping[str, Any]


@dataclass(frozen=True)
class Block:
    """Many rows at once, for handlers that have them so: the names of columns, and a sequence of values for each row."""

    columns: Sequence[str]
    records: Sequence[Sequence[Any]]

    def __len__(self) -> int:
        """Return how many rows it has."""
        return len(self.records)
