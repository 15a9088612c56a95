"""The engine: runs a handler, and is the only code that moves a batch from state to state."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy.orm import Session

from batchbook.batches.concurrency import bump_version, refuse_stale
from batchbook.batches.engine.actions import ACTIONS
from batchbook.batches.engine.context import ActionContext, find_batch
from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.history import note_failure
from batchbook.batches.hook_guard import is_stop
from batchbook.batches.lifecycle import Action, State, Transition, state_before, transition
from batchbook.batches.models import Batch
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.db import utc_now
from batchbook.db.guard import TransactionMark
from batchbook.db.transactions import is_transient, transaction_scope
from batchbook.errors import BatchbookError, Conflict, Misuse, is_interrupt, reason_of
from batchbook.jobs.enqueue import job_holding
from batchbook.jobs.models import Job
from batchbook.progress import CheckedProgress, NoProgress, Progress

log = logging.getLogger(__name__)

_MAY_BE_KEPT = (
    " What it had done until then may have been kept. Look at the batch, and at what it is applied to, before you try"
    " again."
)


@dataclass(frozen=True)
class Result:
    """How an action ended: the sentence for the person who asked, and whether it failed."""

    message: str
    failed: bool = False
    #: The batch that came of it, where it made one, and the job that does it, where it is not done yet.
    batch_id: int | None = None
    job_id: int | None = None
    #: What was done at once, where a job does the rest.
    at_once: str = ""


class Engine:
    """Runs actions on batches for ``actor`` in ``session``; ``settings`` and ``types`` are the application's.

    ``job_id`` is the job that it works for: another one that holds a batch keeps this one off.
    """

    def __init__(
        self,
        session: Session,
        types: BatchTypes,
        settings: Mapping[str, Any],
        actor: str,
        progress: Progress | None = None,
        job_id: int | None = None,
    ) -> None:
        self.session = session
        self.types = types
        self.settings = settings
        self.actor = actor
        self.progress = CheckedProgress(progress or NoProgress())
        self.job_id = job_id

    def context_of(self, batch: Batch) -> ActionContext:
        """Return the context of an action on ``batch`` at this moment."""
        return self.context_of_new(self.types[batch.type], batch)

    def context_of_new(self, batch_type: BatchType, batch: Batch) -> ActionContext:
        """Return the context of an action on a ``batch`` that is not stored yet."""
        context = HandlerContext(self.session, self.settings, self.actor, utc_now(), self.progress)
        return ActionContext(context, batch_type, batch, batch_type.make_handler(context, batch))

    def find(self, batch_id: int) -> Batch:
        """Return a batch without locking it; raise :class:`~batchbook.errors.Missing` if there is none."""
        return find_batch(self.session, self.types, batch_id)

    def lock(self, batch_id: int, action: Action) -> ActionContext:
        """Lock a batch for ``action`` until the transaction ends.

        Raises :class:`~batchbook.errors.Missing` if there is no such batch and :class:`~batchbook.errors.Conflict`
        if its state, as it is once the lock is held, does not allow the action, or a job has the batch.
        """
        # Checked before locking as well: a running job holds the lock, and nobody should wait for its end.
        for lock in (False, True):
            batch = find_batch(self.session, self.types, batch_id, lock=lock)
            holder = job_holding(self.session, batch_id)
            if holder is not None and holder.id != self.job_id:
                raise Conflict(held_refusal(batch, action, holder))
        reason = batch.refusal(action)
        if reason is not None:
            raise Conflict(reason)
        return self.context_of(batch)

    @contextmanager
    def editing(self, batch_id: int) -> Iterator[ActionContext]:
        """Lock a batch for an edit, which is the block, and undo all of the edit if the block raises.

        Nothing of the edit is left then, even if the caller catches the error and commits. Raises as :meth:`lock` does.
        """
        with self.session.begin_nested():
            yield self.lock(batch_id, Action.EDIT)

    def run(
        self,
        batch_id: int,
        action: Action,
        options: Mapping[str, Any] | None = None,
        version: int | None = None,
    ) -> Result:
        """Run ``action`` on a batch and return how it ended.

        Errors that are sentences (:class:`~batchbook.errors.BatchbookError`) are raised and leave nothing behind; one
        of them says that the batch is no longer at ``version``, if that is given. Any other exception of the handler
        is a failure: what the action did is undone, the reason is kept in the header and in the history, and the
        result says so. Where the handler broke the transaction, so that nothing can be undone in it, all of it is given
        up, the reason is kept by another one, and :class:`~batchbook.errors.Misuse` is raised.
        """
        if action not in ACTIONS:
            raise ValueError(f"{action} is no action that the engine runs.")
        context = self.lock(batch_id, action)
        refuse_stale(context.batch, action, version)
        mark = TransactionMark(self.session)
        raised: BaseException | None = None
        try:
            with self.session.begin_nested():
                try:
                    return Result(self._carry_out(context, action, options or {}))
                except BaseException as error:
                    raised = error
                    raise
        except BaseException as error:  # noqa: BLE001 - A handler is somebody's code and may raise anything.
            # What undoing it raises, where the handler broke the transaction, is not the reason.
            return self._ended_by(raised or error, batch_id, action, mark)

    def _ended_by(self, error: BaseException, batch_id: int, action: Action, mark: TransactionMark) -> Result:
        """Return how an action ended that raised ``error``; raise it where it is not the handler's failure."""
        if is_interrupt(error) or is_transient(error):
            raise error  # Nobody's fault: whoever runs the action gives all of it up, and may do it again.
        where = (action, batch_id, self.job_id or "none")
        undone = mark.undo()
        if is_stop(error):
            raise error
        if not undone:
            # Where it was stopped, that may have ended the transaction, whatever came of it; then this raises.
            self.progress.report("undo", 0, None)
            log.error("%s of batch %s broke its transaction (job %s)", *where, exc_info=error)
            raise self._lost(batch_id, action, error, undone=mark.give_up()) from error
        if isinstance(error, BatchbookError) and not isinstance(error, Misuse):
            raise error
        log.error("%s of batch %s failed (job %s)", *where, exc_info=error)
        return self._failed(batch_id, action, error)

    def _carry_out(self, context: ActionContext, action: Action, options: Mapping[str, Any]) -> str:
        """Lead the batch through the states of the table, and do the action in between; return what it says."""
        step = cast(
            "Transition", transition(action, context.batch.state)
        )  # The lock has asked the table already.
        if step.through:
            context.batch.state = step.through
        message = ACTIONS[action](context, options)
        context.batch.failure = None
        bump_version(context.batch)
        self.session.flush()
        if step.target:
            # Last of all, and alone: from here on the database refuses every change of an executed batch.
            context.batch.state = step.target
            self.session.flush()
        return message

    def adopt_rows(self, context: ActionContext) -> None:
        """Open a new batch whose rows were copied from another one, and refresh them."""
        context.batch.state = State.OPEN
        self.session.flush()
        self.refresh_or_refuse(context.batch.id)

    def refresh_or_refuse(self, batch_id: int) -> None:
        """Refresh a batch as part of something larger; raise ``Conflict`` if that fails, so that nothing is kept."""
        result = self.run(batch_id, Action.REFRESH)
        if result.failed:
            raise Conflict(f"Nothing was changed, because the rows could not be refreshed. {result.message}")

    def _lost(self, batch_id: int, action: Action, error: BaseException, *, undone: bool) -> Misuse:
        """Bring the batch back, in a transaction of its own, after a handler broke that of the action; keep why.

        Return the error that says whether all of it was ``undone``, for which the database vouches.
        """
        database: Any = self.session.get_bind()
        with transaction_scope(database) as session:
            batch = find_batch(session, self.types, batch_id, lock=True)
            batch.state = state_before(batch.state) or batch.state
            sentence = f"{batch} was not {action.done}, because its handler broke the transaction ({reason_of(error)})."
            sentence += " Nothing of it was kept." if undone else _MAY_BE_KEPT
            if self.job_id is None and not batch.is_final:  # A job's end is told by who runs it.
                note_failure(HandlerContext(session, self.settings, self.actor, utc_now()), batch, sentence)
        return Misuse(sentence)

    def _failed(self, batch_id: int, action: Action, error: BaseException) -> Result:
        context = self.context_of(find_batch(self.session, self.types, batch_id, lock=True))
        reason = reason_of(error)
        note_failure(context.handler_context, context.batch, f"{action.capitalize()} failed: {reason}")
        self.session.flush()
        return Result(
            f"{context.batch} was not {action.done}, because its handler failed ({reason})."
            " Everything is as it was before.",
            failed=True,
        )


def held_refusal(batch: Batch, action: Action, holder: Job) -> str:
    """Return the sentences by which ``action`` is refused while a job has the batch."""
    return (
        f"{batch} was not {action.done}. It is {holder.standing} at this moment: wait until that has ended."
    )
