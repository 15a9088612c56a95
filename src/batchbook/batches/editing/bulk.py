"""The editor of cells in many rows, as one operation and without a statement for each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlalchemy import select

from batchbook.batches.concurrency import next_row_version
from batchbook.batches.editing.cell_review import CellReview
from batchbook.batches.editing.editors import set_values
from batchbook.batches.editing.field_changes import (
    Change,
    Target,
    changes_of,
    columns_named,
    editable_by_name,
)
from batchbook.batches.editing.new_rows import NewRows
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.refresh import peer_names
from batchbook.batches.engine.touched_rows import TouchedRows, rows_called
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.history import add_cells, record
from batchbook.batches.models import Operation
from batchbook.batches.rows.scope import RowProxy
from batchbook.db.bulk_writing import bulk_update, chunked
from batchbook.errors import Conflict, Missing
from batchbook.grid import CANONICAL, Column, Conventions
from batchbook.grid.cells import is_readable

#: The number of rows that are read and written together.
AT_A_TIME = 2_000

_KEY = ("batch_id", "sequence")
#: The columns that are read of every row that is edited.
_READ = (*_KEY, "issues", "removed", "version")
_NO_VERSIONS: Mapping[int, int] = MappingProxyType({})

#: The submitted texts, by sequence of the row and by field.
Texts = Mapping[int, Mapping[str, str]]


@dataclass(frozen=True)
class BulkEditResult:
    """The numbers of rows and of cells that an edit changed, and the number of its operation, if it changed any."""

    rows: int = 0
    cells: int = 0
    operation: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class CellEdits:
    """Edits of many cells: ``texts`` for rows that are there, and texts by field for each row to ``add``.

    ``seen`` has the texts on which the edit is based, where they are known. Numbers are written by the ``conventions``.
    """

    texts: Texts
    seen: Texts = field(default_factory=dict)
    add: Sequence[Mapping[str, str]] = ()
    conventions: Conventions = CANONICAL


class BulkEditor:
    """The editor of many rows of the batches that ``engine`` works on; each edit is one operation."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def edit(
        self, batch_id: int, texts: Texts, kind: str, summary: str, versions: Mapping[int, int] = _NO_VERSIONS
    ) -> BulkEditResult:
        """Store ``texts``, by sequence and field, in the batch's rows; return the numbers of changes.

        ``kind`` and ``summary`` go into the history. ``versions`` has, by sequence, the versions on which the edit is
        based; rows without one are not checked. A text that means the same as the current value changes nothing. Raises
        as :meth:`RowEditor.edit` does, for the first row that is refused; nothing is stored then.
        """
        with self.engine.editing(batch_id) as context:
            columns = _columns_of(context, texts)
            strict = _Strict(columns, versions, texts)
            edit = _ManyEdit(context, kind, sorted(texts), columns, strict.changes, columns)
            return edit.store(lambda _result: summary)

    def edit_cells(
        self, batch_id: int, edits: CellEdits, kind: str, summary: Callable[[BulkEditResult], str]
    ) -> tuple[BulkEditResult, CellReview]:
        """Store those of the ``edits`` that can be stored; return the numbers of changes, and the review of all others.

        ``summary`` makes the sentence for the history. Cells that cannot be edited, texts that cannot be stored, removed
        rows, and cells that somebody else has changed since they were ``seen`` are left as they are. Raises ``Missing`` for a
        row that does not exist, and ``Conflict`` if rows are to be added to a batch whose type does not allow it.
        """
        with self.engine.editing(batch_id) as context:
            review = CellReview.of(context, edits.seen, edits.conventions)
            columns = editable_by_name(context.row, context.access)
            texts = edits.texts
            edit = _ManyEdit(
                context,
                kind,
                sorted(texts),
                columns,
                lambda row: review.changes(row, texts[row.sequence]),
                set().union(*texts.values()),
            )
            return edit.store(summary, NewRows(context, edits.add, review)), review

    def edit_where(
        self,
        batch_id: int,
        chosen: Callable[[ActionContext], Sequence[int]],
        texts_of: Callable[[RowProxy], Mapping[str, str]],
        kind: str,
        summary: Callable[[BulkEditResult], str],
        conventions: Conventions = CANONICAL,
    ) -> tuple[BulkEditResult, CellReview]:
        """Store the texts by field that ``texts_of`` returns for each row; otherwise like :meth:`edit_cells`.

        Numbers in them are written by the ``conventions``. ``chosen`` returns the sequences of the rows, in order. What it raises leaves everything as it is.
        """
        with self.engine.editing(batch_id) as context:
            review = CellReview.of(context, {}, conventions)
            edit = _ManyEdit(
                context,
                kind,
                chosen(context),
                editable_by_name(context.row, context.access),
                lambda row: review.changes(row, texts_of(row)),
            )
            return edit.store(summary), review


@dataclass(frozen=True)
class _Strict:
    """A review that accepts all texts of a row or raises; see :meth:`BulkEditor.edit`."""

    columns: Mapping[str, Column]
    versions: Mapping[int, int]
    texts: Texts

    def changes(self, row: RowProxy) -> list[Change]:
        texts = self.texts[row.sequence]
        if row.removed:
            raise Conflict(f"Row {row.sequence} is removed: restore it to change it.")
        columns = [self.columns[name] for name in texts]
        return changes_of(Target.row(row, columns), columns, texts, self.versions.get(row.sequence))


