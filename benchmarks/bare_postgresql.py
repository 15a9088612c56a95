"""The bare script on PostgreSQL, by psycopg."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
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

_CHANGE = "round((t.new_price - f.price) * 100 / nullif(f.price, 0), 2)"


class BarePostgresql(Bare):
    """Prices of the file go to the database as the text they are; it makes numbers of them."""

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        libpq = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(libpq, autocommit=True)

    def populate_file(self, price_list: Path) -> None:
        with self._connection.transaction():
            batch = self._begin()
            self._fill((batch, number, *cells) for number, cells in enumerate(cells_of(price_list), 1))

    def populate_query(self, price_list: Path) -> None:  # noqa: ARG002 - The products are the source.
        with self._connection.transaction():
            batch = self._begin()
            products = self._connection.execute(PRODUCTS).fetchall()
            self._fill(
                (batch, number, code, description, size, Decimal(nine(int(price * 100))).scaleb(-2))
                for number, (code, description, size, price) in enumerate(products, 1)
            )

    def refresh(self, price_list: Path) -> None:  # noqa: ARG002 - Refreshing does not look at the file.
        with self._connection.transaction():
            self._refresh()

    def execute(self, price_list: Path) -> None:  # noqa: ARG002 - Neither does executing.
        with self._connection.transaction():
            for statement in (HISTORY, PRICES, EXECUTED):
                self._run(statement)

    def close(self) -> None:
        self._connection.close()

    def _begin(self) -> int:
        row = self._connection.execute(NEW_BATCH).fetchone()
        assert row is not None
        self.batch_id = row[0]
        self._run("INSERT INTO price_change (id) VALUES ({batch})")
        return self.batch_id

    def _fill(self, rows: Iterable[tuple[Any, ...]]) -> None:
        with self._connection.cursor().copy(f"COPY price_change_row ({ROW_COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        self._refresh()

    def _refresh(self) -> None:
        self._run(REFRESH.replace("{change}", _CHANGE))

    def _run(self, statement: str) -> None:
        self._connection.execute(statement.replace("{batch}", str(self.batch_id)).encode())
