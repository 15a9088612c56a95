"""The bare script on SQLite, by the sqlite3 module."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from benchmarks.bare import (
    EXECUTED,
    HISTORY,
    NEW_BATCH,
    PRICES,
    PRODUCTS,
    REFRESH,
    ROW_COLUMNS,
    Bare,
    cells_of,
    nine,
)

_CHANGE = "CAST(round((t.new_price - f.price) * 10000.0 / nullif(f.price, 0)) AS INTEGER)"
_INSERT = f"INSERT INTO price_change_row ({ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"


class BareSqlite(Bare):
    """Prices are whole cents, as Batchbook stores them."""

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._connection = sqlite3.connect(url.database or "", isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    def populate_file(self, price_list: Path) -> None:
        with self._transaction():
            batch = self._begin()
            rows = (
                (batch, number, code, description, size, _cents(price))
                for number, (code, description, size, price) in enumerate(cells_of(price_list), 1)
            )
            self._fill(rows)

    def populate_query(self, price_list: Path) -> None:  # noqa: ARG002 - The products are the source.
        with self._transaction():
            batch = self._begin()
            products = self._connection.execute(PRODUCTS)
            rows = (
                (batch, number, code, description, size, nine(price))
                for number, (code, description, size, price) in enumerate(products, 1)
            )
            self._fill(rows)

    def refresh(self, price_list: Path) -> None:  # noqa: ARG002 - Refreshing does not look at the file.
        with self._transaction():
            self._refresh()

    def execute(self, price_list: Path) -> None:  # noqa: ARG002 - Neither does executing.
        with self._transaction():
            for statement in (HISTORY, PRICES, EXECUTED):
                self._connection.execute(statement.format(batch=self.batch_id))

    def close(self) -> None:
        self._connection.close()

    def _begin(self) -> int:
        (self.batch_id,) = self._connection.execute(NEW_BATCH).fetchone()
        self._connection.execute("INSERT INTO price_change (id) VALUES (?)", (self.batch_id,))
        return self.batch_id

    def _fill(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._connection.executemany(_INSERT, rows)
        self._refresh()

    def _refresh(self) -> None:
        self._connection.execute(REFRESH.format(batch=self.batch_id, change=_CHANGE))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        yield
        self._connection.execute("COMMIT")


def _cents(price: str | None) -> int | None:
    if price is None:
        return None
    whole, _, rest = price.partition(".")
    return int(whole) * 100 + int(f"{rest:0<2}") or None
