"""The engine, which runs handlers and is the only code that changes the state of a batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sqlalchemy.orm import Session

from batchbook.batches.concurrency import refuse_stale
from batchbook.batches.engine.actions import ACTIONS
from batchbook.batches.engine.context import ActionContext, find_batch, lock_at_once
from batchbook.batches.handler import ALL, CONFIRM
from batchbook.batches.handler_context import HandlerContext
from batchbook.batches.history import bump_version, note_failure
from batchbook.batches.hook_guard import is_stop
from batchbook.batches.lifecycle import Action, State, Transition, state_before, transition
from batchbook.batches.models import Batch
from batchbook.batches.policies.demands import waive_demands
from batchbook.batches.policies.edit_reasons import demanding_reason
from batchbook.batches.registry import BatchType, BatchTypes
from batchbook.batches.seal.sealing import seal_batch
from batchbook.db import utc_now
from batchbook.db.guard import TransactionMark
from batchbook.db.transactions import acted_by, is_transient, transaction_scope
from batchbook.errors import BatchbookError, Conflict, Misuse, is_interrupt, reason_of
from batchbook.jobs.enqueue import job_holding
from batchbook.jobs.models import Job
from batchbook.progress import CheckedProgress, NoProgress, Progress

log = logging.getLogger(__name__)

T = TypeVar("T")

_MAY_BE_KEPT = " Some of its work may have been kept. Check the batch, and the data that it changes, before you try again."


@dataclass(frozen=True)
class Result:
    """The result of an action: a sentence for the user who requested it, and whether the action failed."""

    message: str
    failed: bool = False
    #: The batch that the action made, if any, and the job that will perform it, if it was not performed at once.
    batch_id: int | None = None
    job_id: int | None = None
    #: A sentence on the part that was done at once, if a job does the rest.
    at_once: str = ""


class Engine:
    """Runs actions on batches for ``actor`` in ``session``; ``settings`` and ``types`` are the application's.

    ``job_id`` is the job for which it works. Batches that other jobs hold are refused. ``reason`` is the actor's, for the
    history.
    """

    def __init__(
        self,
        session: Session,
        types: BatchTypes,
        settings: Mapping[str, Any],
        actor: str,
        progress: Progress | None = None,
        job_id: int | None = None,
        reason: str | None = None,
    ) -> None:
        self.session = session
        self.types = types
        self.settings = settings
        self.actor = actor
        self.progress = CheckedProgress(progress or NoProgress())
        self.job_id = job_id
        self.reason = reason

    def context_of(self, batch: Batch) -> ActionContext:
        """Return the context of an action on ``batch`` at this time."""
        return self.context_of_new(self.types[batch.type], batch)

    def context_of_new(self, batch_type: BatchType, batch: Batch) -> ActionContext:
        """Return the context of an action on a ``batch`` of a given type, which need not be stored yet."""
        context = self.handler_context()
        return ActionContext(context, batch_type, batch, batch_type.make_handler(context, batch))

    def handler_context(self) -> HandlerContext:
        """Return what handlers get at this time."""
        return HandlerContext(
            self.session, self.settings, self.actor, utc_now(), self.progress, self.reason, self.types
        )

    def find(self, batch_id: int) -> Batch:
        """Return a batch without locking it; raise :class:`~batchbook.errors.Missing` if there is none."""
        return find_batch(self.session, self.types, batch_id)

    def lock(self, batch_id: int, action: Action) -> ActionContext:
        """Lock a batch for ``action`` until the transaction ends.

        Raises :class:`~batchbook.errors.Missing` if there is no such batch, and :class:`~batchbook.errors.Conflict` if a
        job holds it, or if its state does not allow the action.
        """
        batch = lock_at_once(self.session, self.types, batch_id)
        if batch is None:
            # Checked before waiting as well: a running job holds the lock, and nobody should wait for its end.
            self._refuse_held(find_batch(self.session, self.types, batch_id), action)
            batch = find_batch(self.session, self.types, batch_id, lock=True)
        self._refuse_held(batch, action)
        reason = batch.refusal(action)
        if reason is not None:
            raise Conflict(reason)
        return self.context_of(batch)

    def _refuse_held(self, batch: Batch, action: Action) -> None:
        holder = job_holding(self.session, batch.id)
        if holder is not None and holder.id != self.job_id:
            raise Conflict(locked_refusal(batch, action, holder))

    @contextmanager
    def editing(self, batch_id: int) -> Iterator[ActionContext]:
        """Lock a batch for an edit, which is the block, and undo all of the edit if the block raises.

        Nothing of the edit is left then, even if the caller catches the error and commits. Raises as :meth:`lock` does, and
        at the end of the block as :func:`~batchbook.batches.policies.edit_reasons.demanding_reason` does.
        """
        with self.session.begin_nested():
            context = self.lock(batch_id, Action.EDIT)
            with demanding_reason(context):
                yield context

    def run(
        self,
        batch_id: int,
        action: Action,
        options: Mapping[str, Any] | None = None,
        version: int | None = None,
    ) -> Result:
        """Run ``action`` on a batch and return how it ended.

        Errors with a sentence for the user (:class:`~batchbook.errors.BatchbookError`) are raised, and the action leaves
        nothing behind; ``Conflict`` is one if the batch no longer has the ``version``, if given. Any other exception of
        the handler is a failure: the action is undone, the reason is stored in the header and the history, and the result
        has ``failed`` set. If the handler broke the transaction, so that the action cannot be undone in it, the whole
        transaction is rolled back, another one stores the reason, and :class:`~batchbook.errors.Misuse` is raised.
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
        except BaseException as error:  # noqa: BLE001 - A handler is an author's code and may raise anything.
            # If the handler broke the transaction, undoing it raises another error, which is not the reason.
            error = raised or error
            self._undo(error, batch_id, action, mark)
            return self._failed(batch_id, action, error)

    def dry_run(
        self,
        batch_id: int,
        options: Mapping[str, Any],
        read: Callable[[Session, Batch], T],
        version: int | None = None,
    ) -> T:
        """Execute a batch as :meth:`run` does, call ``read`` with the session and the executed batch, and undo it all.

        Return the result of ``read``. Warnings count as confirmed, and what the policy demands of people and times as met. Nothing of it is kept, not even that it failed: whatever
        refuses the execution is raised, and so is ``Conflict`` if the handler fails.
        """
        context = self.lock(batch_id, Action.DRY_RUN)
        refuse_stale(context.batch, Action.DRY_RUN, version)
        mark, name = TransactionMark(self.session), str(context.batch)
        raised: BaseException | None = None
        try:
            with self.session.begin_nested() as attempt:
                try:
                    waive_demands(context)
                    self._carry_out(context, Action.EXECUTE, {**options, CONFIRM: [ALL]})
                    found = read(self.session, context.batch)
                except BaseException as error:
                    raised = error
                    raise
                attempt.rollback()
        except BaseException as error:  # A handler is an author's code and may raise anything.
            error = raised or error
            self._undo(error, batch_id, Action.DRY_RUN, mark)
            reason = reason_of(error)
            raise Conflict(f"Executing {name} would fail: its handler fails ({reason}).") from error
        return found

    def _undo(self, error: BaseException, batch_id: int, action: Action, mark: TransactionMark) -> None:
        """Undo an action that raised ``error``; raise ``error`` again unless it is the handler's failure."""
        if is_interrupt(error) or is_transient(error):
            raise error  # Not the handler's failure: the caller rolls back everything, and may try again.
        where = (action, batch_id, self.job_id or "none")
        undone = mark.undo()
        if is_stop(error):
            raise error
        if not undone:
            # Raises if the action was stopped, because that may have ended the transaction, too.
            self.progress.report("undo", 0, None)
            log.error("%s of batch %s broke its transaction (job %s)", *where, exc_info=error)
            raise self._lost(batch_id, action, error, undone=mark.give_up()) from error
        if isinstance(error, BatchbookError) and not isinstance(error, Misuse):
            raise error
        log.error("%s of batch %s failed (job %s)", *where, exc_info=error)

    def _carry_out(self, context: ActionContext, action: Action, options: Mapping[str, Any]) -> str:
        """Perform the action, and change the batch's state before and after it; return the action's sentence."""
        # Not None: the lock has checked the state.
        step = cast("Transition", transition(action, context.batch.state))
        if step.through:
            context.batch.state = step.through
        message = ACTIONS[action](context, options)
        context.batch.failure = None
        bump_version(context.batch)
        self.session.flush()
        if step.target:
            # The last statement: from here on, the database refuses every change of an executed batch.
            context.batch.state = step.target
            self.session.flush()
            if context.batch.is_final:
                seal_batch(self.session, context.batch, context.batch_type.handler, context.now)
        return message

    def adopt_rows(self, context: ActionContext) -> None:
        """Open a new batch whose rows were copied from another batch, and refresh them."""
        context.batch.state = State.OPEN
        self.session.flush()
        self.refresh_or_refuse(context.batch.id)

    def refresh_or_refuse(self, batch_id: int) -> None:
        """Refresh a batch as part of another action; raise ``Conflict`` if that fails, so that nothing is stored."""
        result = self.run(batch_id, Action.REFRESH)
        if result.failed:
            raise Conflict(f"Nothing was changed, because the rows could not be refreshed. {result.message}")

    def _lost(self, batch_id: int, action: Action, error: BaseException, *, undone: bool) -> Misuse:
        """Return the batch to its earlier state in another transaction, after a handler broke that of the action.

        The reason is stored. Returns the error to raise, which tells whether the database vouches that everything was
        ``undone``.
        """
        database: Any = self.session.get_bind()
        with transaction_scope(database, acted_by=acted_by(self.session)) as session:
            batch = find_batch(session, self.types, batch_id, lock=True)
            batch.state = state_before(batch.state) or batch.state
            sentence = f"{batch} was not {action.done}, because its handler broke the transaction ({reason_of(error)})."
            sentence += " Nothing of it was kept." if undone else _MAY_BE_KEPT
            if self.job_id is None and not batch.is_final:  # A job's result is recorded by its task.
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


def locked_refusal(batch: Batch, action: Action, holder: Job) -> str:
    """Return the sentences that refuse ``action`` while the job ``holder`` holds the batch."""
    return (
        f"{batch} was not {action.done}. It is {holder.standing} at this moment: wait until that has ended."
    )
