"""The parts of a batch that are sealed: which tables, in which order, and with which columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Table, inspect
from sqlalchemy.orm import Session

from batchbook.batches.cell_chunks import CellChunk
from batchbook.batches.effects.models import BatchEffect
from batchbook.batches.models import Batch, BatchFile, BatchFileChunk, CellChange, Operation
from batchbook.batches.policies.models import BatchApproval
from batchbook.batches.review.models import BatchComment
from batchbook.batches.rows.per_batch import storage_of
from batchbook.batches.rows.scope import table_of
from batchbook.batches.seal.values import DIGEST, Column, kind_of

#: The number of records in a chunk. Smaller chunks take longer, larger ones more memory.
CHUNK_ROWS = 2_000
#: The number of records in a chunk of the table with the bytes of files, each of which has up to 256 KB.
_FILE_CHUNK_ROWS = 16

HEADER, ROWS, FILES = "header", "rows", "files"


@dataclass(frozen=True)
class Part:
    """A part with a ``name`` and its tables, the same for all batches; the header and the rows depend on the type."""

    name: str
    models: tuple[type[Any], ...] = ()


#: The parts, in the order in which they are sealed. A model has the column ``batch_id`` at the beginning of its key, and is
#: frozen with the batch. A part that is added here is sealed from then on; earlier seals do not have it.
PARTS: tuple[Part, ...] = (
    Part(HEADER),
    Part(ROWS),
    Part(FILES, (BatchFile, BatchFileChunk)),
    Part("operations", (Operation,)),
    Part("cells", (CellChange,)),
    Part("approvals", (BatchApproval,)),
    Part("comments", (BatchComment,)),
    Part("effects", (BatchEffect,)),
)
#: The table whose records are sealed as the cells that are packed in them, as if these were records of ``cell_change``.
PACKED = CellChunk.__tablename__
#: The parts with what a batch would change. Those who approve a batch approve these.
CONTENT = (HEADER, ROWS, FILES)
#: The columns of the header that actions set on a batch whose content stays the same.
_PROGRESS = frozenset(
    {
        "state", "failure", "version", "handed_to", "refreshed_at", "completed_at", "completed_by", "executed_at",
        "executed_by", "execution_options", "execution_outcome", "purge_after",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Section:
    """The records of one batch in one table, as they are sealed: columns in order, key, and records in a chunk.

    ``batch_column`` names the batch, and is a part of the key.
    """

    part: str
    table: str
    columns: Sequence[Column]
    key: Sequence[str]
    batch_column: str
    chunk_rows: int

    @classmethod
    def of(cls, part: str, table: Table, dialect: Dialect, without: frozenset[str] = frozenset()) -> Section:
        """Return the section of ``part`` in ``table``, by what the metadata has, except the columns ``without``."""
        digests = table is table_of(BatchFileChunk)
        columns = [
            Column(
                column.name, DIGEST if digests and column.name == "data" else kind_of(column.type, dialect)
            )
            for column in table.columns
            if column.name not in without
        ]
        key = [column.name for column in table.primary_key.columns]
        rows = _FILE_CHUNK_ROWS if digests else CHUNK_ROWS
        return cls(part, table.name, columns, key, key[0], rows)

    @classmethod
    def from_json(cls, part: str, stored: Mapping[str, Any]) -> Section:
        """Return the section that a manifest describes; see :meth:`to_json`."""
        columns = [Column(name, kind) for name, kind in stored["columns"]]
        return cls(part, stored["name"], columns, stored["key"], stored["key"][0], stored["chunk_rows"])

    def to_json(self) -> dict[str, Any]:
        """Return the section as JSON values, in the order in which a manifest has them."""
        return {
            "name": self.table,
            "key": [*self.key],
            "columns": [[column.name, column.kind] for column in self.columns],
            "chunk_rows": self.chunk_rows,
        }

    @property
    def is_of_cells(self) -> bool:
        """Whether the records are changed cells, of which many are packed in the table ``cell_chunk``."""
        return self.table == CellChange.__tablename__

    @property
    def stored_columns(self) -> dict[str, set[str]]:
        """The names of the columns that the records are read from, by table."""
        packed = {} if not self.is_of_cells else {PACKED: {one.name for one in table_of(CellChunk).columns}}
        return {self.table: {column.name for column in self.columns}} | packed

    @property
    def record_key(self) -> list[str]:
        """The columns of the key that tell the records of one batch apart."""
        return [name for name in self.key if name != self.batch_column]


def sections_of(session: Session, batch: Batch) -> Iterator[Section]:
    """Yield the sections of all parts of ``batch``, in order."""
    dialect = session.get_bind().dialect
    for part in PARTS:
        for table in _tables(part, batch):
            yield Section.of(part.name, table, dialect)


def content_sections(session: Session, batch: Batch) -> Iterator[Section]:
    """Yield the sections with the content of ``batch``: what is executed, and none of what actions note on the way."""
    dialect = session.get_bind().dialect
    for part in PARTS:
        if part.name in CONTENT:
            for table in _tables(part, batch):
                without = _PROGRESS if table is table_of(Batch) else frozenset[str]()
                yield Section.of(part.name, table, dialect, without)


def _tables(part: Part, batch: Batch) -> list[Table]:
    if part.name == HEADER:
        return [table for table in inspect(type(batch)).tables if isinstance(table, Table)]
    if part.name == ROWS:
        rows = storage_of(type(batch)).of(batch).__table__
        return [rows] if isinstance(rows, Table) else []  # A batch that was never populated has no table.
    return [table_of(model) for model in part.models]
