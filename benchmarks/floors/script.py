"""The bare script that all types share: one set-based statement for each work on the rows of a batch."""

from __future__ import annotations

import csv
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

import xlsxwriter
from sqlalchemy import URL

from batchbook.batches import unfreeze_table
from batchbook.db.engine import make_engine
from benchmarks.floors.drivers import driver_for
from benchmarks.inputs import Inputs

#: The tables from which the floors take the freeze triggers.
_FROZEN = (
    "batch", "batch_file", "batch_file_chunk", "operation", "price_history", "price_change", "price_change_row",
)  # fmt: skip
#: The rows that are digested together.
_DIGESTED = 1_000
#: The most rows that are held in memory to measure a writer alone.
MOST_HELD = 100_000

#: What changes replace, so that they can be undone.
_CHANGES = """
CREATE TABLE bare_change (batch_id INTEGER NOT NULL, operation INTEGER NOT NULL, sequence INTEGER NOT NULL,
    old {decimal}, new {decimal}, PRIMARY KEY (batch_id, operation, sequence))
"""
_NOTE_CHANGE = """
INSERT INTO bare_change SELECT batch_id, 1, sequence, new_price, {raised} FROM {table}
WHERE batch_id = {batch} AND NOT removed
"""
_CHANGE = """
UPDATE {table} SET new_price = {raised}, version = version + 1, modified_at = CURRENT_TIMESTAMP
WHERE batch_id = {batch} AND NOT removed
"""
_NOTE_UNDO = """
INSERT INTO bare_change SELECT batch_id, 2, sequence, new, old FROM bare_change WHERE batch_id = {batch} AND operation = 1
"""
_UNDO = """
UPDATE {table} AS t SET new_price = c.old, version = t.version + 1, modified_at = CURRENT_TIMESTAMP
FROM bare_change AS c
WHERE t.batch_id = {batch} AND c.batch_id = {batch} AND c.operation = 1 AND c.sequence = t.sequence AND t.new_price = c.new
"""
_NOTE_REMOVAL = """
INSERT INTO bare_change SELECT batch_id, 3, sequence, 0, 1 FROM {table}
WHERE batch_id = {batch} AND NOT removed AND sequence % 2 = 0
"""
_REMOVE = """
UPDATE {table} SET removed = true, version = version + 1, modified_at = CURRENT_TIMESTAMP
WHERE batch_id = {batch} AND NOT removed AND sequence % 2 = 0
"""


