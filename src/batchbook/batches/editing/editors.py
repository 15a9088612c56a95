"""The editor of single rows, which also adds rows, and the editor of headers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import Select, bindparam, func, select, update

from batchbook.batches.changed_cells import ChangedCell, in_row
from batchbook.batches.concurrency import StaleEdit, next_row_version
from batchbook.batches.editing.field_changes import (
    Change,
    Target,
    changes_of,
    columns_named,
    editable_columns,
    labels_of,
    parsed,
)
from batchbook.batches.editing.new_rows import cells_of_new, refuse_additions, stored_values
from batchbook.batches.editing.planned_entry import EntryResult, entry_result, plan_entry
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.refresh import peer_names, peer_values, refreshing, rows_and_peers
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.history import ADD, bump_version, record
from batchbook.batches.models import BatchRow, Operation
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.batches.rows.issues import without_issues_of
from batchbook.batches.rows.row_values import RowValues
from batchbook.batches.rows.scope import RowProxy, table_of
from batchbook.db.bulk_writing import bulk_insert_columns
from batchbook.errors import Conflict, Missing
from batchbook.grid import CANONICAL, Conventions, to_text

#: The field of a :class:`StaleEdit` that concerns the row as a whole, such as its removal.
WHOLE_ROW = "row"
#: The maximum number of refreshed peers in the result of an edit.
PEERS_TOLD = 100


@dataclass(frozen=True)
class EditedRow:
    """The result of an edit of a row: the labels of the changed fields, and the peers that were refreshed.

    ``peers`` has their earlier versions by sequence, ``operation`` the number of the edit in the history, if it changed
    anything.
    """

    labels: list[str]
    peers: Mapping[int, int]
    operation: int | None = None


class RowEditor:
    """The editor of single rows of the batches that ``engine`` works on; numbers in texts are written by the ``conventions``."""

    def __init__(self, engine: Engine, conventions: Conventions = CANONICAL) -> None:
        self.engine = engine
        self.conventions = conventions

    def edit(
        self,
        batch_id: int,
        sequence: int,
        texts: Mapping[str, str],
        version: int | None = None,
        seen: Mapping[str, str] | None = None,
    ) -> EditedRow:
        """Store ``texts``, by field, in a row; return the changes.

        ``version`` is the row's version on which the edit is based; ``None`` skips the check, for scripts. ``seen`` are the
        texts, by field, on which it is based, where they are known: then a field is a conflict only if it was changed
        itself. Raises :class:`CellProblems` for texts that cannot be stored, :class:`StaleEdit` for conflicts, ``Missing``
        for a row that does not exist, and ``Conflict`` for one that is removed.
        """
        with self.engine.editing(batch_id) as context:
            row = find_row(context, sequence)
            if row.removed:
                raise Conflict(f"Row {sequence} is removed: restore it to change it.")
            columns = columns_named(context.row, texts, context.access)
            with naming_author(context, sequence):
                changes = changes_of(
                    Target.row(row, columns), columns, texts, version, seen, self.conventions
                )
            return _store(context, row, changes) if changes else EditedRow([], {})

    def add(self, batch_id: int, texts: Mapping[str, str]) -> int:
        """Add a row with ``texts`` by field at the end of the batch; return its sequence number."""
        with self.engine.editing(batch_id) as context:
            refuse_additions(context)
            # Refuses unknown fields, which the line after the next would ignore.
            columns_named(context.row, texts, context.access)
            columns = editable_columns(context.row, context.access)
            given = {column.name: texts.get(column.name, "") for column in columns}
            sequence, _ = _add(context, parsed(columns, given, self.conventions))
            return sequence

    def enter(self, batch_id: int, text: str) -> EntryResult:
        """Do what ``text``, scanned or typed into the quick entry box, stands for, as one operation; return what it did.

        A row is added, or a number of a row grows. Raises ``BadInput`` for a text that is not recognised.
        """
        with self.engine.editing(batch_id) as context:
            plan = plan_entry(context, text)
            if plan.row is None or plan.change is None:
                sequence, operation = _add(context, plan.values, plan.how)
            else:
                sequence = plan.row.sequence
                operation = _store(context, plan.row, [plan.change], plan.how).operation or 0
            return entry_result(context, plan, find_row(context, sequence), operation, self.conventions)


@contextmanager
def naming_author(context: ActionContext, sequence: int) -> Iterator[None]:
    """Have a :class:`StaleEdit` of the row ``sequence``, 0 for the header, tell who changed its fields last."""
    try:
        yield
    except StaleEdit as stale:
        authors = _last_authors(context, sequence, stale.mine)
        others = sorted(authors - {context.actor})
        raise StaleEdit(
            stale.name,
            stale.mine,
            stale.theirs,
            stale.version,
            " and ".join(others) or None,
            is_own=bool(authors) and not others,
        ) from None


def _last_authors(context: ActionContext, sequence: int, fields: Collection[str]) -> set[str]:
    """Return who made the last change of each of ``fields``; of the row as a whole for :data:`WHOLE_ROW`."""
    cells = (ChangedCell.batch_id == context.batch.id, in_row(ChangedCell, sequence))
    last = select(func.max(ChangedCell.operation)).where(*cells)
    if WHOLE_ROW not in fields:
        last = last.where(ChangedCell.field.in_(fields)).group_by(ChangedCell.field)
    operations = (Operation.batch_id == context.batch.id, Operation.number.in_(last))
    return set(context.session.scalars(select(Operation.actor).where(*operations)))


def find_row(context: ActionContext, sequence: int) -> RowProxy:
    """Return a row of the batch, even if it is removed; raise ``Missing`` if it does not exist."""
    key = {"batch_id": context.batch.id, "sequence": sequence}
    values = (
        context.session.execute(_row_select(context.row), key).mappings().one_or_none()
        if 0 < sequence <= HIGHEST_NUMBER
        else None
    )
    if values is None:
        raise Missing(f"{context.batch} has no row {sequence}.")
    return RowProxy(values)


@lru_cache(maxsize=64)
def _row_select(model: type[BatchRow]) -> Select[*tuple[Any, ...]]:
    """Return the SELECT of a row by its number; it is kept, because making it takes longer than asking."""
    return select(table_of(model)).where(
        model.batch_id == bindparam("batch_id"), model.sequence == bindparam("sequence")
    )


def _store(context: ActionContext, row: RowProxy, changes: Sequence[Change], how: str = "") -> EditedRow:
    """Store ``changes`` of ``row``; ``how`` is the end of their sentence in the history."""
    old_peers = peer_values(context, row)
    set_values(row, changes)
    covered = [old_peers, peer_values(context, row)]
    touched = rows_and_peers(context, [row.sequence], covered)
    with refreshing(context, touched, covered=covered) as versions:
        _write(context, row)
    labels = labels_of(changes)
    summary = f"Changed {', '.join(labels)} in row {row.sequence}{how}."
    cells = [change.cell(row.sequence) for change in changes]
    operation = record(context.handler_context, context.batch, "edit", summary, cells)
    others = ((sequence, version) for sequence, version in versions.items() if sequence != row.sequence)
    return EditedRow(labels, dict(islice(others, PEERS_TOLD)), operation.number)


def set_values(row: RowProxy, changes: Sequence[Change]) -> None:
    """Set the values of ``changes`` on ``row``, and remove the issues of the changed cells."""
    for change in changes:
        setattr(row, change.column.name, change.value)
    if row.issues:
        for change in changes:
            row.issues = without_issues_of(row.issues, change.column.name)


def _write(context: ActionContext, row: RowProxy) -> None:
    model = context.row
    changed = dict(row.changes) | next_row_version(row.version, context.now)
    key = (model.batch_id == context.batch.id, model.sequence == row.sequence)
    context.session.execute(update(table_of(model)).where(*key).values(**changed))


def _add(context: ActionContext, values: RowValues, how: str = "") -> tuple[int, int]:
    """Add a row with ``values`` after the last one; ``how`` is the end of its sentence in the history.

    Return the numbers of the row and of the operation.
    """
    stored = stored_values(context, [values])
    (sequence,) = stored["sequence"]
    peers = [stored.get(name, (None,))[0] for name in peer_names(context)]
    with refreshing(context, rows_and_peers(context, [sequence], [peers]), added=1, covered=[peers]):
        bulk_insert_columns(context.session.connection(), context.rows().table, stored)
    cells = cells_of_new(context, [values], stored)
    operation = record(context.handler_context, context.batch, ADD, f"Added row {sequence}{how}.", cells)
    return int(sequence), operation.number


class HeaderEditor:
    """The editor of headers of the batches that ``engine`` works on; numbers in texts are written by the ``conventions``."""

    def __init__(self, engine: Engine, conventions: Conventions = CANONICAL) -> None:
        self.engine = engine
        self.conventions = conventions

    def edit(
        self,
        batch_id: int,
        texts: Mapping[str, str],
        version: int | None = None,
        seen: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Store ``texts``, by field, in the header; return the labels of the fields that changed.

        Rows are refreshed if a changed field is in the handler's ``refresh_after``. Raises as :meth:`RowEditor.edit` does.
        """
        with self.engine.editing(batch_id) as context:
            changes = self._changes(context, texts, version, seen)
            if changes:
                _store_header(context, changes)
                if _decide_about_rows(context, changes):
                    self.engine.refresh_or_refuse(context.batch.id)
            return labels_of(changes)

    def touches(
        self,
        batch_id: int,
        texts: Mapping[str, str],
        version: int | None = None,
        seen: Mapping[str, str] | None = None,
    ) -> int:
        """Return the number of rows that :meth:`edit` would refresh; raise if it would refuse the edit."""
        context = self.engine.context_of(self.engine.find(batch_id))
        changes = self._changes(context, texts, version, seen)
        return context.batch.row_count if _decide_about_rows(context, changes) else 0

    def _changes(
        self,
        context: ActionContext,
        texts: Mapping[str, str],
        version: int | None,
        seen: Mapping[str, str] | None,
    ) -> list[Change]:
        batch = context.batch
        columns = columns_named(context.batch_type.header, texts, EVERYTHING)
        current = {column.name: to_text(column, getattr(batch, column.name)) for column in columns}
        target = Target(str(batch), batch.version, current)
        with naming_author(context, 0):
            return changes_of(target, columns, texts, version, seen, self.conventions)


def _decide_about_rows(context: ActionContext, changes: Sequence[Change]) -> bool:
    return not {change.column.name for change in changes}.isdisjoint(context.handler.refresh_after)


def _store_header(context: ActionContext, changes: Sequence[Change]) -> None:
    for change in changes:
        setattr(context.batch, change.column.name, change.value)
    bump_version(context.batch)
    names = ", ".join(labels_of(changes))
    record(
        context.handler_context,
        context.batch,
        "edit",
        f"Changed {names} in the header.",
        [change.cell(0) for change in changes],
    )
