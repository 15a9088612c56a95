"""The editor of cells in many rows, as one operation and without a statement for each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_

from batchbook.batches.concurrency import next_row_version
from batchbook.batches.editing.editors import set_values
from batchbook.batches.editing.field_changes import Change, Target, changes_of, columns_named
from batchbook.batches.engine.context import HIGHEST_NUMBER, ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.refresh import (
    new_peers,
    peer_values,
    recount,
    refresh_touched,
    refreshing,
    rows_and_peers,
)
from batchbook.batches.history import add_cells, record
from batchbook.batches.models import Operation
from batchbook.batches.rows.scope import RowProxy, Rows
from batchbook.db.bulk_writing import bulk_update, chunked
from batchbook.errors import Conflict, Missing
from batchbook.grid import Column

#: The number of rows that are read and written together; both databases accept as many parameters.
AT_A_TIME = 500

_KEY = ("batch_id", "sequence")
_NO_VERSIONS: Mapping[int, int] = MappingProxyType({})

#: The submitted texts, by sequence of the row and by field.
Texts = Mapping[int, Mapping[str, str]]


@dataclass(frozen=True)
class BulkEditResult:
    """The numbers of rows and of cells that an edit changed."""

    rows: int = 0
    cells: int = 0


class BulkEditor:
    """Edits many rows of the batches that ``engine`` works on, as one operation."""

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
            edit = _ManyEdit(context, kind, summary, texts, versions)
            if len(texts) <= AT_A_TIME:
                edit.store_few()
            else:
                edit.store_many()
            return BulkEditResult(edit.rows, edit.operation.cells if edit.operation else 0)


@dataclass(frozen=True)
class _Part:
    """Rows with their changes, which are set but not stored yet, and the condition for the rows to refresh."""

    rows: Sequence[tuple[RowProxy, Sequence[Change]]]
    touched: ColumnElement[bool]


class _ManyEdit:
    """An edit of many rows, stored in parts."""

    def __init__(
        self, context: ActionContext, kind: str, summary: str, texts: Texts, versions: Mapping[int, int]
    ) -> None:
        self._context, self._kind, self._summary = context, kind, summary
        self._texts, self._versions = texts, versions
        self._columns = _columns_of(context, texts)
        self.operation: Operation | None = None
        self.rows = 0

    def store_few(self) -> None:
        """Store the edit in one part, and count only the rows to refresh."""
        part = self._part(sorted(self._texts))
        if part.rows:
            with refreshing(self._context, part.touched):
                self._write(part)

    def store_many(self) -> None:
        """Store the edit in parts, and refresh at the end, because rows of one part may be peers of rows of another."""
        touched = []
        for sequences in chunked(sorted(self._texts), AT_A_TIME):
            part = self._part(sequences)
            if part.rows:
                self._write(part)
                touched.append(part.touched)
            self._context.progress.report("change rows", self.rows, len(self._texts))
        if touched:
            refresh_touched(self._context, touched)
            for where in touched:
                refresh_touched(self._context, new_peers(self._context, where))
            recount(self._context)

    def _part(self, sequences: Sequence[int]) -> _Part:
        context, peers, rows = self._context, [], []
        for row in _rows(context, sequences):
            changes = self._changes(row)
            if changes:
                peers.append(peer_values(context, row))
                set_values(row, changes)
                peers.append(peer_values(context, row))
                rows.append((row, changes))
        return _Part(rows, rows_and_peers(context, [row.sequence for row, _ in rows], peers))

    def _changes(self, row: RowProxy) -> list[Change]:
        if row.removed:
            raise Conflict(f"Row {row.sequence} is removed: restore it to change it.")
        texts = self._texts[row.sequence]
        columns = [self._columns[name] for name in texts]
        return changes_of(Target.row(row, columns), columns, texts, self._versions.get(row.sequence))

    def _write(self, part: _Part) -> None:
        context = self._context
        _write_rows(context, [row for row, _ in part.rows])
        self.operation = self.operation or record(
            context.handler_context, context.batch, self._kind, self._summary
        )
        cells = (change.cell(row.sequence) for row, changes in part.rows for change in changes)
        add_cells(context.session, self.operation, cells)
        self.rows += len(part.rows)


def _columns_of(context: ActionContext, texts: Texts) -> dict[str, Column]:
    # Made once, because columns cache their parsers.
    names: dict[str, str] = {}
    for row_texts in texts.values():
        names.update(row_texts)
    return {column.name: column for column in columns_named(context.row, names)}


def _rows(context: ActionContext, sequences: Sequence[int]) -> list[RowProxy]:
    """Return the rows with these ``sequences``; raise ``Missing`` if one does not exist."""
    found: list[RowProxy] = []
    if sequences and sequences[0] > 0 and sequences[-1] <= HIGHEST_NUMBER:
        model = context.row
        wanted = and_(model.batch_id == context.batch.id, model.sequence.in_(sequences))
        found = list(Rows(context.session, context.batch, model, wanted, context.now))
    missing = set(sequences) - {row.sequence for row in found}
    if missing:
        raise Missing(f"{context.batch} has no row {min(missing)}.")
    return found


def _write_rows(context: ActionContext, rows: Iterable[RowProxy]) -> None:
    groups: dict[tuple[str, ...], list[Sequence[Any]]] = defaultdict(list)
    for row in rows:
        values = dict(row.changes) | next_row_version(row.version, context.now)
        groups[tuple(values)].append((*values.values(), row.batch_id, row.sequence))
    for columns, records in groups.items():
        bulk_update(context.session.connection(), context.rows().table, _KEY, columns, records)
