"""The bare script of an import: the same rows in the same columns with the same indexes, by the driver alone.

It knows beforehand how the file is read, which columns it has and of which types, and that all of its cells are plain.
It reads the file by the csv module or by calamine, writes the rows by ``executemany`` or COPY, makes the index, and sets
all old values and statuses by one statement. It has no freeze triggers, keeps no file and no history, words nothing,
and looks at no issue of a cell.
"""

from __future__ import annotations

import csv
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
from python_calamine import CalamineWorkbook
from sqlalchemy import URL

from batchbook.batches import unfreeze_table
from batchbook.db.engine import make_engine

_TABLE = """
CREATE TABLE bare_row (
    batch_id INTEGER NOT NULL, sequence INTEGER NOT NULL, line INTEGER, new_item_code VARCHAR(20),
    old_description VARCHAR(200), new_description VARCHAR(200), old_size VARCHAR(40), new_size VARCHAR(40),
    old_category VARCHAR(80), new_category VARCHAR(80), old_brand VARCHAR(80), new_brand VARCHAR(80),
    old_price {price}, new_price {price}, old_on_hand BIGINT, new_on_hand BIGINT,
    old_vendor VARCHAR(20), new_vendor VARCHAR(20),
    record_id INTEGER, changes TEXT, missing BOOLEAN NOT NULL DEFAULT false, raw {json},
    status VARCHAR(40), status_text TEXT, issues {json}, removed BOOLEAN NOT NULL DEFAULT false,
    version INTEGER NOT NULL DEFAULT 1, modified_at {moment}, PRIMARY KEY (batch_id, sequence)
)
"""
_COLUMNS = (
    "batch_id, sequence, line, new_item_code, new_description, new_size, new_category, new_brand, new_price, new_on_hand,"
    " new_vendor"
)
_INDEX = "CREATE INDEX ix_bare_row ON bare_row (batch_id, new_item_code)"
_FIELDS = ("description", "size", "category", "brand", "price", "on_hand", "vendor")
_DIFFERS = " OR ".join(f"t.new_{name} <> coalesce(f.{name}, {{nothing[{name}]}})" for name in _FIELDS)
#: Both databases understand it, but for what is no text.
_COMPARE = f"""
UPDATE bare_row AS t
SET {", ".join(f"old_{name} = f.{name}" for name in _FIELDS)}, record_id = f.id,
    status = CASE WHEN t.new_item_code IS NULL OR f.vendor_id IS NULL THEN 'invalid' WHEN f.twin IS NOT NULL THEN 'duplicate'
                  WHEN f.id IS NULL THEN 'create' WHEN {_DIFFERS} THEN 'update' ELSE 'unchanged' END
FROM (SELECT r.batch_id + 0 AS batch_id, r.sequence, p.id, p.description, p.size, p.category, p.brand, p.price, p.on_hand,
             v.code AS vendor, w.id AS vendor_id, d.new_item_code AS twin
      FROM bare_row AS r LEFT JOIN product AS p ON p.item_code = r.new_item_code
      LEFT JOIN vendor AS v ON v.id = p.vendor_id LEFT JOIN vendor AS w ON w.code = r.new_vendor
      LEFT JOIN (SELECT new_item_code FROM bare_row GROUP BY new_item_code HAVING count(*) > 1) AS d
      ON d.new_item_code = r.new_item_code) AS f
WHERE t.batch_id = f.batch_id AND t.sequence = f.sequence
""".replace("{nothing[price]}", "-1").replace("{nothing[on_hand]}", "-1")  # fmt: skip
COMPARE = "".join(_COMPARE)
for _name in _FIELDS:
    COMPARE = COMPARE.replace(f"{{nothing[{_name}]}}", "''")


