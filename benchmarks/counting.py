"""Counting statements where they leave for the database: in the driver, so that bulk writing past SQLAlchemy counts.

``executemany`` and COPY count as one, however many rows they carry.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, event

_count = 0


def _counted(name: str) -> Any:
    def method(self: Any, *args: Any, **options: Any) -> Any:
        global _count  # noqa: PLW0603 - One count per process, like the processes' clock.
        _count += 1
        return getattr(super(type(self), self), name)(*args, **options)

    return method


class _SqliteCursor(sqlite3.Cursor):
    execute = _counted("execute")
    executemany = _counted("executemany")


class _SqliteConnection(sqlite3.Connection):
    executemany = _counted("executemany")

    def cursor(self, factory: Any = _SqliteCursor) -> Any:
        return super().cursor(factory)


class _PostgresqlCursor(psycopg.Cursor[Any]):
    execute = _counted("execute")
    executemany = _counted("executemany")
    copy = _counted("copy")


def count_on(engine: Engine) -> None:
    """Count from now on the statements of the connections that ``engine`` opens."""
    event.listen(engine, "do_connect", _with_counting)
    engine.dispose()


def _with_counting(_dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
    if _dialect.name == "sqlite":
        options["factory"] = _SqliteConnection
    else:
        options["cursor_factory"] = _PostgresqlCursor


@contextmanager
def counted() -> Iterator[list[int]]:
    """Yield a list that has, after the block, the number of statements that the block made."""
    before, result = _count, [0]
    yield result
    result[0] = _count - before
