"""Connections of PostgreSQL's driver that consult the transaction guard, and that can read every stored time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.adapt import Loader

from batchbook.db.guard import TransactionGuard

#: PostgreSQL's types for dates and times.
_TIMES = ("date", "timestamp", "timestamptz")


class GuardedCursor(psycopg.Cursor[Any]):
    """A cursor of PostgreSQL's driver that has the connection's guard check each query before it is sent."""

    def _look_at(self, query: Any) -> None:
        guard = self.connection.guard  # type: ignore[attr-defined]
        if guard.active:
            guard.look_at(_as_text(query, self))

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        """Execute ``query``, as the driver's cursor does."""
        self._look_at(query)
        return super().execute(query, *arguments, **options)

    def executemany(self, query: Any, *arguments: Any, **options: Any) -> None:
        """Execute ``query`` for many sets of parameters, as the driver's cursor does."""
        self._look_at(query)
        super().executemany(query, *arguments, **options)

    def stream(self, query: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
        """Iterate over the results of ``query``, as the driver's cursor does."""
        self._look_at(query)
        return super().stream(query, *arguments, **options)


class GuardedConnection(psycopg.Connection[Any]):
    """A connection of PostgreSQL's driver whose transaction only its owner can end."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.guard = TransactionGuard()
        self.cursor_factory = GuardedCursor

    def commit(self) -> None:
        """Commit, as the driver does."""
        self.guard.demand_idle("connection.commit()")
        super().commit()

    def rollback(self) -> None:
        """Roll back, as the driver does."""
        self.guard.demand_idle("connection.rollback()")
        super().rollback()

    def transaction(self, *arguments: Any, **options: Any) -> Any:
        """Begin a block that is a transaction or a savepoint, as the driver does."""
        self.guard.demand_idle("connection.transaction()")
        return super().transaction(*arguments, **options)


def _as_text(query: Any, cursor: Any) -> str:
    if isinstance(query, bytes):
        return query.decode("utf-8", "replace")
    return query if isinstance(query, str) else str(query.as_string(cursor))


def read_times_tolerantly(connection: psycopg.Connection[Any]) -> None:
    """Let ``connection`` return dates and times that Python cannot represent as the text that PostgreSQL sends."""
    for name in _TIMES:
        connection.adapters.register_loader(name, _TolerantTime)


class _TolerantTime(Loader):
    """Loads a date or time as psycopg does, or as text if that fails."""

    def __init__(self, oid: int, context: Any = None) -> None:
        super().__init__(oid, context)
        loader: Any = psycopg.adapters.get_loader(oid, self.format)
        self._load = loader(oid, context).load

    def load(self, data: Any) -> Any:
        """Return the value of ``data``."""
        try:
            return self._load(data)
        except psycopg.DataError:
            return bytes(data).decode()
