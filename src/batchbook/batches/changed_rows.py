"""Rows of a batch that its history tells of: those that people edited, that differ from their source, that others changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Select,
    Subquery,
    Text,
    bindparam,
    cast,
    exists,
    func,
    select,
)
from sqlalchemy.orm import Session

from batchbook.batches.changed_cells import ChangedCell, cells_at, within
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.history import REMEMBERED
from batchbook.batches.models import BatchRow, CellChange, Operation
from batchbook.batches.policies.field_rules import FieldAccess
from batchbook.db.number_sets import is_in_parameter

#: The field under which history keeps that a row was removed or restored.
REMOVED = "removed"

Sequences = Select[int]

#: More than the cells of any operation; number and position of a change are one number, by which it is found again.
_PLACES = 10**9


def edited_sequences(batch_id: int, access: FieldAccess) -> Sequences:
    """Return the SELECT of the numbers of the rows whose cells people have changed, each as often as they did.

    Cells of columns that ``access`` hides do not count.
    """
    cells = edited_cells(batch_id, access)
    return cells.with_only_columns(cells.selected_columns.sequence)


def edited_cells(batch_id: int, access: FieldAccess) -> Select[int, str]:
    """Return the SELECT of the cells that people have changed, each as often as they did: row, field."""
    changed = ChangedCell
    by_itself = select(Operation.number).where(Operation.batch_id == batch_id, Operation.kind == REMEMBERED)
    return select(changed.sequence, changed.field).where(
        changed.batch_id == batch_id,
        changed.sequence > 0,
        changed.field != REMOVED,
        ~access.hides(changed.field),
        changed.operation.not_in(by_itself),
    )


def differing_sequences(batch_id: int, access: FieldAccess) -> Sequences:
    """Return the SELECT of the numbers of the rows with a cell whose text is another than before its first change.

    A cell that was changed, and changed back, does not differ. Added rows differ in all that was typed. Cells of columns that
    ``access`` hides do not count.
    """
    cells = _differing(batch_id).subquery()
    return select(cells.c.sequence).where(~access.hides(cells.c.field))


def differing_cells(
    session: Session, batch_id: int, sequences: Sequence[int]
) -> Iterator[tuple[int, str, str | None, str | None]]:
    """Yield the cells of the rows ``sequences``, those of a window, that differ from the source: row, field, text there and now."""
    if not sequences:
        return
    wanted = {"batch_id": batch_id, "rows": sequences, "first": min(sequences), "last": max(sequences)}
    changes = session.execute(_changes_in_rows(session.get_bind().dialect.name), wanted)
    texts: dict[tuple[int, str], tuple[str | None, str | None]] = {}
    # Sorted here: asked for this order, SQLite goes through all changes of the batch.
    for _, _, sequence, field, old, new in sorted(changes, key=lambda found: found[:2]):
        before, _ = texts.get((sequence, field), (old, None))
        texts[sequence, field] = before, new
    yield from ((*place, before, now) for place, (before, now) in texts.items() if before != now)


@cache
def _changes_in_rows(dialect: str) -> Select[*tuple[Any, ...]]:
    """Return the SELECT of the changes in some rows of a batch; it is kept, because making it takes longer than asking."""
    change = ChangedCell
    listed = is_in_parameter(change.sequence, "rows", dialect)
    return select(
        change.operation, change.position, change.sequence, change.field, change.old, change.new
    ).where(
        change.batch_id == bindparam("batch_id"),
        within(change, listed, bindparam("first"), bindparam("last")),
        change.field != REMOVED,
    )


def all_differing_cells(batch_id: int) -> Select[Any]:
    """Return the SELECT of all cells that differ from the source, by row: row, field, text there and now."""
    cells = _differing(batch_id).subquery()
    found = select(cells.c.sequence, cells.c.field, cells.c.before, cells.c.now)
    return found.order_by(cells.c.sequence, cells.c.field)


def is_latest_and_differs(batch_id: int, *, differs: bool = True) -> ColumnElement[bool]:
    """Return the condition that a changed cell is the latest change of a cell that differs from the source.

    With ``differs=False``, it is the condition for all other changes.
    """
    cells = _differing(batch_id).subquery()
    latest = select(cells.c.last)
    place = _place(ChangedCell)
    return place.in_(latest) if differs else place.not_in(latest)


def _place(change: type[CellChange]) -> ColumnElement[int]:
    return cast(change.operation, BigInteger) * _PLACES + change.position


def _differing(batch_id: int) -> Select[Any]:
    """Return the SELECT of the cells that differ: sequence, field, the place of the last change, text before and now."""
    change = ChangedCell
    # By windows, because a join would unpack chunks for each cell.
    same = (change.sequence, change.field)
    in_order = (change.operation, change.position)
    latest_first = [place.desc() for place in in_order]
    cells = (
        select(
            change.sequence,
            change.field,
            _place(change).label("last"),
            func.first_value(change.old, type_=Text)
            .over(partition_by=same, order_by=in_order)
            .label("before"),
            change.new.label("now"),
            func.row_number().over(partition_by=same, order_by=latest_first).label("nth"),
        )
        .where(change.batch_id == batch_id, change.sequence > 0, change.field != REMOVED)
        .subquery()
    )
    columns = (cells.c.sequence, cells.c.field, cells.c.last, cells.c.before, cells.c.now)
    return select(*columns).where(cells.c.nth == 1, cells.c.before.is_distinct_from(cells.c.now))


def first_changes(batch_id: int, field: str | None = None) -> Subquery:
    """Return the first change of each changed cell in the rows of a batch: ``sequence``, ``field``, and ``old``, the text before it.

    With ``field``, it is only of cells in that column.
    """
    change = ChangedCell
    in_order = (change.operation, change.position)
    nth = func.row_number().over(partition_by=(change.sequence, change.field), order_by=in_order)
    cells = (
        select(change.sequence, change.field, change.old, nth.label("nth"))
        .where(
            change.batch_id == batch_id,
            change.sequence > 0,
            *(() if field is None else (change.field == field,)),
        )
        .subquery()
    )
    return select(cells.c.sequence, cells.c.field, cells.c.old).where(cells.c.nth == 1).subquery()


def original_texts(batch_id: int, field: str) -> Select[int, str | None]:
    """Return the SELECT of the changed cells of the column ``field``, with their texts before the first change: row, text."""
    first = first_changes(batch_id, field)
    return select(first.c.sequence, first.c.old)


def original_text(cell: type[CellChange]) -> ColumnElement[str | None]:
    """Return the text that a changed ``cell`` got from the file or query: the one before its first change.

    It is null for a row that people added, and for the header. It is looked up for each cell; for many, join
    :func:`first_changes`.
    """
    first = cells_at(cell, cell.batch_id, cell.sequence, cell.field)
    return (
        select(first.old)
        .where(cell.sequence > 0)
        .order_by(first.operation, first.position)
        .limit(1)
        .scalar_subquery()
    )


def changed_by_others(batch_id: int, user: str | None, operation: int) -> Sequences:
    """Return the SELECT of the numbers of the rows that others than ``user`` changed after the operation of that number."""
    return select(ChangedCell.sequence).where(
        ChangedCell.batch_id == batch_id,
        ChangedCell.sequence > 0,
        ChangedCell.operation.in_(operations_of_others(batch_id, user, operation)),
    )


def operations_of_others(batch_id: int, user: str | None, operation: int) -> Sequences:
    """Return the SELECT of the numbers of the operations of others than ``user`` after the one of that number."""
    return select(Operation.number).where(
        Operation.batch_id == batch_id,
        Operation.number > min(operation, HIGHEST_NUMBER),
        Operation.actor != (user or ""),
    )


def is_among(row: type[BatchRow], sequences: Sequences) -> ColumnElement[bool]:
    """Return the condition that the number of ``row`` is one of ``sequences``."""
    return row.sequence.in_(sequences)


def is_not_among(bind: Engine | Connection, row: type[BatchRow], sequences: Sequences) -> ColumnElement[bool]:
    """Return the condition that the number of ``row`` is none of ``sequences``; ``bind`` determines the dialect."""
    if bind.dialect.name != "postgresql":
        return row.sequence.not_in(sequences)
    # PostgreSQL looks through all of them for each row, unless they are few; this it does by a hash.
    found = sequences.subquery()
    return ~exists().where(found.c.sequence == row.sequence)
