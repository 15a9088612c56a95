"""The drivers of the databases, bare: connections as a script would open them, bulk writing and streamed reading."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import psycopg
from sqlalchemy import URL

#: The rows that are fetched together.
_FETCHED = 2_000


class Driver(ABC):
    """A connection to one database. ``words`` are the places in which the SQL of the databases differs.

    A number of two digits behind the point is read as one ``scale`` times as large.
    """

    words: ClassVar[dict[str, str]]
    scale: ClassVar[int]

    def sql(self, statement: str, **names: Any) -> str:
        """Return ``statement`` with the words of this database, and with ``names``, in the places of ``{name}``."""
        for name, word in (self.words | names).items():
            statement = statement.replace(f"{{{name}}}", str(word))
        return statement

    @abstractmethod
    def transaction(self) -> Any:
        """Return a context manager that begins a transaction and commits it."""

    @abstractmethod
    def run(self, statement: str) -> None:
        """Run one statement."""

    @abstractmethod
    def number(self, statement: str) -> int:
        """Return the one number that a statement returns."""

    @abstractmethod
    def read(self, statement: str) -> Iterator[Sequence[Any]]:
        """Yield the rows of a query, a few thousand at a time."""

    @abstractmethod
    def write(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write rows by ``executemany`` or COPY."""

    @abstractmethod
    def price(self, text: str) -> Any:
        """Return what is written into a column of prices for the ``text`` of a price."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""


class SqliteDriver(Driver):
    """The module sqlite3. Prices are whole cents, and per cents whole hundredths, as Batchbook stores them."""

    scale = 100
    words: ClassVar[dict[str, str]] = {
        "percent": "CAST(round((t.new_price - f.price) * 10000.0 / nullif(f.price, 0)) AS INTEGER)",
        "cents": "1",
        "raised": "(new_price * 101 + 50) / 100",
        "decimal": "BIGINT",
        "json": "JSON",
        "moment": "DATETIME",
        "analyze": "SELECT 1",
    }

    def __init__(self, url: URL) -> None:
        self._connection = sqlite3.connect(url.database or "", isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin a transaction that may write, and commit it."""
        self._connection.execute("BEGIN IMMEDIATE")
        yield
        self._connection.execute("COMMIT")

    def run(self, statement: str) -> None:
        """Run one statement."""
        self._connection.execute(statement)

    def number(self, statement: str) -> int:
        """Return the one number that a statement returns."""
        (found,) = self._connection.execute(statement).fetchone()
        return int(found)

    def read(self, statement: str) -> Iterator[Sequence[Any]]:
        """Yield the rows of a query as the driver steps through them."""
        yield from self._connection.execute(statement)

    def write(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write rows by ``executemany``."""
        places = ", ".join("?" * len(columns))
        self._connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)

    def price(self, text: str) -> int:
        """Return the whole cents."""
        whole, _, rest = text.partition(".")
        return int(whole) * 100 + int(f"{rest:0<2}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class PostgresqlDriver(Driver):
    """The module psycopg. Numbers go to the database as the text they are; it makes numbers of them."""

    scale = 1
    words: ClassVar[dict[str, str]] = {
        "percent": "round((t.new_price - f.price) * 100 / nullif(f.price, 0), 2)",
        "cents": "100",
        "raised": "round(new_price * 1.01, 2)",
        "decimal": "NUMERIC(12, 2)",
        "json": "JSONB",
        "moment": "TIMESTAMPTZ",
        "analyze": "ANALYZE {table}",
    }

    def __init__(self, url: URL) -> None:
        libpq = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(libpq, autocommit=True)

    def transaction(self) -> Any:
        """Begin a transaction, and commit it."""
        return self._connection.transaction()

    def run(self, statement: str) -> None:
        """Run one statement."""
        self._connection.execute(statement.encode())

    def number(self, statement: str) -> int:
        """Return the one number that a statement returns."""
        (found,) = self._connection.execute(statement.encode()).fetchall()
        return int(found[0])

    def read(self, statement: str) -> Iterator[Sequence[Any]]:
        """Yield the rows of a query from a cursor of the server."""
        with self._connection.cursor("bare") as cursor:
            cursor.itersize = _FETCHED
            cursor.execute(statement.encode())
            yield from cursor

    def write(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write rows by COPY."""
        with self._connection.cursor().copy(
            f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()
        ) as copy:
            for row in rows:
                copy.write_row(row)

    def price(self, text: str) -> str:
        """Return the text as it is."""
        return text

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def driver_for(url: URL) -> Driver:
    """Return a new connection to the database at ``url``."""
    return SqliteDriver(url) if url.get_backend_name() == "sqlite" else PostgresqlDriver(url)
