"""The bare script: the same work by the database's driver alone, as one who knows it would write it once.

It has the same tables, indexes and foreign keys, but no freeze triggers. It

* populates: reads the file with the csv module, trims the cells, checks that each row has a code and a price that is
  a positive decimal, and writes the rows by ``executemany`` (SQLite) or COPY (PostgreSQL); or reads all products
  through a cursor, raises and rounds their prices, and writes them so; then it refreshes, as Batchbook does;
* refreshes: one UPDATE that looks up old prices and sets the change in per cent and the status;
* executes: one INSERT of the price history, one UPDATE of the products, and the batch's state. It changes the rows
  whose product's price is still the one of the refresh.

It stores no file, keeps no history of operations and no counts, locks nothing beforehand, fills no missing
description, has no options, and keeps nothing of a bad cell. That makes it quicker than what a fair comparison
would need.
"""

from __future__ import annotations

import csv
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import URL

from batchbook.batches.freeze import unfreeze_table
from batchbook.db.engine import make_engine
from benchmarks.ours import PERCENT

ROW_COLUMNS = "batch_id, sequence, item_code, description, size, new_price"

#: Old price, change and status of each row. Both databases understand it, but for how they divide and round.
REFRESH = """
UPDATE price_change_row AS t
SET old_price = f.price, change_percent = {change},
    status = CASE WHEN t.item_code = '' OR t.new_price IS NULL THEN 'invalid' WHEN f.twice THEN 'duplicate'
                  WHEN f.price IS NULL THEN 'not_in_catalogue' WHEN t.new_price = f.price THEN 'unchanged'
                  WHEN t.new_price > f.price THEN 'increase' ELSE 'decrease' END
FROM (SELECT r.batch_id + 0 AS batch_id, r.sequence, p.price,
             EXISTS (SELECT 1 FROM price_change_row AS o WHERE o.batch_id = r.batch_id AND o.item_code = r.item_code
                     AND o.sequence <> r.sequence AND NOT o.removed) AS twice
      FROM price_change_row AS r LEFT JOIN product AS p ON p.item_code = r.item_code
      WHERE r.batch_id = {batch} AND NOT r.removed) AS f
WHERE t.batch_id = f.batch_id AND t.sequence = f.sequence
"""

CHANGING = """
FROM {tables} WHERE r.batch_id = {batch} AND NOT r.removed AND r.status IN ('increase', 'decrease')
  AND p.item_code = r.item_code AND p.price = r.old_price
"""

HISTORY = (
    "INSERT INTO price_history"
    " (product_id, item_code, old_price, new_price, changed_at, changed_by, batch_id, sequence)"
    " SELECT p.id, p.item_code, p.price, r.new_price, CURRENT_TIMESTAMP, 'bare', r.batch_id, r.sequence"
    + CHANGING.replace("{tables}", "price_change_row AS r, product AS p")
)

PRICES = (
    "UPDATE product AS p SET price = r.new_price, version = p.version + 1, modified_at = CURRENT_TIMESTAMP"
    + CHANGING.replace("{tables}", "price_change_row AS r")
)

EXECUTED = "UPDATE batch SET state = 'executed', executed_at = CURRENT_TIMESTAMP WHERE id = {batch}"

PRODUCTS = "SELECT item_code, description, size, price FROM product WHERE active ORDER BY item_code"

NEW_BATCH = (
    "INSERT INTO batch (type, params, state, row_count, removed_count, status_counts, created_at, created_by, version)"
    " VALUES ('price_change', '{}', 'open', 0, 0, '{}', CURRENT_TIMESTAMP, 'bare', 1) RETURNING id"
)

_IS_PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?").fullmatch


class Bare(ABC):
    """Price changes by the driver alone, one batch after the other."""

    def __init__(self, url: URL) -> None:
        self.batch_id = 0
        engine = make_engine(url)
        with engine.begin() as connection:
            for table in (
                "batch",
                "price_change",
                "price_change_row",
                "batch_file",
                "batch_file_chunk",
                "operation",
                "price_history",
            ):
                unfreeze_table(connection, table)
        engine.dispose()

    @abstractmethod
    def populate_file(self, price_list: Path) -> None:
        """Write the rows of the file, and refresh them."""

    @abstractmethod
    def populate_query(self, price_list: Path) -> None:
        """Write rows for all products, and refresh them."""

    @abstractmethod
    def refresh(self, price_list: Path) -> None:
        """Refresh the batch."""

    def complete(self) -> None:  # noqa: B027 - The same for every database.
        """Do nothing: there is nobody to review."""

    @abstractmethod
    def execute(self, price_list: Path) -> None:
        """Execute the batch."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the database."""


def cells_of(price_list: Path) -> Iterator[tuple[str, str, str, str | None]]:
    """Yield code, description, size and price of each line that has any; a price that is none is ``None``."""
    with price_list.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        places = [header.index(name) for name in ("item_code", "description", "size", "price")]
        for record in reader:
            code, description, size, price = (record[place].strip() for place in places)
            yield code, description, size, price if _IS_PRICE(price) else None


def nine(cents: int) -> int:
    """Return a price in cents, raised by :data:`PERCENT`, as the nearest that ends in 9."""
    return max(9, (cents * (100 + PERCENT) - 400) // 1_000 * 10 + 9)
