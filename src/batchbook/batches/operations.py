"""The history of a batch: every action of a person is one operation, with the cells it changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from batchbook.batches.models import Batch, CellChange, Operation
from batchbook.db.bulk import bulk_insert

_CELL_COLUMNS = ("batch_id", "operation", "position", "sequence", "field", "old", "new")


@dataclass(frozen=True)
class Cell:
    """A cell that changed: the row's sequence (0 for the header), its field, and its text before and after."""

    sequence: int
    field: str
    old: str | None
    new: str | None


def record(
    session: Session,
    batch: Batch,
    kind: str,
    summary: str,
    *,
    actor: str,
    now: datetime,
    cells: Iterable[Cell] = (),
) -> Operation:
    """Write down what ``actor`` did to ``batch``. The caller holds the batch's lock, so numbers do not collide."""
    highest = session.scalar(select(func.max(Operation.number)).where(Operation.batch_id == batch.id)) or 0
    changed = list(cells)
    operation = Operation(
        batch_id=batch.id,
        number=highest + 1,
        kind=kind,
        at=now,
        actor=actor,
        summary=summary,
        cells=len(changed),
    )
    session.add(operation)
    session.flush()  # The cells, written in bulk below, refer to it.
    if changed:
        rows: Iterable[tuple[Any, ...]] = (
            (batch.id, operation.number, position, cell.sequence, cell.field, cell.old, cell.new)
            for position, cell in enumerate(changed)
        )
        table = CellChange.metadata.tables[CellChange.__tablename__]
        bulk_insert(session.connection(), table, _CELL_COLUMNS, rows)
    return operation
