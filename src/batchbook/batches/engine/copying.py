"""Copies of batches: a clone, and the follow-up batch for rows that were left out."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import ColumnElement, Table, insert, literal, select

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.refresh import recount
from batchbook.batches.files import INPUT, WORKSHEET
from batchbook.batches.history import record
from batchbook.batches.lifecycle import State
from batchbook.batches.matching.declaration import MADE
from batchbook.batches.models import Batch, BatchFile, BatchFileChunk, UploadedFile
from batchbook.batches.rows.storage import copy_rows
from batchbook.db import utc_now

#: The columns of the base header that are not copied, because they belong to one batch alone.
_OWN = frozenset(column.key for column in Batch.__table__.columns) - {
    *("description", "notes", "params"),
    "reverses",
}


def new_header_values(actor: str) -> dict[str, Any]:
    """Return the values of the base header for a new batch of ``actor``."""
    return {
        "state": State.NEW,
        "created_at": utc_now(),
        "created_by": actor,
        "row_count": 0,
        "removed_count": 0,
        "status_counts": {},
        "params": {},
        "version": 1,
    }


def copied_header(source: ActionContext) -> Batch:
    """Return a copy of the header of ``source``, as a new batch that is not stored yet."""
    header = source.batch_type.header
    copied = [attribute.key for attribute in header.__mapper__.column_attrs if attribute.key not in _OWN]
    values: dict[str, Any] = {name: getattr(source.batch, name) for name in copied}
    params = {name: value for name, value in values["params"].items() if name != MADE}
    return header(**new_header_values(source.actor) | values | {"params": params})


def copy_children(source: ActionContext, clone: Batch, where: ColumnElement[bool] | None = None) -> None:
    """Copy the files of ``source`` to ``clone``, and its rows that satisfy ``where``, or all of them.

    Uploaded worksheets are not copied, because they can be applied to their own batch only.
    """
    number, batch_id, role = BatchFile.number, BatchFile.batch_id, BatchFile.role
    numbers = select(number).where(batch_id == source.batch.id, role != WORKSHEET)
    for one in (BatchFile.__table__, BatchFileChunk.__table__):
        table = cast("Table", one)
        copy_rows(source.session, table, table, source.batch, clone, table.c.number.in_(numbers))
    _enter_uploads(source, clone)
    source.batch_type.rows.copy(source.session, source.batch, clone, where)


def _enter_uploads(source: ActionContext, clone: Batch) -> None:
    """Enter the copied files as uploads of the same time, so that they are recognised when ``source`` is deleted."""
    file, names = BatchFile, ("sha256", "size", "role", "number", "uploaded_at", "batch_id", "type")
    copies = select(
        file.sha256, file.size, file.role, file.number, file.added_at, literal(clone.id), literal(clone.type)
    )
    copies = copies.where(file.batch_id == source.batch.id, file.role == INPUT).order_by(file.number)
    source.session.execute(insert(UploadedFile).from_select(names, copies))


def follow_up(source: ActionContext, rest: ColumnElement[bool]) -> Batch | None:
    """Return a new open batch with copies of the rows of ``source`` that satisfy ``rest``; ``None`` if there are none.

    The rows are copied as they are, with their statuses and issues.
    """
    rows = source.rows().narrowed(rest)
    if not rows.count():
        return None
    batch = copied_header(source)
    source.handler.callbacks.on_clone(source.handler, source.batch, batch)
    source.session.add(batch)
    source.session.flush()  # The copied rows and files need the batch's number.
    copy_children(source, batch, rows.where)
    batch.state, batch.refreshed_at = State.OPEN, source.batch.refreshed_at
    context = ActionContext(
        source.handler_context,
        source.batch_type,
        batch,
        source.batch_type.make_handler(source.handler_context, batch),
    )
    recount(context)
    record(
        context.handler_context,
        context.batch,
        "follow-up",
        f"Made of the rows that were left out when {source.batch} was executed.",
    )
    source.session.flush()
    return batch
