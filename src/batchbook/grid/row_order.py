"""The order of a grid's rows: by the columns of its sort, and by the key at the end, so that no two rows are equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column as TableColumn
from sqlalchemy import ColumnElement
from sqlalchemy.orm import ColumnProperty, InstrumentedAttribute

from batchbook.grid.columns import Column
from batchbook.grid.state import GridState
from batchbook.grid.verbs import Sort

#: A column of a row's key: an ORM attribute or a table's column; rows name it by its ``key``.
KeyColumn = InstrumentedAttribute[Any] | ColumnElement[Any]


@dataclass(frozen=True)
class RowOrder:
    """The order of the rows of a grid with these ``columns``, by name, and this ``key``.

    Rows are sorted by ``default_sort`` where a state has no sort of its own. Raises ``ValueError`` for a grid without a key,
    and for a default sort that names no column.
    """

    columns: Mapping[str, Column]
    key: tuple[KeyColumn, ...]
    default_sort: tuple[Sort, ...]

    def __post_init__(self) -> None:
        """Check that the order is total and the default sort possible."""
        if not self.key:
            raise ValueError("A grid needs the key of its rows, so that its order is total.")
        for clause in self.default_sort:
            if clause.column not in self.columns:
                raise ValueError(f"The default sort names “{clause.column}”, which is no column of the grid.")

    def clauses(self, state: GridState, *, backwards: bool = False) -> list[ColumnElement[Any]]:
        """Return the clauses of the ORDER BY for ``state``, empty values last; ``backwards`` it is the reverse order."""
        sort = state.sort or self.default_sort
        keys = [(self.columns[clause.column].expression, clause.descending) for clause in sort]
        keys += [(column, False) for column in self.key]
        return [
            self._clause(expression, descending != backwards, backwards) for expression, descending in keys
        ]

    def direction(self, state: GridState) -> bool | None:
        """Return whether ``state`` sorts by the first column of the key alone: True if descending; ``None`` for any other order."""
        sort = state.sort or self.default_sort
        if not sort:
            return False
        if len(sort) > 1 or self.columns[sort[0].column].expression is not self.key[0]:
            return None
        return sort[0].descending

    def _clause(self, expression: Any, descending: bool, backwards: bool) -> ColumnElement[Any]:
        order: ColumnElement[Any] = expression.desc() if descending else expression.asc()
        # An index serves an order only if it does not mention nulls. A key is never null.
        if self._is_never_null(expression):
            return order
        return order.nulls_first() if backwards else order.nulls_last()

    def _is_never_null(self, expression: Any) -> bool:
        """Return whether ``expression`` belongs to the key, or is a column of its table that cannot be null."""
        if any(expression is column for column in self.key):
            return True
        column, key = (_stored_column(one) for one in (expression, self.key[0]))
        return column is not None and key is not None and column.table is key.table and not column.nullable


def identity_of(key: tuple[KeyColumn, ...]) -> tuple[KeyColumn, ...]:
    """Return the first of the columns ``key`` if it alone is the primary key of its table, else all of them."""
    first = _stored_column(key[0]) if key else None
    return key[:1] if first is not None and [*first.table.primary_key] == [first] else key


def _stored_column(expression: Any) -> TableColumn[Any] | None:
    """Return the column of a table that ``expression`` is; ``None`` for any other expression."""
    mapped = getattr(expression, "property", None)
    column = mapped.columns[0] if isinstance(mapped, ColumnProperty) else expression
    return column if isinstance(column, TableColumn) else None
