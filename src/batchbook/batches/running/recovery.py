"""Recovery of batches that were left between two states by an action that nobody performs any more."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.history import note_failure
from batchbook.batches.lifecycle import TRANSITIONS, state_before
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchTypes
from batchbook.db import utc_now
from batchbook.db.transactions import is_transient, transaction_scope
from batchbook.jobs.enqueue import job_holding
from batchbook.services import Services

log = logging.getLogger(__name__)

#: Who acts, in the history of a batch.
_ACTOR = "batchbook"


def recover_batches(services: Services) -> None:
    """Bring the batches that no job holds back to the state before; safe to be done by any number of processes."""
    known = [batch_type.key for batch_type in services.get(BatchTypes)]
    passed = [line.through for line in TRANSITIONS if line.through]
    stuck = select(Batch.id).where(Batch.state.in_(passed), Batch.type.in_(known)).order_by(Batch.id)
    with transaction_scope(services.get(Engine), read_only=True) as session:
        found: Sequence[int] = session.scalars(stuck).all()
    for batch_id in found:
        try:
            with transaction_scope(services.get(Engine)) as session:
                _heal(session, batch_id, passed)
        except DBAPIError as error:
            if not is_transient(error):
                raise
            log.info("Batch %s is not healed now, the database is busy: %s", batch_id, error.orig)


def _heal(session: Session, batch_id: int, passed: Sequence[str]) -> None:
    # Whoever has the lock is at work on it, or heals it in this moment.
    wanted = select(Batch).where(Batch.id == batch_id, Batch.state.in_(passed))
    batch = session.scalars(wanted.with_for_update(skip_locked=True, of=Batch)).one_or_none()
    if batch is None or job_holding(session, batch_id) is not None:
        return
    left, batch.state = batch.state, state_before(batch.state) or batch.state
    sentence = (
        f"{batch} was left while it was {left}, and nobody works on it any more, so it is {batch.state} again. What had"
        " been done until then may have been kept. Look at it, and at what it is applied to, before you try again."
    )
    log.warning("%s", sentence)
    note_failure(HandlerContext(session, {}, _ACTOR, utc_now()), batch, sentence)
