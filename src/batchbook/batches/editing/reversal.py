"""The reversal of an operation: each cell that it changed gets back what it had, unless it was changed again since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select

from batchbook.batches.concurrency import bump_version
from batchbook.batches.editing.bulk import read_rows, write_rows
from batchbook.batches.editing.field_changes import cell_text, editable_by_name
from batchbook.batches.editing.later_changes import LaterChanges
from batchbook.batches.editing.row_marks import mark_rows, note_marks
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.touched_rows import TouchedRows
from batchbook.batches.history import ADD, MARK, REDO, REMOVED, UNDO, Cell, add_cells, record
from batchbook.batches.models import CellChange, Operation
from batchbook.batches.rows.issues import Issue, issue, issues_of, without_issues_of
from batchbook.db import joining_by_hash
from batchbook.db.number_sets import is_among
from batchbook.grid import CellError, Column, Kind, label_of, parse, to_text

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


def value_of(column: Column, text: str, issues: Sequence[Issue]) -> tuple[Any, Sequence[Issue]]:
    """Return the value and the issues of a cell that had ``text`` and ``issues``.

    A text that could not be stored is in one of its issues; where it is not, because the operation is of a version that did
    not keep them, it gets one.
    """
    if issues and any(one["raw"] == text for one in issues):
        return column.blank, issues
    try:
        value = parse(column, text)
    except CellError as error:
        if not text:
            return column.blank, issues
        return column.blank, [*issues, issue(column.name, error.code, error.message, raw=text)]
    is_text = column.kind is Kind.TEXT and value == text.strip()
    return (text if is_text and value else value), issues


def _is_refused(issues: Sequence[Issue]) -> bool:
    """Return whether one of ``issues`` has a text that could not be stored."""
    return bool(issues) and any(one["raw"] is not None for one in issues)


class Reversal:
    """The reversal of the cells of ``operation`` in the batch of ``context``, as the operation ``by`` if any cell changes.

    The cells are read in parts, the last ones first, because an operation may have changed a cell more than once.
    """

    def __init__(self, context: ActionContext, operation: Operation) -> None:
        self._context, self._operation = context, operation
        self.kind = REDO if operation.kind == UNDO else UNDO
        self.by: Operation | None = None
        self.result = Reversed()

    # --- The header ---

    def reverse_header(self) -> bool:
        """Reverse an operation on the header; return whether all rows must be refreshed."""
        context = self._context
        cells = [cell for part in self._parts() for cell in part]
        later = LaterChanges(context, self._operation.number, [0])
        columns = editable_by_name(context.batch_type.header)
        done = [done for cell in cells if (done := self._set_in_header(columns.get(cell.field), cell, later))]
        if done:
            bump_version(context.batch)
            self._store(done)
        return not {cell.field for cell in done}.isdisjoint(context.handler.refresh_after)

    def _set_in_header(self, column: Column | None, cell: Any, later: LaterChanges) -> Cell | None:
        """Give a field of the header what it had; return the changed cell."""
        if column is None:
            self.result.leave(0, cell.field, _not_editable(cell))
            return None
        now, text = to_text(column, getattr(self._context.batch, column.name)), cell.old or ""
        if now == text:
            return None
        author = later.author_of(0, column.name)
        try:
            value = parse(column, text)
        except CellError as error:
            self.result.leave(0, column.name, f"{column.label}: {error.message}")
            return None
        if now != (cell.new or "") and author:
            self.result.leave(0, column.name, f"{column.label} was changed by {self._named(author)} since.")
            return None
        setattr(self._context.batch, column.name, value)
        return Cell(0, column.name, now or None, cell.old)

    # --- Rows ---

    def reverse_rows(self) -> None:
        """Reverse an operation on rows, refresh these, and adjust the counts."""
        context, sequences = self._context, self._sequences()
        touched = TouchedRows(context, sequences, moves=True)
        if self._has_marks_alone():
            for removed in (True, False):
                self._reverse_marks(removed=removed)
        else:
            self._reverse_cells()
        if self.result.sequences:
            touched.refresh(self.result.sequences)

    def _has_marks_alone(self) -> bool:
        """Return whether the operation has done nothing but remove or restore rows."""
        change = CellChange
        others = exists().where(self._of_operation, or_(change.field != REMOVED, change.old.is_(None)))
        return not self._context.session.scalar(select(others))

    def _reverse_marks(self, *, removed: bool) -> None:
        """Remove, or restore, the rows that were removed, or not, before the operation."""
        context, row, change = self._context, self._context.row, CellChange
        marked = select(change.sequence).where(self._of_operation, change.old == MARK[removed])
        wanted: ColumnElement[bool] = row.sequence.in_(marked)
        with joining_by_hash(context.session):
            if removed and (left := [*self._changed_by_others(wanted)]):
                wanted = and_(wanted, ~is_among(row.sequence, left, context.session.get_bind().dialect))
            count = mark_rows(context, wanted, removed=removed)
            if not count:
                return
            note_marks(context, self._recorded(), count, removed=removed, condition=wanted)
            changed = (row.batch_id == context.batch.id, row.removed.is_(removed), wanted)
            found = select(row.sequence).where(*changed, row.modified_at == context.now)
            self.result.sequences.update(context.session.connection().execute(found).scalars())
        self.result.cells += count

    def _changed_by_others(self, wanted: ColumnElement[bool]) -> Iterator[int]:
        """Yield the numbers of the ``wanted`` rows that have been changed since and must not disappear; note that they are left.

        Those that are removed already stay so.
        """
        if not self._is_followed:
            return
        row = self._context.row
        present = select(row.sequence).where(row.batch_id == self._context.batch.id, ~row.removed, wanted)
        found = self._context.session.connection().execute(present.order_by(row.sequence))
        later = self._later(found.scalars().all())
        for sequence in later.sequences:
            if self._refuses_removal(sequence, later):
                yield sequence

    def _reverse_cells(self) -> None:
        read = 0
        for part in self._parts():
            self._reverse_part(part)
            read += len(part)
            self._context.progress.report("change cells", read, self._operation.cells)

    def _sequences(self) -> Sequence[int]:
        change = CellChange
        statement = select(change.sequence).where(self._of_operation).distinct()
        found = self._context.session.connection().execute(statement.order_by(change.sequence))
        return found.scalars().all()

    @property
    def _of_operation(self) -> ColumnElement[bool]:
        change = CellChange
        return and_(change.batch_id == self._context.batch.id, change.operation == self._operation.number)

    def _parts(self) -> Iterator[list[Row[Any]]]:
        """Yield the operation's cells, the last ones first."""
        change = CellChange
        columns = (change.position, change.sequence, change.field, change.old, change.new, change.issues)
        before = self._operation.cells
        while before > 0:
            statement = select(*columns).where(self._of_operation, change.position < before)
            statement = statement.order_by(change.position.desc()).limit(AT_A_TIME)
            part = self._context.session.connection().execute(statement).all()
            if not part:
                return
            yield list(part)
            before = part[-1].position

    @cached_property
    def _added(self) -> range:
        """The numbers of the rows that the operation added. They follow one another."""
        change = CellChange
        statement = select(func.min(change.sequence), func.max(change.sequence)).where(self._of_operation)
        marked = statement.where(change.field == REMOVED, change.old.is_(None))
        first, last = self._ends(marked)
        if first is None and self._operation.kind == ADD:  # Of a version that did not mark added rows.
            first, last = self._ends(statement)
        return range(0) if first is None or last is None else range(first, last + 1)

    def _later(self, sequences: Sequence[int]) -> LaterChanges:
        """Return the later changes in the rows with these ``sequences``."""
        return LaterChanges(self._context, self._operation.number, sequences if self._is_followed else ())

    @cached_property
    def _is_followed(self) -> bool:
        """Whether a later operation has changed cells."""
        of = Operation
        later = and_(of.batch_id == self._context.batch.id, of.number > self._operation.number, of.cells > 0)
        return bool(self._context.session.scalar(select(exists().where(later))))

    def _ends(self, statement: Select[int, int]) -> tuple[int | None, int | None]:
        first, last = self._context.session.execute(statement).one()
        return first, last

    @cached_property
    def _columns(self) -> Mapping[str, Column]:
        return editable_by_name(self._context.row)

    def _reverse_part(self, part: Sequence[Row[Any]]) -> None:
        """Reverse the cells of ``part``, and store what changed."""
        context = self._context
        sequences = sorted({cell.sequence for cell in part})
        later = self._later(sequences)
        read = read_rows(context, sequences, {cell.field for cell in part})
        rows = {row.sequence: row for row in read}
        done, added = [], set()
        for cell in part:
            sequence, row = cell.sequence, rows[cell.sequence]
            if sequence in self._added:
                # Removed as a whole, whatever else was stored in it.
                changed = None if sequence in added else self._mark(row, True, later)
                added.add(sequence)
            elif cell.field == REMOVED:
                changed = self._mark(row, cell.old == MARK[True], later)
            else:
                changed = self._set(row, cell, later)
            if changed:
                done.append(changed)
        changed_rows = [row for row in rows.values() if row.changes]
        write_rows(context, changed_rows, self._columns)
        self.result.sequences.update(row.sequence for row in changed_rows)
        self._store(done)

    def _mark(self, row: Any, removed: bool, later: LaterChanges) -> Cell | None:
        """Remove or restore ``row``; return the changed cell."""
        if row.removed == removed or (removed and self._refuses_removal(row.sequence, later)):
            return None
        row.removed = removed
        return Cell(row.sequence, REMOVED, MARK[not removed], MARK[removed])

    def _refuses_removal(self, sequence: int, later: LaterChanges) -> bool:
        """Return whether a row was changed since, which must not disappear with it; note that it is left."""
        author = later.author_in(sequence)
        if author:
            self.result.leave(
                sequence, REMOVED, f"Row {sequence} was changed by {self._named(author)} since."
            )
        return author is not None

    def _set(self, row: Any, cell: Any, later: LaterChanges) -> Cell | None:
        """Give a cell of ``row`` what it had; return the changed cell."""
        column, sequence = self._columns.get(cell.field), row.sequence
        if column is None:
            self.result.leave(sequence, cell.field, _not_editable(cell))
            return None
        now, text = cell_text(column, row), cell.old or ""
        value, issues = value_of(column, text, cell.issues or ())
        had = issues_of(row.issues, column.name)
        if now == text and _is_refused(issues) == _is_refused(had):
            return None
        refusal = self._refusal(row, column, later, is_other=now != (cell.new or ""))
        if refusal is not None:
            self.result.leave(sequence, column.name, f"{column.label} in row {sequence}{refusal}")
            return None
        setattr(row, column.name, value)
        if row.issues or issues:
            row.issues = [*(without_issues_of(row.issues, column.name) or ()), *issues] or None
        return Cell(sequence, column.name, now or None, cell.old, had)

    def _refusal(self, row: Any, column: Column, later: LaterChanges, *, is_other: bool) -> str | None:
        """Return the end of the sentence on why a cell is left alone; ``is_other`` tells that it is not as the operation left it."""
        if row.removed:
            author = later.author_of(row.sequence, REMOVED)
            return (
                f": the row was removed by {self._named(author)} since."
                if author
                else ": the row was removed."
            )
        author = later.author_of(row.sequence, column.name) if is_other else None
        return f" was changed by {self._named(author)} since." if author else None

    def _named(self, author: str) -> str:
        return "you" if author == self._context.actor else author

    def _store(self, cells: Sequence[Cell]) -> None:
        if cells:
            add_cells(self._context.session, self._recorded(), cells)
            self.result.cells += len(cells)

    def _recorded(self) -> Operation:
        if self.by is None:
            context = self._context
            self.by = record(
                context.handler_context, context.batch, self.kind, "", reverses=self._operation.number
            )
        return self.by


def _not_editable(cell: Any) -> str:
    return f"{label_of(cell.field)} cannot be edited any more."
