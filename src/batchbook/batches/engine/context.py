"""The context of one action on one batch, and the lookup of batches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.batches import history
from batchbook.batches.handler import BatchHandler
from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.models import Batch, BatchRow, Operation
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.batches.rows.scope import Rows
from batchbook.errors import Missing
from batchbook.progress import Progress

#: The highest number an integer column holds; beyond it the databases raise instead of finding nothing.
HIGHEST_NUMBER = 2**31 - 1


@dataclass
class ActionContext:
    """Everything one action on one batch works with."""

    context: HandlerContext
    batch_type: BatchType
    batch: Batch
    handler: BatchHandler[Any, Any]

    @property
    def progress(self) -> Progress:
        """Where the action tells how far it is."""
        return self.context.progress

    @property
    def session(self) -> Session:
        """The session of the action."""
        return self.context.session

    @property
    def actor(self) -> str:
        """Who acts."""
        return self.context.actor

    @property
    def now(self) -> datetime:
        """The action's moment, in UTC."""
        return self.context.now

    @property
    def row(self) -> type[BatchRow]:
        """The model of the batch's rows."""
        return self.handler.row_model

    def make_room(self) -> None:
        """Make ready for the rows that are going to be written; those that are there are dropped."""
        tables, declared = self.batch_type.rows, self.handler.per_batch_rows
        columns = declared.columns(self.handler, self.batch) if declared else ()
        tables.make_room(self.session, self.batch, columns)
        self.handler.row_model = tables.of(self.batch)

    def rows(self) -> Rows:
        """Return all rows of the batch that are not removed."""
        return Rows.of_batch(self.session, self.batch, self.row, self.now, self.handler.statuses)

    def record(self, kind: str, summary: str, cells: Iterable[history.Cell] = ()) -> Operation:
        """Write down what was done, in the batch's history."""
        return history.record(self.context, self.batch, kind, summary, cells)


def find_batch(session: Session, types: BatchTypes, batch_id: int, *, lock: bool = False) -> Batch:
    """Return the batch with that number, as its type's header; with ``lock`` nobody else can act on it meanwhile.

    Raises :class:`~batchbook.errors.Missing` if there is none.
    """
    key = (
        session.scalar(select(Batch.type).where(Batch.id == batch_id))
        if 0 < batch_id <= HIGHEST_NUMBER
        else None
    )
    if key is None:
        raise Missing(f"There is no batch {batch_id:08d}. It may have been deleted.")
    header = types[key].header
    statement = select(header).where(header.id == batch_id).execution_options(populate_existing=True)
    if lock:
        # Only the header itself: PostgreSQL locks no row that an outer join may lack.
        statement = statement.with_for_update(of=[Batch, header])
    batch = session.scalars(statement).one_or_none()
    if batch is None:
        raise Missing(f"There is no batch {batch_id:08d}. It may have been deleted.")
    return batch
