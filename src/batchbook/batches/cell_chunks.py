"""The storage of changed cells: few are rows of ``cell_change``, many are packed into the chunks of ``cell_chunk``.

Here they are written, and unpacked in Python, which for many cells takes less time than SQL. The module ``changed_cells``
reads both tables as one by SQL.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, ForeignKeyConstraint, Index, Select, Text, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from batchbook.batches.models import CellChange, Operation
from batchbook.batches.rows.issues import sound_issues
from batchbook.db import Base
from batchbook.db.bulk_writing import bulk_insert, bulk_insert_columns

#: The most cells of a chunk. To find a cell, its whole chunk is read.
CHUNK_CELLS = 1_000
#: Fewer cells than these, written together, are stored as rows, which are found sooner.
FEWEST_PACKED = 200
#: The number of chunks that are fetched together.
_FETCHED = 20
#: The number of elements of a cell in a chunk, if it had issues.
_WITH_ISSUES = 5

_COLUMNS = ("batch_id", "operation", "position", "sequence", "field", "old", "new", "issues")
_CHUNK_COLUMNS = ("batch_id", "operation", "position", "cells", "first_sequence", "last_sequence", "data")


class CellChunk(Base):
    """Consecutive changed cells of an operation: the ``position`` of the first one, and their number, ``cells``.

    ``data`` is a JSON array with an array for each cell: sequence, field, old and new text, and its issues if it had any; see
    :class:`~batchbook.batches.models.CellChange`. ``first_sequence`` and ``last_sequence`` are the lowest and the highest
    sequence among them. The data is plain text, which PostgreSQL compresses better than its own form of JSON.
    """

    __tablename__ = "cell_chunk"
    __table_args__ = (
        ForeignKeyConstraint(
            ["batch_id", "operation"], ["operation.batch_id", "operation.number"], ondelete="CASCADE"
        ),
        Index("ix_cell_chunk_batch_id_first_sequence", "batch_id", "first_sequence"),
    )

    batch_id: Mapped[int] = mapped_column(primary_key=True)
    operation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cells: Mapped[int]
    first_sequence: Mapped[int]
    last_sequence: Mapped[int]
    data: Mapped[str] = mapped_column(Text)


class StoredCell(NamedTuple):
    """A changed cell, in the order of the columns of :class:`~batchbook.batches.models.CellChange`."""

    batch_id: int
    operation: int
    position: int
    sequence: int
    field: str
    old: str | None
    new: str | None
    issues: list[Any] | None


def write_cells(session: Session, operation: Operation, first: int, cells: Sequence[Sequence[Any]]) -> None:
    """Store ``cells`` of ``operation``, of which the first one has the position ``first``.

    Each has sequence, field, old and new text, and a list of issues or ``None``.
    """
    connection, key = session.connection(), (operation.batch_id, operation.number)
    if len(cells) >= FEWEST_PACKED:
        parts = ((at, cells[at : at + CHUNK_CELLS]) for at in range(0, len(cells), CHUNK_CELLS))
        chunks = ((*key, first + at, *_packed(part)) for at, part in parts)
        bulk_insert(connection, _table(CellChunk), _CHUNK_COLUMNS, chunks)
    elif cells:
        count = len(cells)
        places = [key[0]] * count, [key[1]] * count, range(first, first + count)
        values = dict(zip(_COLUMNS, (*places, *zip(*cells, strict=True)), strict=True))
        bulk_insert_columns(connection, _table(CellChange), values)


def _table(model: type[Base]) -> Any:
    return model.__table__


def _packed(cells: Sequence[Sequence[Any]]) -> tuple[int, int, int, str]:
    """Return the number of ``cells``, their lowest and highest sequence, and their data."""
    sequences = [cell[0] for cell in cells]
    data = [cell if cell[4] else cell[:4] for cell in cells]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return len(cells), min(sequences), max(sequences), text


def has_chunks(connection: Connection, batch_id: int) -> bool:
    """Return whether changed cells of the batch are packed."""
    found = select(CellChunk.cells).where(CellChunk.batch_id == batch_id).limit(1)
    return connection.scalar(found) is not None


def cells_between(
    connection: Connection, batch_id: int, operation: int, first: int, last: int
) -> list[StoredCell]:
    """Return the cells of an operation with the positions from ``first`` to ``last``, in order."""
    of, packed = CellChange, CellChunk
    rows = select(*(getattr(of, name) for name in _COLUMNS)).where(
        of.batch_id == batch_id, of.operation == operation, of.position.between(first, last)
    )
    found = [StoredCell(*cell) for cell in connection.execute(rows)]
    near = (packed.position <= last, packed.position + packed.cells > first)
    for chunk in connection.execute(_chunks(batch_id).where(packed.operation == operation, *near)):
        found += [
            cell._replace(issues=sound_issues(cell.issues)) if cell.issues else cell
            for cell in unpacked(chunk)
            if first <= cell.position <= last
        ]
    return sorted(found, key=lambda cell: cell.position)


def packed_cells(
    connection: Connection, batch_id: int, after: Sequence[int] | None = None
) -> Iterator[StoredCell]:
    """Yield the packed cells of a batch, by operation and position; only those behind the place ``after``, if it is given."""
    packed, (operation, position) = CellChunk, after or (0, -1)
    is_later = or_(
        packed.operation > operation,
        and_(packed.operation == operation, packed.position + packed.cells > position),
    )
    options = {"stream_results": True, "max_row_buffer": _FETCHED}
    with connection.execute(_chunks(batch_id).where(is_later), execution_options=options) as chunks:
        for chunk in chunks:
            yield from (cell for cell in unpacked(chunk) if cell[1:3] > (operation, position))


def _chunks(batch_id: int) -> Select[Any]:
    columns = (getattr(CellChunk, name) for name in _CHUNK_COLUMNS)
    found = select(*columns).where(CellChunk.batch_id == batch_id)
    return found.order_by(CellChunk.operation, CellChunk.position)


def unpacked(chunk: Sequence[Any]) -> list[StoredCell]:
    """Return the cells of a stored ``chunk``; none if its data is no such array, or its other columns contradict it."""
    batch_id, operation, position, count, first, last, data = chunk
    try:
        cells = json.loads(data)
        sequences = [cell[0] for cell in cells]
        if (count, first, last) != (len(cells), min(sequences), max(sequences)):
            return []
        return [
            StoredCell(batch_id, operation, at, *cell, *(() if len(cell) == _WITH_ISSUES else (None,)))
            for at, cell in enumerate(cells, position)
        ]
    except (TypeError, ValueError, LookupError, RecursionError):
        return []  # Somebody has changed it by SQL, which the seal shows.
