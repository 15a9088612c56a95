"""Batches that are made of others: of chosen rows, or by an execution; and the links between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Engine
from batchbook.batches.history import record
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch
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


def batches_made_from(session: Session, batch: Batch) -> Sequence[Batch]:
    """Return the batches that were made from ``batch``, in the order in which they were made."""
    return session.scalars(select(Batch).where(Batch.made_from == batch.id).order_by(Batch.id)).all()


def made_links(session: Session, batch: Batch) -> list[tuple[str, Batch]]:
    """Return the batch that ``batch`` was made from, and those that were made from it, each with a label."""
    number = batch.made_from or batch.params.get(_MADE_OF)
    source = None if number is None else session.get(Batch, number)
    found = [("Made from", source)] if source is not None else []
    return [*found, *(("Made into", one) for one in batches_made_from(session, batch))]
