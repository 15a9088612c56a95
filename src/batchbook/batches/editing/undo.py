"""Undo and redo, for each person and batch, as operations that reverse earlier ones. Nothing leaves the history.

The latest operation of a person that is not reversed is undone first. An undo is redone by reversing it in turn, until its
author changes something else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, exists, func, select

from batchbook.batches.changed_cells import ChangedCell
from batchbook.batches.changed_rows import REMOVED
from batchbook.batches.editing.field_changes import READ_ONLY, edited_by_name
from batchbook.batches.editing.reversal import LeftAlone, Reversal, Reversed, reverse_header
from batchbook.batches.editing.reversible import Reversible, is_reversible, next_redo, next_undo, original_of
from batchbook.batches.editing.row_reversal import RowReversal
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.history import REDO, UNDO
from batchbook.batches.matching.memory import follow_reversal
from batchbook.batches.models import Operation
from batchbook.batches.policies.field_access import MASKED, masked_operations
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.errors import Conflict, Missing, Refused
from batchbook.words import counted


@dataclass(frozen=True)
class UndoResult:
    """The result of an undo or redo: the number of its operation, if any, a sentence, and the number of cells that changed.

    ``left`` counts the cells that were left alone, of which ``skipped`` has the first ones. ``sequences`` are the numbers of
    the rows that changed; ``None`` if they are too many.
    """

    operation: int | None
    message: str
    undone: int = 0
    left: int = 0
    skipped: list[LeftAlone] = field(default_factory=list)
    sequences: list[int] | None = None


class OvertakenError(Conflict):
    """The refusal to reverse an operation of whose cells some were changed again; ``result`` has the numbers that it would have had."""

    def __init__(self, result: UndoResult) -> None:
        super().__init__(f"Nothing was changed. {_reasons(result.skipped, result.left)}")
        self.result = result


class TooManyCellsError(Conflict):
    """The refusal to look at so many cells at once: those of the operation ``first`` and of the earlier ones behind it."""

    def __init__(self, first: Reversible) -> None:
        super().__init__("Nothing was changed: a job has to look at so many cells.")
        self.first = first


class Undoer:
    """The undo and redo of operations on the batches that ``engine`` works on.

    Cells that were changed again since are left alone. All methods raise ``Conflict`` if there is nothing to reverse, and
    as :meth:`~batchbook.batches.engine.engine.Engine.lock` does. ``is_big`` says of a number of cells that they are too many
    to look at now; without it, none is.
    """

    def __init__(self, engine: Engine, is_big: Callable[[int], bool] = lambda _cells: False) -> None:
        self.engine = engine
        self._is_big = is_big

    def touches(self, batch_id: int, number: int) -> int:
        """Return the number of rows that the reversal of the operation ``number`` would change or, for the header, refresh."""
        context = self.engine.context_of(self.engine.find(batch_id))
        change = ChangedCell
        of_operation = and_(change.batch_id == batch_id, change.operation == number)
        names = context.handler.refresh_after
        refreshed = exists().where(of_operation, change.sequence == 0, change.field.in_(names))
        if names and context.session.scalar(select(refreshed)):
            return context.batch.row_count
        rows = select(func.count(change.sequence.distinct())).where(of_operation, change.sequence > 0)
        return context.session.scalar(rows) or 0

    def undo(self, batch_id: int, expected: int | None = None) -> UndoResult:
        """Undo the actor's latest operation that is not undone; return what changed.

        One whose cells were all changed again is passed over. Raises :class:`TooManyCellsError` if these have too many cells, and
        ``Conflict`` if the latest operation is not the one with the number ``expected``, where that is given.
        """
        return self._next(batch_id, UNDO, expected)

    def redo(self, batch_id: int, expected: int | None = None) -> UndoResult:
        """Redo the operation that the actor undid last, unless they changed anything since; return and raise as :meth:`undo`."""
        return self._next(batch_id, REDO, expected)

    def _next(self, batch_id: int, kind: str, expected: int | None) -> UndoResult:
        with self.engine.editing(batch_id) as context:
            first = _demand_next(context, kind, expected)
            found: Reversible | None = first
            cells, refusal = 0, ""
            for _ in range(_PASSED_OVER):
                if found is None:
                    break
                cells += found.cells
                if self._is_big(cells):
                    raise TooManyCellsError(first)
                result = self._reverse(context, found.number)
                if result.undone:
                    return result
                refusal = refusal or result.message
                found = _NEXT[kind](context.session, batch_id, context.actor, found.number)
            raise Conflict(refusal)

    def reverse(self, batch_id: int, number: int, *, partly: bool = False) -> UndoResult:
        """Undo the operation ``number``, whoever did it, or redo it if it is an undo; return what changed.

        Raises :class:`OvertakenError` if one of its cells was changed again, or with ``partly`` if all were; nothing is stored
        then.
        """
        with self.engine.editing(batch_id) as context:
            result = self._reverse(context, number)
            if result.left and (not partly or not result.undone):
                raise OvertakenError(result)
            if not result.undone:
                raise Conflict(result.message)
            return result

    def _reverse(self, context: ActionContext, number: int) -> UndoResult:
        operation = _demand(context, number)
        _refuse_read_only(context, operation)
        reversal = Reversal(context, operation)
        if _is_of_header(context, operation):
            is_refreshed = reverse_header(reversal)
        else:
            is_refreshed = False
            RowReversal(reversal).reverse()
        done, by = reversal.result, reversal.by
        original, memory = original_of(context.session, operation), ""
        if by is not None:
            by.summary = _summary(reversal.kind, original.summary, done)
            context.session.flush()
            memory = follow_reversal(context, original, by)
        if is_refreshed:
            self.engine.refresh_or_refuse(context.batch.id)
        sequences = sorted(done.sequences)
        return UndoResult(
            None if by is None else by.number,
            f"{_message(reversal.kind, _told(context, original), done)} {memory}".strip(),
            done.cells,
            done.left,
            done.named,
            sequences if len(sequences) <= ROWS_TOLD else None,
        )


#: The most operations that an undo passes over because their cells were changed again.
_PASSED_OVER = 50
#: The most reasons that a message quotes.
_QUOTED = 3
#: The most rows whose numbers are told.
ROWS_TOLD = 500
_NOTHING = {UNDO: "changed nothing that is not undone", REDO: "undone nothing since your last change"}
_NEXT = {UNDO: next_undo, REDO: next_redo}


def _demand_next(context: ActionContext, kind: str, expected: int | None) -> Reversible:
    """Return the operation that the actor undoes or redoes next; raise ``Conflict`` if that is nothing, or not the one ``expected``."""
    found = _NEXT[kind](context.session, context.batch.id, context.actor)
    if expected is not None and (found is None or found.number != expected):
        raise Conflict(
            f"You have changed, undone or redone something in {context.batch} since you asked for this, so nothing was changed."
            f" {kind.capitalize()} again if you still want to."
        )
    if found is None:
        raise Conflict(f"There is nothing to {kind}: you have {_NOTHING[kind]} in {context.batch}.")
    return found


def _demand(context: ActionContext, number: int) -> Operation:
    """Return the operation ``number``; raise ``Missing`` or ``Conflict`` if it cannot be reversed."""
    key = (context.batch.id, number)
    operation = context.session.get(Operation, key) if 0 < number <= HIGHEST_NUMBER else None
    if operation is None:
        raise Missing(f"{context.batch} has no operation {number}.")
    if not context.session.scalar(select(exists().where(_is(operation), is_reversible()))):
        by = context.session.scalar(
            select(Operation).where(Operation.batch_id == context.batch.id, Operation.reverses == number)
        )
        if by is not None:
            done = "undone" if by.kind == UNDO else "redone"
            raise Conflict(f"Operation {number} was {done} already, by {by.actor}. Nothing was changed.")
        raise Conflict(f"Operation {number} changed no cells that could be undone. Nothing was changed.")
    return operation


def _refuse_read_only(context: ActionContext, operation: Operation) -> None:
    """Raise ``Refused`` if ``operation`` changed a column of rows that the actor may not edit."""
    change, access = ChangedCell, context.access
    if access == EVERYTHING:
        return
    fields = select(change.field).where(
        change.batch_id == context.batch.id,
        change.operation == operation.number,
        change.sequence > 0,
        change.field != REMOVED,
    )
    refused = [
        name for name in sorted({*context.session.scalars(fields.distinct())}) if not access.edits(name)
    ]
    if refused:
        seen = edited_by_name(context.row, access)
        named = [seen[name].label for name in refused if name in seen]
        what = f"{named[0]}, which {READ_ONLY}" if named else "columns that your role does not allow editing."
        raise Refused(f"Operation {operation.number} changed {what} Nothing was changed.")


def _told(context: ActionContext, original: Operation) -> str:
    """Return the sentence of ``original`` as far as the actor may read it."""
    masked = masked_operations(context.session, context.batch.id, context.access)
    return MASKED if original.number in masked else original.summary


def _is(operation: Operation) -> ColumnElement[bool]:
    return and_(Operation.batch_id == operation.batch_id, Operation.number == operation.number)


def _is_of_header(context: ActionContext, operation: Operation) -> bool:
    change = ChangedCell
    first = select(change.sequence).where(
        change.batch_id == context.batch.id, change.operation == operation.number
    )
    return context.session.scalar(first.order_by(change.position).limit(1)) == 0


def _summary(kind: str, original: str, done: Reversed) -> str:
    left = f" {counted(done.left, 'cell was', 'cells were')} left alone." if done.left else ""
    return f"{'Undid' if kind == UNDO else 'Redid'}: {original}{left}"


def _message(kind: str, original: str, done: Reversed) -> str:
    reasons = _reasons(done.named, done.left)
    if done.cells:
        return f"{_summary(kind, original, done)} {reasons}".strip()
    if done.left:
        return f"Nothing of this could be {'undone' if kind == UNDO else 'redone'}: {original} {reasons}"
    when = "before" if kind == UNDO else "after"
    return f"Nothing was changed, because everything is as it was {when} this already: {original}"


def _reasons(named: Sequence[LeftAlone], count: int) -> str:
    """Return the first reasons why cells were left alone, of which there are ``count``."""
    reasons = [one.reason for one in named[:_QUOTED]]
    more = count - len(reasons)
    return " ".join([*reasons, *([f"And {counted(more, 'more cell')}."] if more else [])])
