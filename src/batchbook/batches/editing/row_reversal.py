"""The reversal of an operation on rows: their cells get back what they had, and rows are restored or removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, select

from batchbook.batches.cell_chunks import StoredCell
from batchbook.batches.editing.bulk import read_rows, write_rows
from batchbook.batches.editing.field_changes import cell_text, editable_by_name
from batchbook.batches.editing.later_changes import LaterChanges
from batchbook.batches.editing.reversal import Reversal, not_editable
from batchbook.batches.editing.row_marks import mark_rows, note_marks
from batchbook.batches.engine.touched_rows import TouchedRows
from batchbook.batches.history import ADD, MARK, REMOVED, Cell
from batchbook.batches.rows.issues import Issue, issue, issues_of, without_issues_of
from batchbook.db.number_sets import is_among
from batchbook.grid import CellError, Column, Kind, parse


def _value_of(column: Column, text: str, issues: Sequence[Issue]) -> tuple[Any, Sequence[Issue]]:
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


class _ChangedRows:
    """The numbers of the rows that an operation changed, of those that it added, and by what they were, of those that it marked."""

    def __init__(self) -> None:
        self.sequences: set[int] = set()
        self.added: set[int] = set()
        self.marked: dict[bool, set[int]] = {True: set(), False: set()}
        #: Whether it has done nothing but remove or restore rows.
        self.has_marks_alone = True

    def note(self, cells: Iterable[StoredCell]) -> None:
        """Note the ``cells`` that it changed."""
        for cell in cells:
            self.sequences.add(cell.sequence)
            if cell.field != REMOVED:
                self.has_marks_alone = False
            elif cell.old is None:
                self.has_marks_alone = False
                self.added.add(cell.sequence)
            else:
                self.marked[cell.old == MARK[True]].add(cell.sequence)


class RowReversal:
    """The part of a ``reversal`` that changes rows."""

    def __init__(self, reversal: Reversal) -> None:
        self._reversal, self._context = reversal, reversal.context

    def reverse(self) -> None:
        """Reverse the operation, refresh its rows and their peers, and adjust the counts."""
        changed = self._changed
        touched = TouchedRows(self._context, sorted(changed.sequences), moves=True)
        if changed.has_marks_alone:
            for removed in (True, False):
                self._reverse_marks(sorted(changed.marked[removed]), removed=removed)
        else:
            self._reverse_cells()
        if self._reversal.result.sequences:
            touched.refresh(self._reversal.result.sequences)

    @cached_property
    def _changed(self) -> _ChangedRows:
        """The rows that the operation changed."""
        changed = _ChangedRows()
        for part in self._reversal.parts():
            changed.note(part)
        return changed

    def _reverse_marks(self, sequences: Sequence[int], *, removed: bool) -> None:
        """Remove, or restore, the rows ``sequences`` of the operation, which were removed, or not, before it."""
        context, row = self._context, self._context.row
        dialect = context.session.get_bind().dialect
        if removed and self._reversal.is_followed:
            left = {*self._changed_by_others(is_among(row.sequence, sequences, dialect))}
            sequences = [sequence for sequence in sequences if sequence not in left]
        wanted = is_among(row.sequence, sequences, dialect)
        if sequences and mark_rows(context, wanted, removed=removed):
            noted = note_marks(context, self._reversal.recorded(), removed=removed, condition=wanted)
            self._reversal.result.sequences.update(noted)
            self._reversal.result.cells += len(noted)

    def _changed_by_others(self, wanted: ColumnElement[bool]) -> Iterator[int]:
        """Yield the numbers of those ``wanted`` rows that have been changed since and must not disappear; note that they are left."""
        row = self._context.row
        kept = select(row.sequence).where(
            row.batch_id == self._context.batch.id, row.removed.is_(False), wanted
        )
        found = self._context.session.connection().execute(kept.order_by(row.sequence))
        later = self._reversal.later(found.scalars().all())
        for sequence in later.sequences:
            if self._refuses_removal(sequence, later):
                yield sequence

    def _reverse_cells(self) -> None:
        read = 0
        for part in self._reversal.parts():
            self._reverse_part(part)
            read += len(part)
            self._context.progress.report("change cells", read, self._reversal.operation.cells)

    @cached_property
    def _added(self) -> range:
        """The numbers of the rows that the operation added. They follow one another."""
        changed = self._changed
        # An earlier version did not mark added rows.
        is_unmarked = not changed.added and self._reversal.operation.kind == ADD
        added = changed.sequences if is_unmarked else changed.added
        return range(min(added), max(added) + 1) if added else range(0)

    @cached_property
    def _columns(self) -> Mapping[str, Column]:
        return editable_by_name(self._context.row, self._context.access)

    def _reverse_part(self, part: Sequence[StoredCell]) -> None:
        """Reverse the cells of ``part``, and store what changed."""
        context = self._context
        sequences = sorted({cell.sequence for cell in part})
        later = self._reversal.later(sequences)
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
        self._reversal.result.sequences.update(row.sequence for row in changed_rows)
        self._reversal.store(done)

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
            self._reversal.result.leave(
                sequence, REMOVED, f"Row {sequence} was changed by {self._reversal.named(author)} since."
            )
        return author is not None

    def _set(self, row: Any, cell: Any, later: LaterChanges) -> Cell | None:
        """Give a cell of ``row`` what it had; return the changed cell."""
        column, sequence = self._columns.get(cell.field), row.sequence
        if column is None:
            self._reversal.result.leave(sequence, cell.field, not_editable(cell))
            return None
        now, text = cell_text(column, row), cell.old or ""
        value, issues = _value_of(column, text, cell.issues or ())
        had = issues_of(row.issues, column.name)
        if now == text and _is_refused(issues) == _is_refused(had):
            return None
        refusal = self._refusal(row, column, later, is_other=now != (cell.new or ""))
        if refusal is not None:
            self._reversal.result.leave(sequence, column.name, f"{column.label} in row {sequence}{refusal}")
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
                f": the row was removed by {self._reversal.named(author)} since."
                if author
                else ": the row was removed."
            )
        author = later.author_of(row.sequence, column.name) if is_other else None
        return f" was changed by {self._reversal.named(author)} since." if author else None
