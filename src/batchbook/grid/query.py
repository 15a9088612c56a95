"""A grid over a query: counted, read by the window, or streamed whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

from sqlalchemy import Column as TableColumn
from sqlalchemy import ColumnElement, Integer, Row, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import ColumnProperty, InstrumentedAttribute, Session

from batchbook.db.packed_numbers import fetch_numbers
from batchbook.grid.columns import Column
from batchbook.grid.filters import condition, read_values, search_condition
from batchbook.grid.state import GridState
from batchbook.grid.verbs import Filter, Sort

#: How many rows a stream holds at a time.
STREAM_ROWS = 1000


#: A column of a row's key: an ORM attribute or a table's column; rows name it by its ``key``.
KeyColumn = InstrumentedAttribute[Any] | ColumnElement[Any]


@dataclass(frozen=True)
class Window:
    """One window of the rows: those of a page, numbered ``first`` to ``last`` of ``total``; 0 to 0 if it is empty.

    ``token`` names the kept keys of all rows, see :mod:`batchbook.grid.windows`; it is empty where there are none.
    """

    rows: Sequence[Row[Any]]
    total: int
    state: GridState
    first: int
    last: int
    pages: int
    token: str = ""


class Grid:
    """Columns over the caller's SELECT, which defines the tables, the joins and the rows that may be seen.

    ``key`` holds the columns that identify a row: each row carries them, and they end every sort, so that no row is
    shown on two pages or on none. ``carried`` columns are in each row too, but neither shown nor sorted by. Rows are
    Core rows with the key's columns and the grid's by name, never entities; read them by ``row._mapping[name]``, which a column called ``count`` or ``index`` does not upset. A day in a
    filter on moments is a day in ``zone``.

    Raises ``ValueError`` when two columns have one name, or the default sort names none of them.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        select: Select[Any],
        key: Sequence[KeyColumn],
        default_sort: Sequence[Sort] = (),
        *,
        zone: tzinfo = UTC,
        carried: Sequence[KeyColumn] = (),
    ) -> None:
        self.columns = tuple(columns)
        self.key = tuple(key)
        self.identity = _identity_of(self.key)
        self.carried = tuple(carried)
        self.default_sort = tuple(default_sort)
        self._select = select
        self.zone = zone
        self._by_name = {column.name: column for column in self.columns}
        self._check()

    @property
    def file_columns(self) -> tuple[Column, ...]:
        """The columns whose values each row has, which files have, too: all but those that only filter."""
        return tuple(column for column in self.columns if not column.conditions)

    def where(self, state: GridState, user: str | None) -> list[ColumnElement[bool]]:
        """Return the conditions of the state's filters and search, for statements of the caller's own."""
        by_group = {
            number: [self._condition(clause, user) for clause in clauses] for number, clauses in state.groups
        }
        found = by_group.pop(0, [])
        if by_group:
            found.append(or_(*(and_(*conditions) for conditions in by_group.values())))
        if state.search:
            found.append(search_condition(self.columns, state.search))
        return found

    def filtered(self, state: GridState, user: str | None) -> Select[Any]:
        """Return the caller's SELECT narrowed by the state's filters, for statements that count or group its rows."""
        return self._filtered(state, user).order_by(None)

    def count(self, session: Session, state: GridState, user: str | None) -> int:
        """Return how many rows the filters leave."""
        rows = self._filtered(state, user).with_only_columns(*self.key, maintain_column_froms=True)
        return session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0

    def window(self, session: Session, state: GridState, user: str | None) -> Window:
        """Return the rows of the page that ``state`` asks for, or of the last one when that lies beyond the end."""
        total = self.count(session, state, user)
        pages = max(1, -(-total // state.page_size))
        state = state.at_page(min(max(state.page, 1), pages))
        offset = (state.page - 1) * state.page_size
        rows = session.execute(self._page(state, user, offset, total)).all() if total else []
        return Window(rows, total, state, offset + 1 if rows else 0, offset + len(rows) if rows else 0, pages)

    def all_rows(self, session: Session, state: GridState, user: str | None) -> Iterator[Row[Any]]:
        """Stream all rows of the state, whatever its page, from one statement and a thousand at a time.

        The rows are of one moment. They are read in the session's own transaction: give a read-only session where a
        writer must not wait.
        """
        statement = self._statement(state, user).execution_options(yield_per=STREAM_ROWS)
        with session.execute(statement) as result:
            yield from result

    def list_keys(
        self,
        session: Session,
        state: GridState,
        user: str | None,
        *,
        limit: int | None = None,
        backwards: bool = False,
    ) -> Sequence[Any]:
        """Return the :attr:`identity` of the rows of the state, of all pages and in its order.

        Whole numbers are an ``array``, others tuples. With a ``limit`` they are those of so many of the first rows, or of
        the last ones if they are found ``backwards``.
        """
        found = self._filtered(state, user).with_only_columns(*self.identity, maintain_column_froms=True)
        found = found.order_by(None).order_by(*self._order(state, backwards=backwards)).limit(limit)
        if self.is_numbered:
            numbers = fetch_numbers(session, found)
            return numbers[::-1] if backwards else numbers
        keys = [tuple(row) for row in session.execute(found)]
        return keys[::-1] if backwards else keys

    def identities(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        """Return the SELECT of the :attr:`identity` of all rows that satisfy ``conditions``, in no order."""
        found = self._select.where(*conditions).with_only_columns(*self.identity, maintain_column_froms=True)
        return found.order_by(None)

    def rows_where(self, session: Session, condition: ColumnElement[bool]) -> Sequence[Row[Any]]:
        """Return the rows that satisfy ``condition``, in no order: its columns are those of the identity."""
        return session.execute(self._selected(self._select.where(condition)).order_by(None)).all()

    def ends(self, session: Session) -> tuple[int, int] | None:
        """Return the least and the largest identity without filters; ``None`` if there are no rows, or it is no number."""
        if not self.is_numbered:
            return None
        (number,) = self.identity
        base: Any = self._select.with_only_columns(number, maintain_column_froms=True).order_by(None).limit(1)
        # Each by itself, so that an index serves it.
        ends = (base.order_by(number.asc()), base.order_by(number.desc()))
        low, high = session.execute(select(*(end.scalar_subquery() for end in ends))).one()
        return None if low is None else (low, high)

    @property
    def is_numbered(self) -> bool:
        """Whether a whole number identifies each row."""
        return len(self.identity) == 1 and isinstance(self.identity[0].type, Integer)

    def direction(self, state: GridState) -> bool | None:
        """Return whether the order of ``state`` is that of the rows' numbers, True if descending; ``None`` for any other order."""
        sort = state.sort or self.default_sort
        if not self.is_numbered or len(sort) > 1:
            return None
        if not sort:
            return False
        return sort[0].descending if self._by_name[sort[0].column].expression is self.identity[0] else None

    def _page(self, state: GridState, user: str | None, offset: int, total: int) -> Select[Any]:
        """Return the SELECT of one page: its keys are found first, so that only its own rows are read and joined.

        Databases sort and skip keys many times faster than whole rows. A page in the second half is found from the end.
        """
        size = min(state.page_size, total - offset)
        backwards = offset > total // 2
        skipped = total - offset - size if backwards else offset
        found = self._filtered(state, user).with_only_columns(*self.key, maintain_column_froms=True)
        keys = (
            found.order_by(None)
            .order_by(*self._order(state, backwards=backwards))
            .limit(size)
            .offset(skipped)
        )
        key: Any = self.key[0] if len(self.key) == 1 else tuple_(*self.key)
        # A subquery of its own: the databases would take names in it for those of the rows around it.
        rows = self._selected(self._select.where(key.in_(select(keys.subquery()))))
        return rows.order_by(None).order_by(*self._order(state))

    def _statement(self, state: GridState, user: str | None) -> Select[Any]:
        statement = self._selected(self._filtered(state, user))
        return statement.order_by(None).order_by(*self._order(state))

    def _selected(self, statement: Select[Any]) -> Select[Any]:
        selected: dict[str, Any] = {str(c.key): c.label(c.key) for c in (*self.key, *self.carried)}
        selected |= {column.name: column.expression.label(column.name) for column in self.file_columns}
        return statement.with_only_columns(*selected.values(), maintain_column_froms=True)

    def _filtered(self, state: GridState, user: str | None) -> Select[Any]:
        return self._select.where(*self.where(state, user))

    def _condition(self, clause: Filter, user: str | None) -> ColumnElement[bool]:
        column = self._by_name[clause.column]
        return condition(
            column, clause.verb, read_values(column, clause.verb, clause.values), user, self.zone
        )

    def _order(self, state: GridState, *, backwards: bool = False) -> list[ColumnElement[Any]]:
        sort = state.sort or self.default_sort
        keys = [(self._by_name[clause.column].expression, clause.descending) for clause in sort]
        keys += [(column, False) for column in self.key]
        return [self._by(expression, descending, backwards) for expression, descending in keys]

    def _by(self, expression: Any, descending: bool, backwards: bool) -> ColumnElement[Any]:
        order: ColumnElement[Any] = expression.desc() if descending != backwards else expression.asc()
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

    def _check(self) -> None:
        if len(self._by_name) != len(self.columns):
            raise ValueError("Two columns of the grid have the same name.")
        if not self.key:
            raise ValueError("A grid needs the key of its rows, so that its order is total.")
        for clause in self.default_sort:
            if clause.column not in self._by_name:
                raise ValueError(f"The default sort names “{clause.column}”, which is no column of the grid.")


def _identity_of(key: tuple[KeyColumn, ...]) -> tuple[KeyColumn, ...]:
    """Return the first of the columns ``key`` if it alone is the primary key of its table, else all of them."""
    first = _stored_column(key[0]) if key else None
    return key[:1] if first is not None and [*first.table.primary_key] == [first] else key


def _stored_column(expression: Any) -> TableColumn[Any] | None:
    """Return the column of a table that ``expression`` is; ``None`` for any other expression."""
    mapped = getattr(expression, "property", None)
    column = mapped.columns[0] if isinstance(mapped, ColumnProperty) else expression
    return column if isinstance(column, TableColumn) else None
