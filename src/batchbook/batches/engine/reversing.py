"""Batches that reverse executed ones: their rows restore the values from before, and go through review like any other."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from batchbook.batches.effects.models import BatchEffect, effects_of
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.copying import new_header_values
from batchbook.batches.engine.engine import Engine
from batchbook.batches.history import record
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.errors import Conflict

#: The kind of the operation by which a batch was made to reverse another one.
REVERSE = "reverse"


def reverse_batch(engine: Engine, batch_id: int) -> Batch:
    """Return a new, populated batch of the same type that reverses the executed batch with the number ``batch_id``.

    The other one is frozen, so only the new one names it. Raises ``Conflict`` if the type cannot be reversed, if there is
    nothing to restore, or if a batch that reverses it waits to be executed.
    """
    context = engine.lock(batch_id, Action.REVERSE)
    source, reversing = context.batch, context.handler.reversing
    reason = why_not_reverse(context)
    if reversing is None or reason is not None:
        raise Conflict(f"{source} was not reversed. {reason}")
    header = reversing.header(context.handler, source, effects_of(engine.session, source.id))
    values = {"description": f"Reverses batch {source.number}", **header}
    batch = context.batch_type.header(**new_header_values(engine.actor) | values | {"reverses": source.id})
    engine.session.add(batch)
    engine.session.flush()  # The history needs the batch's number.
    record(context.handler_context, batch, REVERSE, f"Made to reverse {str(source).lower()}.")
    result = engine.run(batch.id, Action.POPULATE)
    if result.failed:
        raise Conflict(f"{source} was not reversed. {result.message}")
    return batch


def why_not_reverse(context: ActionContext) -> str | None:
    """Return a sentence with the reason why an executed batch cannot be reversed; ``None`` if it can."""
    source, session = context.batch, context.session
    if context.handler.reversing is None:
        return f"Batches of the type {context.batch_type.title} cannot be reversed."
    if not session.scalar(select(exists().where(BatchEffect.batch_id == source.id))):
        return "The values before its execution were not kept: it changed nothing, or an earlier version executed it."
    waiting = next((one for one in reversing_batches(session, source) if not one.is_final), None)
    if waiting is not None:
        return f"{waiting} already reverses it and is not executed yet. Execute or delete that one first."
    return None


def reversing_batches(session: Session, batch: Batch) -> Sequence[Batch]:
    """Return the batches that reverse ``batch``, in the order in which they were made."""
    return session.scalars(select(Batch).where(Batch.reverses == batch.id).order_by(Batch.id)).all()


def links_of(session: Session, batch: Batch) -> list[tuple[str, Batch]]:
    """Return the batch that ``batch`` reverses, and those that reverse it, each with a label."""
    source = None if batch.reverses is None else session.get(Batch, batch.reverses)
    found = [("Reverses", source)] if source is not None else []
    if not batch.is_final:  # Only executed batches are reversed.
        return found
    return [*found, *(("Reversed by", one) for one in reversing_batches(session, batch))]