class _ManyEdit:
    """An edit of many rows, stored in parts, whose rows are refreshed at the end: rows of several parts may be peers.

    ``read`` are the fields by which it is decided what changes; by default all columns are read.
    """

    def __init__(
        self,
        context: ActionContext,
        kind: str,
        sequences: Sequence[int],
        columns: Mapping[str, Column],
        decide: Callable[[RowProxy], list[Change]],
        read: Collection[str] | None = None,
    ) -> None:
        self._context, self._kind, self._sequences = context, kind, sequences
        self._columns, self._decide, self._read = columns, decide, read
        self._operation: Operation | None = None
        self._changed: list[int] = []

    def store(
        self, summary: Callable[[BulkEditResult], str], new_rows: NewRows | None = None
    ) -> BulkEditResult:
        """Store the edit, and the ``new_rows``; return the numbers of changes."""
        context, sequences = self._context, self._sequences
        self._refuse_impossible(sequences)
        peers = set(peer_names(context))
        touched = TouchedRows(context, sequences, moves=not peers.isdisjoint(self._columns))
        for part in chunked(sequences, AT_A_TIME):
            self._store_part(part)
            context.progress.report("change rows", len(self._changed), len(sequences))
        added = new_rows.insert() if new_rows else []
        if added and new_rows:
            add_cells(context.session, self._recorded(), new_rows.cells)
        if not self._operation:
            return BulkEditResult()
        touched.refresh(self._changed, added)
        operation = self._operation
        # Beside its cells, each added row has a mark in the history.
        cells = operation.cells - len(added)
        result = BulkEditResult(len(self._changed) + len(added), cells, operation.number)
        operation.summary = summary(result)
        return result

    def _refuse_impossible(self, sequences: Sequence[int]) -> None:
        # Asked for a higher number, the databases raise an error.
        wrong = [number for number in sequences if not 0 < number <= HIGHEST_NUMBER]
        if wrong:
            raise _missing(self._context, wrong[0])

    def _store_part(self, sequences: Sequence[int]) -> None:
        changed: list[tuple[RowProxy, Sequence[Change]]] = []
        for row in read_rows(self._context, sequences, self._read):
            changes = self._decide(row)
            if changes:
                set_values(row, changes)
                changed.append((row, changes))
        if changed:
            write_rows(self._context, [row for row, _ in changed], self._columns)
            cells = (change.cell(row.sequence) for row, changes in changed for change in changes)
            add_cells(self._context.session, self._recorded(), cells)
            self._changed += [row.sequence for row, _ in changed]

    def _recorded(self) -> Operation:
        if self._operation is None:
            context = self._context
            self._operation = record(context.handler_context, context.batch, self._kind, "")
        return self._operation


def _columns_of(context: ActionContext, texts: Texts) -> dict[str, Column]:
    # Made once, because columns cache their parsers.
    names: dict[str, str] = {}
    for row_texts in texts.values():
        names.update(row_texts)
    return {column.name: column for column in columns_named(context.row, names, context.access)}


def read_rows(
    context: ActionContext, sequences: Sequence[int], fields: Collection[str] | None
) -> list[RowProxy]:
    """Return the rows with these ``sequences``, with those of the ``fields`` that they have; ``None`` for all columns.

    Raises ``Missing`` if one does not exist.
    """
    table = context.rows().table
    columns = [c for c in table.columns if fields is None or c.key in _READ or c.key in fields]
    statement = select(*columns).where(rows_called(context, sequences)).order_by(context.row.sequence)
    # The session's own execute() would take twice as long for each row.
    found = [RowProxy(row) for row in context.session.connection().execute(statement).mappings().all()]
    missing = set(sequences) - {row.sequence for row in found}
    if missing:
        raise _missing(context, min(missing))
    return found


def _missing(context: ActionContext, sequence: int) -> Missing:
    return Missing(f"{context.batch} has no row {sequence}.")


def write_rows(context: ActionContext, rows: Sequence[RowProxy], columns: Mapping[str, Column]) -> None:
    """Write the changes of ``rows`` in bulk, and give the rows a new version; ``columns`` are the editable ones by name."""
    groups: dict[tuple[str, ...], list[RowProxy]] = defaultdict(list)
    names = tuple(sorted({name for row in rows for name in row.changes}))
    for row in rows:
        groups[_written(row, names, columns)].append(row)
    newer = tuple(next_row_version(0, context.now))
    for group, having in groups.items():
        records = (
            (
                *[getattr(row, name) for name in group],
                *next_row_version(row.version, context.now).values(),
                row.batch_id,
                row.sequence,
            )
            for row in having
        )
        bulk_update(context.session.connection(), context.rows().table, _KEY, (*group, *newer), records)


def _written(row: RowProxy, names: tuple[str, ...], columns: Mapping[str, Column]) -> tuple[str, ...]:
    """Return the columns to write of ``row``: all ``names`` that change in some row, so that rows are written together.

    Where a value that does not change is not readable, which only a database that others write to holds, it is left alone.
    """
    changes = row.changes
    if len(changes) == len(names):
        return names
    for name in names:
        value = getattr(row, name)
        if (
            name not in changes
            and name in columns
            and value is not None
            and not is_readable(columns[name], value)
        ):
            return tuple(changes)
    return names
