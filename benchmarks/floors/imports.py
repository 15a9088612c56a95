"""The bare script of imports into products: the rows of each batch in a table of their own, with the columns and indexes of Batchbook.

It knows beforehand how the file is read, which columns it has and of which types, and that all of its cells are plain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from benchmarks.floors.script import Floor, csv_records
from benchmarks.inputs import IMPORT, Inputs

_TABLE = """
CREATE TABLE {table} (
    batch_id INTEGER NOT NULL, sequence INTEGER NOT NULL, line INTEGER, new_item_code VARCHAR(20), key_form VARCHAR,
    old_description VARCHAR(200), new_description VARCHAR(200), old_size VARCHAR(40), new_size VARCHAR(40),
    old_category VARCHAR(80), new_category VARCHAR(80), old_brand VARCHAR(80), new_brand VARCHAR(80),
    old_price {decimal}, new_price {decimal}, old_on_hand BIGINT, new_on_hand BIGINT,
    old_vendor VARCHAR(20), new_vendor VARCHAR(20),
    record_id INTEGER, changed_fields TEXT, missing BOOLEAN NOT NULL DEFAULT false, raw {json},
    status VARCHAR(40), status_text TEXT, issues {json}, removed BOOLEAN NOT NULL DEFAULT false,
    version INTEGER NOT NULL DEFAULT 1, modified_at {moment}, PRIMARY KEY (batch_id, sequence),
    CHECK (batch_id = {batch})
)
"""
#: The indexes that are made before the rows are compared, and those of columns that comparing sets.
EARLY_INDEXES = (("batch_id", "new_item_code"), ("batch_id", "key_form"))
LATE_INDEXES = (("record_id",), ("batch_id", "status", "sequence", "removed"))
_COLUMNS = (
    "batch_id", "sequence", "line", "new_item_code", "key_form", "new_description", "new_size", "new_category", "new_brand",
    "new_price", "new_on_hand", "new_vendor",
)  # fmt: skip
_FIELDS = {
    "description": "''", "size": "''", "category": "''", "brand": "''", "price": "-1", "on_hand": "-1", "vendor": "''",
}  # fmt: skip
_LABELS = {name: name.replace("_", " ").capitalize() for name in _FIELDS}
_DIFFERS = {name: f"t.new_{name} <> coalesce(f.{name}, {nothing})" for name, nothing in _FIELDS.items()}
_CHANGED = " || ".join(
    f"CASE WHEN {_DIFFERS[name]} THEN '{label}' ELSE '' END" for name, label in _LABELS.items()
)
_VALID = "t.new_item_code IS NOT NULL AND f.vendor_id IS NOT NULL AND f.twin IS NULL"
_EXECUTE = (
    """
INSERT INTO price_history (product_id, item_code, old_price, new_price, changed_at, changed_by, batch_id, sequence)
SELECT p.id, p.item_code, p.price, r.new_price, CURRENT_TIMESTAMP, 'bare', r.batch_id, r.sequence
FROM {table} AS r JOIN product AS p ON p.id = r.record_id WHERE r.status = 'update' AND p.price <> r.new_price
""",
    """
UPDATE product SET description = r.new_description, size = r.new_size, category = r.new_category, brand = r.new_brand,
    price = r.new_price, on_hand = r.new_on_hand, vendor_id = (SELECT id FROM vendor WHERE code = r.new_vendor),
    version = product.version + 1, modified_at = CURRENT_TIMESTAMP
FROM (SELECT * FROM {table} WHERE status = 'update') AS r WHERE r.record_id = product.id
""",
    """
INSERT INTO product (item_code, description, size, category, brand, price, on_hand, vendor_id, active, version, modified_at)
SELECT r.new_item_code, r.new_description, r.new_size, r.new_category, r.new_brand, r.new_price, r.new_on_hand, v.id, true,
    1, CURRENT_TIMESTAMP
FROM {table} AS r JOIN vendor AS v ON v.code = r.new_vendor WHERE r.status = 'create' ORDER BY r.new_item_code
""",
)


#: The columns that a copy has besides those of an export.
_REST = ("key_form", "record_id", "missing", "raw", "issues", "removed", "version", "modified_at")


class ImportFloor(Floor):
    """Imports into products. ``changed_fields`` names what changes without a sign between the names."""

    refresh_sql = f"""
