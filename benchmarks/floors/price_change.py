"""The bare script of price changes, in the very tables of Batchbook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.floors.script import Floor, csv_records
from benchmarks.inputs import PRICE_LIST, Inputs

#: By how much a price change from a query raises prices, in per cent; Batchbook's side does the same.
PERCENT = 5
#: Above how many per cent a change is marked, which is what Batchbook does by default.
WARN_ABOVE = 20

_COLUMNS = ("batch_id", "sequence", "line", "item_code", "description", "size", "new_price")
_COMPUTED = ("batch_id", "sequence", "item_code", "description", "size", "new_price", "computed_from")
_NEW_BATCH = (
    "INSERT INTO batch (type, params, state, row_count, removed_count, status_counts, created_at, created_by, version)"
    " VALUES ('price_change', '{}', 'open', 0, 0, '{}', CURRENT_TIMESTAMP, 'bare', 1) RETURNING id"
)
_PRODUCTS = "SELECT item_code, description, size, CAST(price * {cents} AS INTEGER) FROM product WHERE active ORDER BY item_code"
_CHANGING = """
FROM {tables} WHERE r.batch_id = {batch} AND NOT r.removed AND r.status IN ('increase', 'decrease')
  AND p.item_code = r.item_code AND p.price = r.old_price
"""
_HISTORY = (
    "INSERT INTO price_history (product_id, item_code, old_price, new_price, changed_at, changed_by, batch_id, sequence)"
    " SELECT p.id, p.item_code, p.price, r.new_price, CURRENT_TIMESTAMP, 'bare', r.batch_id, r.sequence"
    + _CHANGING.replace("{tables}", "price_change_row AS r, product AS p")
)
_PRICES = (
    "UPDATE product AS p SET price = r.new_price, version = p.version + 1, modified_at = CURRENT_TIMESTAMP"
    + _CHANGING.replace("{tables}", "price_change_row AS r")
)
_EXECUTED = "UPDATE batch SET state = 'executed', executed_at = CURRENT_TIMESTAMP WHERE id = {batch}"

#: The columns that a copy has besides those of an export.
_REST = ("over_limit", "price_moved", "removed", "issues", "computed_from", "version", "modified_at")

_is_price = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?").fullmatch


class PriceChangeFloor(Floor):
    """Price changes. Rows whose product has another price than at the refresh are not executed."""

    refresh_sql = """
UPDATE price_change_row AS t
SET old_price = f.price, cost = f.cost, product = f.description, change_percent = {percent},
    over_limit = coalesce(abs(t.new_price - f.price) * 100 > f.price * {warn}, false),
    status = CASE WHEN t.item_code = '' OR t.new_price IS NULL THEN 'invalid' WHEN f.twice THEN 'duplicate'
                  WHEN f.price IS NULL THEN 'not_in_catalogue' WHEN t.new_price = f.price THEN 'unchanged'
                  WHEN t.new_price > f.price THEN 'increase' ELSE 'decrease' END,
    status_text = CASE WHEN t.new_price IS NULL THEN 'It has no usable new price.'
                       WHEN abs(t.new_price - f.price) * 100 > f.price * {warn} THEN 'Changes by more than {warn}.00 %.' END
FROM (SELECT r.batch_id + 0 AS batch_id, r.sequence, p.price, p.cost, p.description,
             EXISTS (SELECT 1 FROM price_change_row AS o WHERE o.batch_id = r.batch_id AND o.item_code = r.item_code
                     AND o.sequence <> r.sequence AND NOT o.removed) AS twice
      FROM price_change_row AS r LEFT JOIN product AS p ON p.item_code = r.item_code
      WHERE r.batch_id = {batch} AND NOT r.removed) AS f
WHERE t.batch_id = f.batch_id AND t.sequence = f.sequence
""".replace("{warn}", str(WARN_ABOVE))
    decimals = ("old_price", "new_price", "executed_price", "cost", "change_percent")
    flags = ("over_limit", "price_moved", "removed", "issues IS NOT NULL")
    others = (
        "sequence", "line", "item_code", "description", "size", "product", "status", "status_text", "listed_key",
        "matched_key",
    )  # fmt: skip

    def populate_query(self, inputs: Inputs) -> None:  # noqa: ARG002 - The products are the source.
        """Write a row for each product, its price raised and rounded, and refresh them."""
        price = self._price
        with self.driver.transaction():
            batch = self._begin()
            # On PostgreSQL, a connection that copies rows can read no others meanwhile, so these are read before.
            products = [*self.driver.read(self.driver.sql(_PRODUCTS))]
            rows = (
                (batch, number, code, description, size, price(_nine(cents)), price(cents))
                for number, (code, description, size, cents) in enumerate(products, 1)
            )
            self.driver.write("price_change_row", _COMPUTED, rows)
            self._run(self.refresh_sql, batch)

    def execute(self, inputs: Inputs) -> None:  # noqa: ARG002 - It takes the rows.
        """Record the changes of prices, make them, and mark the batch."""
        with self.driver.transaction():
            for statement in (_HISTORY, _PRICES, _EXECUTED):
                self._run(statement, self.batch)

    def table(self, batch: int) -> str:  # noqa: ARG002 - All batches share it.
        """Return the one table."""
        return "price_change_row"

    def source(self, inputs: Inputs) -> Path:
        """Return the price list."""
        return inputs.price_list

    def records(self, path: Path) -> Iterator[Sequence[Any]]:
        """Yield the cells of each line; a price that is none is ``None``."""
        for code, description, size, price in csv_records(path, PRICE_LIST):
            yield code, description, size, self.driver.price(price) if _is_price(price) else None

    def _populate(self, records: Iterable[Sequence[Any]]) -> None:
        with self.driver.transaction():
            batch = self._begin()
            rows = ((batch, number, number + 1, *cells) for number, cells in enumerate(records, 1))
            self.driver.write("price_change_row", _COLUMNS, rows)
            self._run(self.refresh_sql, batch)
        self.batch = batch

    def _begin(self) -> int:
        batch = self.driver.number(_NEW_BATCH)
        self._run("INSERT INTO price_change (id) VALUES ({batch})", batch)
        return batch

    def _copy(self) -> int:
        copy = self._begin()
        columns = ", ".join((*self.decimals, *self.others, *_REST))
        self._run(
            f"INSERT INTO price_change_row (batch_id, {columns}) SELECT {copy}, {columns} FROM price_change_row"
            " WHERE batch_id = {batch}",
            self.batch,
        )
        return copy

    def _delete(self, batch: int) -> None:
        for table, key in (("price_change_row", "batch_id"), ("price_change", "id"), ("batch", "id")):
            self._run(f"DELETE FROM {table} WHERE {key} = {{batch}}", batch)

    def _price(self, cents: int) -> Any:
        return self.driver.price(f"{cents // 100}.{cents % 100:02d}")


def _nine(cents: int) -> int:
    """Return a price in cents, raised by :data:`PERCENT`, as the nearest that ends in 9."""
    return max(9, (cents * (100 + PERCENT) - 400) // 1_000 * 10 + 9)
