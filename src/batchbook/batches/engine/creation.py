"""Creation, cloning and deletion of batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from sqlalchemy import delete, select

from batchbook.batches.earlier_uploads import earlier_upload
from batchbook.batches.editing import editable_columns, parsed
from batchbook.batches.engine.copying import copied_header, copy_children, new_header_values
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.refresh import recount
from batchbook.batches.engine.scheduled_execution import cancel_schedule
from batchbook.batches.files import store_file
from batchbook.batches.history import record
from batchbook.batches.hook_guard import telling_failure
from batchbook.batches.lifecycle import Action, is_possible
from batchbook.batches.models import Batch
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.batches.policies.stored import store_declared
from batchbook.batches.registry import BatchType
from batchbook.batches.retention.models import is_held
from batchbook.batches.sources.chosen_rows import ChosenRows
from batchbook.db.base import scalar_defaults
from batchbook.errors import BadInput, Conflict
from batchbook.grid import CANONICAL, Conventions
from batchbook.master.models import GridSetting
from batchbook.security.audit_log import record_action
from batchbook.security.presence import remove_place
from batchbook.words import counted


def create_batch(
    engine: Engine,
    key: str,
    texts: Mapping[str, str],
    file: BinaryIO | None = None,
    file_name: str = "",
    *,
    conventions: Conventions = CANONICAL,
    chosen: ChosenRows | None = None,
) -> Batch:
    """Create a batch of the type ``key`` from the texts of the header's fields and, if the type takes one, a file.

    Numbers in the texts are written by the ``conventions``. With ``chosen`` it is made of rows that were chosen elsewhere. The batch is in the state ``new``; populating it is another action. Raises :class:`~batchbook.errors.BadInput` (for
    fields its subclass :class:`~batchbook.batches.editing.CellProblems`) for input that cannot be used; the caller must
    then roll back the transaction.
    """
    batch_type = engine.types[key]
    if file is not None and batch_type.handler.file_source is None:
        raise BadInput(f"A batch of type {batch_type.title} takes no file.")
    values = _values(batch_type, texts, conventions) | new_header_values(engine.actor)
    batch = batch_type.header(**values | (chosen.header_values(texts) if chosen else {}))
    with telling_failure("The batch was not created"):
        context = engine.context_of_new(batch_type, batch)
        context.handler.before_create(batch, has_file=file is not None)
    engine.session.add(batch)
    engine.session.flush()  # The file and the history need the batch's number.
    store_declared(engine.session, key, context.handler.execution_policy.policy, context.now)
    summary = "Created."
    if file is not None:
        stored = store_file(context.handler_context, batch, file_name, file)
        # Everybody who may see this batch reads its history, so it names batches of the same type only.
        earlier = earlier_upload(engine.session, stored, lambda kind, _state: kind == key)
        summary = f"Created from {stored.name}, {stored.size:,} bytes.{f' {earlier.sentence}' if earlier and earlier.number else ''}"
    if chosen is not None:
        chosen.store(context)
        summary = f"Made of {chosen.words}."
    record(context.handler_context, batch, "made-of" if chosen else "create", summary)
    return batch


def _values(batch_type: BatchType, texts: Mapping[str, str], conventions: Conventions) -> dict[str, Any]:
    columns = editable_columns(batch_type.header, EVERYTHING, new=True)
    unknown = sorted(texts.keys() - {column.name for column in columns})
    if unknown:
        names = ", ".join(column.name for column in columns)
        raise BadInput(f"{batch_type.title} has no field “{unknown[0][:60]}”. Its fields: {names}.")
    preset = scalar_defaults(batch_type.header.__mapper__.columns)
    filled = [
        column
        for column in columns
        if column.name in texts or (column.required and column.name not in preset)
    ]
    values = parsed(filled, {column.name: texts.get(column.name, "") for column in filled}, conventions)
    # The defaults are set here because the handler sees the header before it is stored.
    return {column.name: preset[column.name] for column in columns if column.name in preset} | values


def clone_batch(engine: Engine, batch_id: int) -> Batch:
    """Return a new batch with the header, rows and files of another; open, unless that one has no rows yet."""
    source = engine.lock(batch_id, Action.CLONE)
    clone = copied_header(source)
    if is_possible(Action.POPULATE, source.batch.state):
        clone.made_from = source.batch.made_from  # It is populated from the same rows.
    source.handler.callbacks.on_clone(source.handler, source.batch, clone)
    engine.session.add(clone)
    engine.session.flush()  # The copied rows and files need the clone's number.
    copy_children(source, clone)
    context = engine.context_of(clone)
    record(context.handler_context, context.batch, "clone", f"Cloned from {source.batch}.")
    recount(context)
    if not is_possible(Action.POPULATE, source.batch.state):
        engine.adopt_rows(context)
    return clone


def delete_batch(engine: Engine, batch_id: int) -> str:
    """Delete a batch that was not executed, with its rows, files and history; return a sentence for the user."""
    context = engine.lock(batch_id, Action.DELETE)
    batch = context.batch
    if context.session.scalar(select(is_held(batch.id))):
        raise Conflict(f"{batch} was not deleted: it is under a legal hold, which has to be released first.")
    context.handler.callbacks.on_delete(context.handler, batch)
    dropped = cancel_schedule(context, f"{context.actor} deleted it")
    name, rows = str(batch), batch.row_count
    record_action(
        context.session,
        context.actor,
        "batch deleted",
        batch.number,
        f"{batch.type}, {counted(rows, 'row')}",
        type=batch.type,
    )
    context.batch_type.rows.discard(context.session, batch)
    context.session.execute(delete(GridSetting).where(GridSetting.grid.startswith(batch.filters_key)))
    remove_place(context.session, batch.presence_place)
    context.session.delete(batch)
    context.session.flush()
    return f"{name} was deleted, with its {counted(rows, 'row')}, files and history.{dropped}"
