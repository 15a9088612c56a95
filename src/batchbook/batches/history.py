"""The history of a batch: one operation for each action, with the cells that it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from batchbook.batches.cell_chunks import write_cells
from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.models import Batch, Operation
from batchbook.batches.rows.issues import Issue
from batchbook.db.bulk_writing import bulk_insert
from batchbook.db.transactions import acted_by

#: The kinds of operations for an action that failed, was refused, or was cancelled.
FAILURE, REFUSAL, CANCEL = "failure", "refusal", "cancel"
#: The kind of an operation whose cells nobody has changed: rows got the keys of remembered matches.
REMEMBERED = "remembered"
#: The kind of the operation for choices about how a batch's file is read.
INTAKE = "intake"
#: The kinds of operations that add a row, that reverse another operation, and that reverse an undo.
ADD, UNDO, REDO = "add", "undo", "redo"
#: What people read for each kind of operation of the application itself.
KINDS: Mapping[str, str] = {
    "create": "Created",
    "clone": "Cloned",
    "follow-up": "Created as a follow-up",
    "made-of": "Created from other rows",
    "made-into": "Made into another batch",
    "reverse": "Created as a reversal",
    "intake": "Reading of the file chosen",
    "populate": "Populated",
    "refresh": "Refreshed",
    REMEMBERED: "Matched as remembered",
    "match": "Matched",
    "edit": "Edited",
    "paste": "Pasted",
    "fill": "Filled",
    "clear": "Cleared",
    "cut": "Cut",
    "change": "Column changed",
    "fix": "Fixed",
    "merge": "Values merged",
    "worksheet": "Corrections applied",
    "replay": "Earlier corrections applied",
    ADD: "Row added",
    "remove": "Rows removed",
    "restore": "Rows restored",
    UNDO: "Undone",
    REDO: "Redone",
    "comment": "Commented on",
    "hand-over": "Handed over",
    "complete": "Marked complete",
    "reopen": "Reopened",
    "send-back": "Sent back",
    "approve": "Approved",
    "schedule": "Scheduled",
    "unschedule": "Schedule cancelled",
    "sign": "Signed",
    "execute": "Executed",
    REFUSAL: "Refused",
    FAILURE: "Failed",
    CANCEL: "Cancelled",
}
#: Those whose action did not take place.
WITHOUT_EFFECT = (FAILURE, REFUSAL, CANCEL)

_OPERATION_COLUMNS = ("batch_id", "number", "kind", "at", "actor", "summary", "cells", "acted_by", "reason")

#: The field of the cells that tell of the removal of rows, and the texts of the mark.
REMOVED, MARK = "removed", {True: "yes", False: "no"}


class Cell(NamedTuple):
    """A cell that changed: the row's sequence (0 for the header), its field, and its text before and after.

    ``issues`` are those that it had before. A tuple, because an operation may have very many of them.
    """

    sequence: int
    field: str
    old: str | None
    new: str | None
    issues: Sequence[Issue] | None = None


def added_row(sequence: int) -> Cell:
    """Return the cell that tells that the row with the number ``sequence`` was added."""
    return Cell(sequence, REMOVED, None, MARK[False])


def record(
    context: HandlerContext,
    batch: Batch,
    kind: str,
    summary: str,
    cells: Iterable[Cell] = (),
    reverses: int | None = None,
    *,
    reason: str | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> Operation:
    """Add an operation to the history of ``batch``, which the caller has locked.

    ``kind`` is a short code, ``summary`` a sentence for people, ``reverses`` the number of the operation that it reverses.
    ``reason`` is the person's, by default that of the whole action; ``evidence`` as in :class:`Operation`.
    """
    session = context.session
    changed = list(cells)
    operation = Operation(
        batch_id=batch.id,
        number=_next(batch.id),
        kind=kind,
        at=context.now,
        actor=context.actor,
        summary=summary,
        cells=len(changed),
        reverses=reverses,
        acted_by=acted_by(session),
        reason=reason or context.reason,
        evidence=None if evidence is None else dict(evidence),
    )
    session.add(operation)
    session.flush()  # The cells, written in bulk below, refer to it.
    write_cells(session, operation, 0, changed)
    return operation


def _next(batch_id: int) -> Any:
    """Return the number of the next operation, which the INSERT itself works out."""
    highest = select(func.coalesce(func.max(Operation.number), 0)).where(Operation.batch_id == batch_id)
    return highest.scalar_subquery() + 1


def record_all(context: HandlerContext, kind: str, summaries: Mapping[int, str]) -> None:
    """Add an operation without cells to the history of each of several batches, which the caller has locked.

    ``summaries`` has a sentence for each, by the number of the batch. The number of statements does not depend on theirs.
    """
    highest = select(Operation.batch_id, func.max(Operation.number).label("last"))
    known = highest.where(Operation.batch_id.in_(summaries)).group_by(Operation.batch_id)
    last = {row.batch_id: row.last for row in context.session.execute(known)}
    how = acted_by(context.session)
    rows = (
        (
            batch_id,
            last.get(batch_id, 0) + 1,
            kind,
            context.now,
            context.actor,
            summary,
            0,
            how,
            context.reason,
        )
        for batch_id, summary in summaries.items()
    )
    table = Operation.metadata.tables[Operation.__tablename__]
    bulk_insert(context.session.connection(), table, _OPERATION_COLUMNS, rows)


def last_operation(session: Session, batch_id: int) -> int:
    """Return the number of the last operation on a batch, which grows with each change of its rows; 0 without history."""
    return session.scalar(_LAST_NUMBER, {"batch_id": batch_id}) or 0


#: Made once, because every window of a batch's rows asks it.
_LAST_NUMBER = select(func.max(Operation.number)).where(Operation.batch_id == bindparam("batch_id"))


def bump_version(batch: Batch) -> None:
    """Give a header its next version, so that forms of older pages are refused."""
    batch.version += 1


def note_failure(context: HandlerContext, batch: Batch, sentence: str) -> None:
    """Store the ``sentence`` on a failed action in the header and the history of ``batch``, which the caller has locked."""
    batch.failure = sentence
    bump_version(batch)
    record(context, batch, FAILURE, sentence)


def add_cells(session: Session, operation: Operation, cells: Iterable[Cell]) -> None:
    """Add cells to an ``operation`` that is stored already, for edits with too many cells to hold in memory."""
    changed = list(cells)
    write_cells(session, operation, operation.cells, changed)
    operation.cells += len(changed)