class Floor(ABC):
    """One batch after the other in the database at ``url``. Each public method is a work, named as in ``benchmarks.works``."""

    #: The statement that refreshes a batch, and the columns of an export: numbers with two digits behind the point, flags,
    #: and all others.
    refresh_sql: ClassVar[str]
    decimals: ClassVar[Sequence[str]]
    flags: ClassVar[Sequence[str]]
    others: ClassVar[Sequence[str]]

    def __init__(self, url: URL) -> None:
        engine = make_engine(url)
        with engine.begin() as connection:
            for table in _FROZEN:
                unfreeze_table(connection, table)
        engine.dispose()
        self.driver = driver_for(url)
        self._run(_CHANGES)
        self.batch = self.copy = 0
        #: The seconds of the writer of the last export with all values in memory, ``None`` where it was not measured, and
        #: those that measuring it took.
        self.alone: float | None = None
        self.beside = 0.0

    def populate_csv(self, inputs: Inputs) -> None:
        """Write the rows of a CSV, and refresh them."""
        self._populate(self.records(self.source(inputs)))

    def populate_query(self, inputs: Inputs) -> None:
        """Write a row for each product, and refresh them."""
        raise NotImplementedError

    def populate_xlsx(self, inputs: Inputs) -> None:
        """Write the rows of a workbook, and refresh them."""
        raise NotImplementedError

    def refresh(self, _inputs: Inputs) -> None:
        """Refresh the first batch."""
        with self.driver.transaction():
            self._run(self.refresh_sql, self.batch)

    def clone(self, _inputs: Inputs) -> None:
        """Copy the first batch."""
        with self.driver.transaction():
            self.copy = self._copy()

    def bulk_change(self, _inputs: Inputs) -> None:
        """Raise all new prices of the copy by one per cent."""
        self._change(_NOTE_CHANGE, _CHANGE)

    def undo(self, _inputs: Inputs) -> None:
        """Give the copy its prices back."""
        self._change(_UNDO, _NOTE_UNDO)

    def bulk_remove(self, _inputs: Inputs) -> None:
        """Mark every second row of the copy as removed."""
        self._change(_NOTE_REMOVAL, _REMOVE)

    def delete(self, _inputs: Inputs) -> None:
        """Delete the copy."""
        with self.driver.transaction():
            self._run("DELETE FROM bare_change WHERE batch_id = {batch}", self.copy)
            self._delete(self.copy)

    def complete(self) -> None:  # noqa: B027 - The same for every type.
        """Do nothing: there is nobody to review."""

    @abstractmethod
    def execute(self, inputs: Inputs) -> None:
        """Apply the first batch to the products."""

    def export_csv(self, inputs: Inputs) -> None:
        """Write the first batch to a file by the module csv."""
        path = inputs.catalogue.with_name("floor.csv")

        def write(rows: Iterable[Sequence[Any]]) -> None:
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(self.exported)
                writer.writerows(rows)

        self._export(inputs, write, "{:.2f}".format)

    def export_xlsx(self, inputs: Inputs) -> None:
        """Write the first batch to a file by xlsxwriter."""
        path = inputs.catalogue.with_name("floor.xlsx")

        def write(rows: Iterable[Sequence[Any]]) -> None:
            with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
                sheet = book.add_worksheet()
                sheet.write_row(0, 0, self.exported)
                for line, row in enumerate(rows, 1):
                    sheet.write_row(line, 0, row)

        self._export(inputs, write, float)

    def verify(self, _inputs: Inputs) -> None:
        """Digest all rows of the first batch."""
        digest = hashlib.sha256()
        statement = self._sql("SELECT * FROM {table} WHERE batch_id = {batch} ORDER BY sequence", self.batch)
        with self.driver.transaction():
            rows = iter(self.driver.read(statement))
            while part := list(islice(rows, _DIGESTED)):
                digest.update(json.dumps(part, default=str).encode())

    def close(self) -> None:
        """Let go of the database."""
        self.driver.close()

    @abstractmethod
    def table(self, batch: int) -> str:
        """Return the table with the rows of a batch."""

    @abstractmethod
    def source(self, inputs: Inputs) -> Path:
        """Return the CSV for this type."""

    @abstractmethod
    def records(self, path: Path) -> Iterator[Sequence[Any]]:
        """Yield the cells of each line of a file."""

    @abstractmethod
    def _populate(self, records: Iterable[Sequence[Any]]) -> None: ...
    @abstractmethod
    def _copy(self) -> int: ...
    @abstractmethod
    def _delete(self, batch: int) -> None: ...

    def _change(self, *statements: str) -> None:
        with self.driver.transaction():
            for statement in (*statements, self.refresh_sql):
                self._run(statement, self.copy)

    @property
    def exported(self) -> Sequence[str]:
        """The columns of an export."""
        return (*self.decimals, *self.flags, *self.others)

    def _export(self, inputs: Inputs, write: Any, number: Callable[[float], Any]) -> None:
        statement = self._sql(
            f"SELECT {', '.join(self.exported)} FROM {{table}} WHERE batch_id = {{batch}} ORDER BY sequence",
            self.batch,
        )
        with self.driver.transaction():
            write(self._shown(self.driver.read(statement), number))
        self.alone, began = None, perf_counter()
        if inputs.rows <= MOST_HELD:
            with self.driver.transaction():
                held = [*self._shown(self.driver.read(statement), number)]
            start = perf_counter()
            write(held)
            self.alone = perf_counter() - start
        self.beside = perf_counter() - began

    def _shown(
        self, rows: Iterable[Sequence[Any]], number: Callable[[float], Any]
    ) -> Iterator[Sequence[Any]]:
        """Yield rows with the values of a file: numbers made by ``number``, and flags as words."""
        flags = len(self.decimals)
        others, scale = flags + len(self.flags), self.driver.scale
        for row in rows:
            yield [
                *[None if value is None else number(value / scale) for value in row[:flags]],
                *["Yes" if value else "No" for value in row[flags:others]],
                *row[others:],
            ]

    def _run(self, statement: str, batch: int = 0) -> None:
        self.driver.run(self._sql(statement, batch))

    def _sql(self, statement: str, batch: int = 0) -> str:
        return self.driver.sql(statement, batch=batch, table=self.table(batch))


def csv_records(path: Path, columns: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the trimmed cells of a CSV in the order of ``columns``."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        heading = next(reader)
        places = [heading.index(name) for name in columns]
        for record in reader:
            yield [record[place].strip() for place in places]
