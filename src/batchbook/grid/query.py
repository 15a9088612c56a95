"""A grid over a query: counted, read by the window, or streamed whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, Self

from sqlalchemy import ColumnElement, Integer, Row, Select, and_, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from batchbook.db.packed_numbers import fetch_numbers
from batchbook.grid.columns import Column
from batchbook.grid.filters import condition, read_values, search_condition
from batchbook.grid.row_order import KeyColumn, RowOrder, identity_of
from batchbook.grid.state import GridState
from batchbook.grid.verbs import Filter, Sort

#: How many rows a stream holds at a time.
STREAM_ROWS = 1000


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
        self.identity = identity_of(self.key)
        #: Whether a whole number identifies each row.
        self.is_numbered = len(self.identity) == 1 and isinstance(self.identity[0].type, Integer)
        self.carried = tuple(carried)
        self._select = select
        self.zone = zone
        self._by_name = {column.name: column for column in self.columns}
        if len(self._by_name) != len(self.columns):
            raise ValueError("Two columns of the grid have the same name.")
        self.order = RowOrder(self._by_name, self.key, tuple(default_sort))

    @property
    def file_columns(self) -> tuple[Column, ...]:
        """The columns whose values each row has, which files have, too: all but those that only filter."""
        return tuple(column for column in self.columns if not column.conditions)

    def where(self, state: GridState, user: str | None) -> ColumnElement[bool]:
        """Return the condition for the rows that match the state's filters and search, for statements of the caller's own."""
        by_group = {
            number: [self._condition(clause, user) for clause in clauses] for number, clauses in state.groups
        }
        found = by_group.pop(0, [])
        if by_group:
            found.append(or_(*(and_(*conditions) for conditions in by_group.values())))
        if state.search:
            found.append(search_condition(self.columns, state.search))
        return and_(true(), *found)

    def narrowed(self, *conditions: ColumnElement[bool]) -> Self:
        """Return the same grid over those rows alone that satisfy ``conditions``."""
        narrowed = copy(self)
        narrowed._select = self._select.where(*conditions)
        return narrowed

    def filtered(self, state: GridState, user: str | None) -> Select[Any]:
        """Return the caller's SELECT narrowed by the state's filters, for statements that count or group its rows."""
        return self._select.where(self.where(state, user)).order_by(None)

    def count(self, session: Session, state: GridState, user: str | None) -> int:
        """Return the number of rows that match the filters."""
        rows = self.filtered(state, user).with_only_columns(*self.key, maintain_column_froms=True)
        return session.scalar(select(func.count()).select_from(rows.subquery())) or 0

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
        statement = self._selected(self.filtered(state, user)).order_by(*self.order.clauses(state))
        statement = statement.execution_options(yield_per=STREAM_ROWS)
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
        found = self.filtered(state, user).with_only_columns(*self.identity, maintain_column_froms=True)
        found = found.order_by(*self.order.clauses(state, backwards=backwards)).limit(limit)
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
        """Return the rows that satisfy ``condition``, a condition on the :attr:`identity`, in no order."""
        return session.execute(self._selected(self._select.where(condition)).order_by(None)).all()

    def ends(self, session: Session) -> tuple[int, int] | None:
        """Return the least and the largest number of all rows, whatever the filters; ``None`` if there are none, or no number identifies them."""
        if not self.is_numbered:
            return None
        (number,) = self.identity
        base: Any = self._select.with_only_columns(number, maintain_column_froms=True).order_by(None).limit(1)
        # Each by itself, so that an index serves it.
        ends = (base.order_by(number.asc()), base.order_by(number.desc()))
        low, high = session.execute(select(*(end.scalar_subquery() for end in ends))).one()
        return None if low is None else (low, high)

    def _page(self, state: GridState, user: str | None, offset: int, total: int) -> Select[Any]:
        """Return the SELECT of one page: its keys are found first, so that only its own rows are read and joined.

        Databases sort and skip keys many times faster than whole rows. A page in the second half is found from the end.
        """
        size = min(state.page_size, total - offset)
        backwards = offset > total // 2
        skipped = total - offset - size if backwards else offset
        found = self.filtered(state, user).with_only_columns(*self.key, maintain_column_froms=True)
        keys = found.order_by(*self.order.clauses(state, backwards=backwards)).limit(size).offset(skipped)
        key: Any = self.key[0] if len(self.key) == 1 else tuple_(*self.key)
        # A subquery of its own: the databases would take names in it for those of the rows around it.
        rows = self._selected(self._select.where(key.in_(select(keys.subquery()))))
        return rows.order_by(None).order_by(*self.order.clauses(state))

    def _selected(self, statement: Select[Any]) -> Select[Any]:
        selected: dict[str, Any] = {str(c.key): c.label(c.key) for c in (*self.key, *self.carried)}
        selected |= {column.name: column.expression.label(column.name) for column in self.file_columns}
        return statement.with_only_columns(*selected.values(), maintain_column_froms=True)

    def _condition(self, clause: Filter, user: str | None) -> ColumnElement[bool]:
        column = self._by_name[clause.column]
        return condition(
            column, clause.verb, read_values(column, clause.verb, clause.values), user, self.zone
        )