UPDATE {{table}} AS t
SET {", ".join(f"old_{name} = f.{name}" for name in _FIELDS)}, record_id = f.id,
    changed_fields = CASE WHEN f.id IS NOT NULL AND {_VALID} THEN nullif({_CHANGED}, '') END,
    status = CASE WHEN t.new_item_code IS NULL OR f.vendor_id IS NULL THEN 'invalid' WHEN f.twin IS NOT NULL THEN 'duplicate'
                  WHEN f.id IS NULL THEN 'create' WHEN {" OR ".join(_DIFFERS.values())} THEN 'update' ELSE 'unchanged' END
FROM (SELECT r.batch_id + 0 AS batch_id, r.sequence, p.id, p.description, p.size, p.category, p.brand, p.price, p.on_hand,
             v.code AS vendor, w.id AS vendor_id, d.new_item_code AS twin
      FROM {{table}} AS r LEFT JOIN product AS p ON p.item_code = r.new_item_code
      LEFT JOIN vendor AS v ON v.id = p.vendor_id LEFT JOIN vendor AS w ON w.code = r.new_vendor
      LEFT JOIN (SELECT new_item_code FROM {{table}} WHERE NOT removed GROUP BY new_item_code HAVING count(*) > 1) AS d
      ON d.new_item_code = r.new_item_code WHERE NOT r.removed) AS f
WHERE t.batch_id = f.batch_id AND t.sequence = f.sequence
"""
    decimals = ("old_price", "new_price")
    flags = ("missing", "removed", "issues IS NOT NULL")
    others = (
        "sequence", "line", "new_item_code",
        *(f"{when}_{name}" for name in _FIELDS if name != "price" for when in ("old", "new")),
        "changed_fields", "status", "status_text",
    )  # fmt: skip
    _last = 0

    def populate_xlsx(self, inputs: Inputs) -> None:
        """Write the rows of a workbook, and refresh them."""
        assert inputs.workbook is not None
        self._populate(self._sheet(inputs.workbook))

    def execute(self, inputs: Inputs) -> None:  # noqa: ARG002 - It takes the rows.
        """Record the changes of prices, change products, and create new ones."""
        with self.driver.transaction():
            for statement in _EXECUTE:
                self._run(statement, self.batch)

    def table(self, batch: int) -> str:
        """Return the table of its own that each batch has."""
        return f"bare_row_{batch}"

    def source(self, inputs: Inputs) -> Path:
        """Return the table to import."""
        return inputs.table

    def records(self, path: Path) -> Iterator[Sequence[Any]]:
        """Yield the cells of each line of a CSV."""
        price_of = self.driver.price
        for code, description, size, category, brand, price, on_hand, vendor in csv_records(path, IMPORT):
            yield (
                code,
                code.lower(),
                description,
                size,
                category,
                brand,
                price_of(price),
                int(on_hand),
                vendor,
            )

    def _sheet(self, path: Path) -> Iterator[Sequence[Any]]:
        price_of = self.driver.price
        rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()
        next(rows)
        for *texts, price, on_hand, vendor in rows:
            code, *others = map(str.strip, map(str, texts))
            yield code, code.lower(), *others, price_of(f"{price:.2f}"), int(on_hand), vendor.strip()

    def _populate(self, records: Iterable[Sequence[Any]]) -> None:
        with self.driver.transaction():
            batch = self._create()
            rows = ((batch, number, number + 1, *record) for number, record in enumerate(records, 1))
            self.driver.write(self.table(batch), _COLUMNS, rows)
            self._index(batch, EARLY_INDEXES)
            self._run("{analyze}", batch)
            self._run(self.refresh_sql, batch)
            self._index(batch, LATE_INDEXES)
        self.batch = self.batch or batch

    def _create(self) -> int:
        self._last += 1
        self._run(_TABLE, self._last)
        return self._last

    def _index(self, batch: int, indexes: Sequence[Sequence[str]]) -> None:
        for columns in indexes:
            name = f"ix_{{table}}_{'_'.join(columns[-2:])}"
            self._run(f"CREATE INDEX {name} ON {{table}} ({', '.join(columns)})", batch)

    def _copy(self) -> int:
        copy = self._create()
        columns = ", ".join((*self.decimals, *self.others, *_REST))
        self._run(
            f"INSERT INTO {self.table(copy)} (batch_id, {columns}) SELECT {copy}, {columns} FROM {{table}}",
            self.batch,
        )
        self._index(copy, EARLY_INDEXES + LATE_INDEXES)
        return copy

    def _delete(self, batch: int) -> None:
        self._run("DROP TABLE {table}", batch)
