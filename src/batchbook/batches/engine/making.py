"""Batches that are made of others: of chosen rows, or by an execution; and the links between them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Engine
from batchbook.batches.history import record
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchTypes
from batchbook.batches.sources.chosen_rows import ChosenRows
from batchbook.grid import CANONICAL, Conventions

#: The kind of the operation, on a batch that others were made of, that tells of it.
MADE_INTO = "made-into"
#: The key in ``params`` by which batches of earlier versions tell what they were made from.
_MADE_OF = "made_of"


def make_batch(
    engine: Engine,
    key: str,
    texts: Mapping[str, str],
    chosen: ChosenRows,
    *,
    conventions: Conventions = CANONICAL,
) -> Batch:
    """Return a new batch of the type ``key``, not populated yet, of the ``chosen`` rows or records.

    ``texts`` are those of the header's fields; the others have the values of the batch that the rows are of, as far as the type
    declares that. Its history tells of the new batch unless it is frozen. Whether the actor may see the rows and create such a
    batch is for the caller to check. Raises as :func:`~batchbook.batches.engine.creation.create_batch` and
    :meth:`~batchbook.batches.engine.engine.Engine.lock` do.
    """
    source = None if chosen.batch is None else engine.lock(chosen.batch.id, Action.MAKE)
    made = create_batch(engine, key, texts, conventions=conventions, chosen=chosen)
    if source is not None:
        note_made(
            source,
            made,
            f"Made {str(made).lower()}, {engine.types[key].title.lower()}, of {chosen.count:,} of its rows.",
        )
    return made


def note_made(source: ActionContext, made: Batch, sentence: str) -> None:
    """Link ``made`` to the batch of ``source``, which the caller has locked and whose history gets ``sentence`` unless it is frozen."""
    made.made_from = source.batch.id
    if not source.batch.is_final:
        record(source.handler_context, source.batch, MADE_INTO, sentence)


def made_links(session: Session, types: BatchTypes, batch: Batch) -> list[tuple[str, Batch]]:
    """Return the batch that ``batch`` was made from, and those that were made from it, each with a label.

    Those of a type that is not among ``types``, such as one of a plug-in that was taken out, are left out.
    """
    source = Batch.id == (batch.made_from or batch.params.get(_MADE_OF))
    installed = Batch.type.in_([one.key for one in types])
    linked = select(Batch).where(or_(source, Batch.made_from == batch.id), installed).order_by(Batch.id)
    return [
        ("Made into" if one.made_from == batch.id else "Made from", one) for one in session.scalars(linked)
    ]
