"""Blocks of rows as handlers yield them: many rows with values for the same columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Self

#: One row as ``populate`` yields it: column names to values. ``issues`` may hold what is wrong in its cells.
RowValues = Mapping[str, Any]


class Block:
    """Many rows at once, for handlers that have them so: the names of columns, and a sequence of values for each row.

    Whoever has a sequence of values for each column instead, all of one length, makes it by :meth:`of_columns`, and the
    values are never put into rows in between. Raises ``ValueError`` where lengths differ, at the latest when it is written.
    """

    def __init__(self, columns: Sequence[str], records: Sequence[Sequence[Any]]) -> None:
        self.columns = columns
        self._records: Sequence[Sequence[Any]] | None = records

    @classmethod
    def of_columns(cls, values: Mapping[str, Sequence[Any]]) -> Self:
        """Return a block of ``values`` by column; a range will do for a sequence."""
        block = cls([*values], ())
        block._records, block.values = None, values
        return block

    def __len__(self) -> int:
        """Return how many rows it has."""
        if self._records is not None:
            return len(self._records)
        return max(map(len, self.values.values()), default=0)

    @cached_property
    def values(self) -> Mapping[str, Sequence[Any]]:
        """The values of each column."""
        turned = zip(*self._records or (), strict=True)
        return dict(zip(self.columns, turned, strict=True)) if self._records else {}

    def rows(self) -> Iterator[RowValues]:
        """Yield the rows one by one."""
        records = zip(*self.values.values(), strict=True) if self._records is None else self._records
        for record in records:
            yield dict(zip(self.columns, record, strict=True))