#: What an execution does to the target, one statement each.
EXECUTE = (
    """
INSERT INTO price_history (product_id, item_code, old_price, new_price, changed_at, changed_by, batch_id, sequence)
SELECT p.id, p.item_code, p.price, r.new_price, CURRENT_TIMESTAMP, 'bare', r.batch_id, r.sequence
FROM bare_row AS r JOIN product AS p ON p.id = r.record_id WHERE r.status = 'update' AND p.price <> r.new_price
""",
    """
UPDATE product SET description = r.new_description, size = r.new_size, category = r.new_category, brand = r.new_brand,
    price = r.new_price, on_hand = r.new_on_hand, vendor_id = (SELECT id FROM vendor WHERE code = r.new_vendor),
    version = product.version + 1, modified_at = CURRENT_TIMESTAMP
FROM (SELECT * FROM bare_row WHERE status = 'update') AS r WHERE r.record_id = product.id
""",
    """
INSERT INTO product (item_code, description, size, category, brand, price, on_hand, vendor_id, active, version, modified_at)
SELECT r.new_item_code, r.new_description, r.new_size, r.new_category, r.new_brand, r.new_price, r.new_on_hand, v.id, true,
    1, CURRENT_TIMESTAMP
FROM bare_row AS r JOIN vendor AS v ON v.code = r.new_vendor WHERE r.status = 'create' ORDER BY r.new_item_code
""",
)


class BareImport(ABC):
    """One import into products."""

    def __init__(self, url: URL) -> None:
        engine = make_engine(url)
        with engine.begin() as connection:
            unfreeze_table(connection, "price_history")
        engine.dispose()

    def take_in(self, table: Path) -> None:
        """Read ``table`` into rows and compare them."""
        self._load(_records(table))
        self._finish()

    def complete(self) -> None:  # noqa: B027 - There is no state to be in.
        """Do nothing."""

    @abstractmethod
    def execute(self) -> None:
        """Apply the rows to the products, in one transaction."""

    @abstractmethod
    def _load(self, records: Iterable[Sequence[Any]]) -> None: ...
    @abstractmethod
    def _finish(self) -> None: ...
    @abstractmethod
    def close(self) -> None:
        """Let go of the database."""


class BareImportSqlite(BareImport):
    """By the sqlite3 module; prices are whole cents."""

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._connection = sqlite3.connect(url.database or "", isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    def _load(self, records: Iterable[Sequence[Any]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(_TABLE.format(price="BIGINT", json="JSON", moment="DATETIME"))
        rows = (
            (
                1,
                number,
                number + 1,
                code,
                description,
                size,
                category,
                brand,
                _cents(price),
                int(on_hand),
                vendor,
            )
            for number, (code, description, size, category, brand, price, on_hand, vendor) in enumerate(
                records, 1
            )
        )
        self._connection.executemany(
            f"INSERT INTO bare_row ({_COLUMNS}) VALUES ({', '.join('?' * 11)})", rows
        )

    def _finish(self) -> None:
        self._connection.execute(_INDEX)
        self._connection.execute(COMPARE)
        self._connection.execute("COMMIT")

    def execute(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for statement in EXECUTE:
            self._connection.execute(statement)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


class BareImportPostgresql(BareImport):
    """By psycopg; numbers go to the database as the text they are."""

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        libpq = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(libpq)

    def _load(self, records: Iterable[Sequence[Any]]) -> None:
        self._run(_TABLE.format(price="NUMERIC(12, 2)", json="JSON", moment="TIMESTAMPTZ"))
        with self._connection.cursor().copy(f"COPY bare_row ({_COLUMNS}) FROM STDIN") as copy:
            for number, record in enumerate(records, 1):
                copy.write_row((1, number, number + 1, *record))

    def _finish(self) -> None:
        for statement in (_INDEX, "ANALYZE bare_row", COMPARE):
            self._run(statement)
        self._connection.commit()

    def execute(self) -> None:
        for statement in EXECUTE:
            self._run(statement)
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()

    def _run(self, statement: str) -> None:
        self._connection.execute(statement.encode())


#: The bare script by the name of its database.
BARE: dict[str, type[Any]] = {"SQLite": BareImportSqlite, "PostgreSQL": BareImportPostgresql}


def _records(table: Path) -> Iterator[Sequence[Any]]:
    if table.suffix == ".xlsx":
        rows = CalamineWorkbook.from_path(table).get_sheet_by_index(0).iter_rows()
        next(rows)
        for *texts, price, on_hand, vendor in rows:
            yield (*map(str.strip, texts), f"{price:.2f}", int(on_hand), vendor.strip())
        return
    with table.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        next(lines)
        for record in lines:
            yield [*map(str.strip, record)]


def _cents(price: str) -> int:
    whole, _, rest = price.partition(".")
    return int(whole) * 100 + int(f"{rest:0<2}")
