"""The context of one action on one batch: its lookup, and the counts of its rows, made by SQL and stored in its header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ColumnElement, func, select
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


#: Where a header keeps, among what the framework knows of it, how many of its rows have problems.
_PROBLEMS = "problem_rows"


@dataclass(frozen=True)
class Tally:
    """How many of some rows are removed, and how many of the others have which status ("" for none), and issues."""

    removed: int
    statuses: Counter[str]
    problems: int

    @classmethod
    def of(cls, work: ActionContext, where: ColumnElement[bool]) -> Self:
        """Count the rows that satisfy ``where``."""
        row = work.row
        groups = select(row.removed, row.status, func.count(), func.count(row.issues)).where(where)
        counted = work.session.execute(groups.group_by(row.removed, row.status)).all()
        kept = [found for found in counted if not found.removed]
        statuses = Counter({status or "": count for _, status, count, _ in kept})
        return cls(sum(found[2] for found in counted if found.removed), statuses, sum(n for *_, n in kept))

    @classmethod
    def of_all(cls, work: ActionContext) -> Self:
        """Count all rows of the batch."""
        return cls.of(work, work.row.batch_id == work.batch.id)

    @classmethod
    def said_by(cls, work: ActionContext) -> Self:
        """Return what the batch's header says; count all rows where it does not say everything yet."""
        batch = work.batch
        if _PROBLEMS not in batch.params:
            return cls.of_all(work)
        return cls(batch.removed_count, Counter(batch.status_counts), batch.params[_PROBLEMS])

    def __add__(self, other: Tally) -> Tally:
        """Return the tally of these rows and others."""
        return Tally(
            self.removed + other.removed, self.statuses + other.statuses, self.problems + other.problems
        )

    def __sub__(self, part: Tally) -> Tally:
        """Return the tally of these rows without those of ``part``."""
        return Tally(
            self.removed - part.removed, self.statuses - part.statuses, self.problems - part.problems
        )


def problem_rows(work: ActionContext) -> int:
    """Return how many rows of the batch that are not removed have problems."""
    return Tally.said_by(work).problems


def recount(work: ActionContext) -> None:
    """Bring the header's counts and status up to date with the rows, by SQL."""
    keep(work, Tally.of_all(work))


def keep(work: ActionContext, tally: Tally) -> None:
    """Write the batch's ``tally`` into its header, and the status that follows from it."""
    batch = work.batch
    batch.row_count = tally.removed + tally.statuses.total()
    batch.removed_count = tally.removed
    batch.status_counts = dict(tally.statuses)
    batch.params = batch.params | {_PROBLEMS: tally.problems}
    batch.status = work.handler.header_status(batch)
