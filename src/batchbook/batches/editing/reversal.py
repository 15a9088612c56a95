"""The reversal of an operation: each cell that it changed gets back what it had, unless it was changed again since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import and_, exists, select

from batchbook.batches.cell_chunks import StoredCell, cells_between
from batchbook.batches.editing.field_changes import editable_by_name
from batchbook.batches.editing.later_changes import LaterChanges
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.history import REDO, UNDO, Cell, add_cells, bump_version, record
from batchbook.batches.models import Operation
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.grid import CellError, Column, label_of, parse, to_text

#: The number of cells that are read and written together.
AT_A_TIME = 5_000
#: The most cells that are named among those that were left alone.
NAMED = 20


@dataclass(frozen=True)
class LeftAlone:
    """A cell that was not reversed, and the reason as a sentence; ``sequence`` is that of its row, 0 for the header."""

    sequence: int
    field: str
    reason: str


@dataclass
class Reversed:
    """The result of a reversal: the number of cells that changed, those that were left alone, and the rows.

    ``left`` counts the cells that were left alone, of which ``named`` has the first ones. ``sequences`` are the numbers of
    the rows that changed.
    """

    cells: int = 0
    left: int = 0
    named: list[LeftAlone] = field(default_factory=list)
    sequences: set[int] = field(default_factory=set)

    def leave(self, sequence: int, name: str, reason: str) -> None:
        """Count a cell that is left alone."""
        self.left += 1
        if len(self.named) < NAMED:
            self.named.append(LeftAlone(sequence, name, reason))


class Reversal:
    """The reversal of the cells of ``operation`` in the batch of ``context``, as the operation ``by`` if any cell changes.

    :func:`reverse_header` and :class:`~batchbook.batches.editing.row_reversal.RowReversal` carry it out. The cells are read in
    parts, the last ones first, because an operation may have changed a cell more than once.
    """

    def __init__(self, context: ActionContext, operation: Operation) -> None:
        self.context, self.operation = context, operation
        self.kind = REDO if operation.kind == UNDO else UNDO
        self.by: Operation | None = None
        self.result = Reversed()

    def parts(self) -> Iterator[list[StoredCell]]:
        """Yield the operation's cells, the last ones first."""
        connection, of = self.context.session.connection(), self.operation
        for before in range(of.cells, 0, -AT_A_TIME):
            part = cells_between(connection, of.batch_id, of.number, before - AT_A_TIME, before - 1)
            if part:
                yield part[::-1]

    def later(self, sequences: Sequence[int]) -> LaterChanges:
        """Return the later changes in the rows with these ``sequences``."""
        return LaterChanges(self.context, self.operation.number, sequences if self.is_followed else ())

    @cached_property
    def is_followed(self) -> bool:
        """Whether a later operation has changed cells."""
        of = Operation
        later = and_(of.batch_id == self.context.batch.id, of.number > self.operation.number, of.cells > 0)
        return bool(self.context.session.scalar(select(exists().where(later))))

    def named(self, author: str) -> str:
        """Return the name of the ``author`` of a change in a sentence for the actor."""
        return "you" if author == self.context.actor else author

    def store(self, cells: Sequence[Cell]) -> None:
        """Add the ``cells`` that changed to the operation that reverses."""
        if cells:
            add_cells(self.context.session, self.recorded(), cells)
            self.result.cells += len(cells)

    def recorded(self) -> Operation:
        """Return the operation that reverses, which is added to the history with the first cell."""
        if self.by is None:
            context = self.context
            self.by = record(
                context.handler_context, context.batch, self.kind, "", reverses=self.operation.number
            )
        return self.by


def reverse_header(reversal: Reversal) -> bool:
    """Reverse an operation on the header; return whether all rows must be refreshed."""
    context = reversal.context
    cells = [cell for part in reversal.parts() for cell in part]
    later = LaterChanges(context, reversal.operation.number, [0])
    columns = editable_by_name(context.batch_type.header, EVERYTHING)
    done = [
        done for cell in cells if (done := _set_in_header(reversal, columns.get(cell.field), cell, later))
    ]
    if done:
        bump_version(context.batch)
        reversal.store(done)
    return not {cell.field for cell in done}.isdisjoint(context.handler.refresh_after)


def _set_in_header(reversal: Reversal, column: Column | None, cell: Any, later: LaterChanges) -> Cell | None:
    """Give a field of the header what it had; return the changed cell."""
    if column is None:
        reversal.result.leave(0, cell.field, not_editable(cell))
        return None
    now, text = to_text(column, getattr(reversal.context.batch, column.name)), cell.old or ""
    if now == text:
        return None
    author = later.author_of(0, column.name)
    try:
        value = parse(column, text)
    except CellError as error:
        reversal.result.leave(0, column.name, f"{column.label}: {error.message}")
        return None
    if now != (cell.new or "") and author:
        reversal.result.leave(
            0, column.name, f"{column.label} was changed by {reversal.named(author)} since."
        )
        return None
    setattr(reversal.context.batch, column.name, value)
    return Cell(0, column.name, now or None, cell.old)


def not_editable(cell: Any) -> str:
    """Return the reason why a ``cell`` of the history cannot be reversed whose column is none that can be edited now."""
    return f"{label_of(cell.field)} cannot be edited any more."
