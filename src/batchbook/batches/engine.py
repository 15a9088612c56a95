"""The engine: runs a handler, and is the only code that moves a batch from state to state.

It works inside its caller's transaction. Whatever a handler raises, the action's own changes are undone to a
savepoint; the batch is then in the state it had before.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from batchbook.batches.actions import ACTIONS
from batchbook.batches.context import HandlerContext
from batchbook.batches.issues import storable
from batchbook.batches.lifecycle import Action, State, Transition, transition
from batchbook.batches.models import Batch
from batchbook.batches.operations import FAILURE
from batchbook.batches.types import BatchType, BatchTypes
from batchbook.batches.work import Work, find_batch
from batchbook.db import utc_now
from batchbook.db.transient import is_transient
from batchbook.errors import BatchbookError, Conflict
from batchbook.jobs.asking import holder_of
from batchbook.jobs.models import Job
from batchbook.progress import NoProgress, Progress

log = logging.getLogger(__name__)

_LONGEST_REASON = 500


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
        self.progress = progress or NoProgress()
        self.job_id = job_id

    def work_on(self, batch: Batch) -> Work:
        """Return what an action on ``batch`` works with, at this moment."""
        return self.work_on_new(self.types[batch.type], batch)

    def work_on_new(self, batch_type: BatchType, batch: Batch) -> Work:
        """Return what an action on a ``batch`` that is not stored yet works with."""
        context = HandlerContext(self.session, self.settings, self.actor, utc_now(), self.progress)
        return Work(context, batch_type, batch, batch_type.make_handler(context, batch))

    def find(self, batch_id: int) -> Batch:
        """Return a batch without locking it; raise :class:`~batchbook.errors.Missing` if there is none."""
        return find_batch(self.session, self.types, batch_id)

    def lock(self, batch_id: int, action: Action) -> Work:
        """Lock a batch for ``action`` until the transaction ends.

        Raises :class:`~batchbook.errors.Missing` if there is no such batch and :class:`~batchbook.errors.Conflict`
        if its state, as it is once the lock is held, does not allow the action, or a job has the batch.
        """
        # Asked before as well, because a running job holds the lock, and nobody shall wait for that.
        for lock in (False, True):
            batch = find_batch(self.session, self.types, batch_id, lock=lock)
            self._refuse_held(batch, action)
        reason = batch.refusal(action)
        if reason is not None:
            raise Conflict(reason)
        return self.work_on(batch)

    def _refuse_held(self, batch: Batch, action: Action) -> None:
        holder = holder_of(self.session, batch.id)
        if holder is not None and holder.id != self.job_id:
            raise Conflict(held_refusal(batch, action, holder))

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
        result says so.
        """
        if action not in ACTIONS:
            raise ValueError(f"{action} is no action that the engine runs.")
        work = self.lock(batch_id, action)
        refuse_stale(work.batch, action, version)
        try:
            with self.session.begin_nested():
                message = self._carry_out(work, action, options or {})
        except BatchbookError:
            raise
        except Exception as error:  # A handler is somebody's code and may raise anything.
            if is_transient(error):
                raise  # Nobody's fault: whoever runs the action may do it again.
            log.exception("%s of batch %s failed (job %s)", action, batch_id, self.job_id or "none")
            return self._failed(batch_id, action, error)
        return Result(message)

    def _carry_out(self, work: Work, action: Action, options: Mapping[str, Any]) -> str:
        """Lead the batch through the states of the table, and do the action in between; return what it says."""
        step = cast(
            "Transition", transition(action, work.batch.state)
        )  # The lock has asked the table already.
        if step.through:
            work.batch.state = step.through
        message = ACTIONS[action](work, options)
        work.batch.failure = None
        work.batch.version += 1
        self.session.flush()
        if step.target:
            # Last of all, and alone: from here on the database refuses every change of an executed batch.
            work.batch.state = step.target
            self.session.flush()
        return message

    def adopt_rows(self, work: Work) -> None:
        """Open a new batch whose rows were copied from another one, and refresh them."""
        work.batch.state = State.OPEN
        self.session.flush()
        self.refresh_or_refuse(work.batch.id)

    def refresh_or_refuse(self, batch_id: int) -> None:
        """Refresh a batch as part of something larger; raise ``Conflict`` if that fails, so that nothing is kept."""
        result = self.run(batch_id, Action.REFRESH)
        if result.failed:
            raise Conflict(f"Nothing was changed, because the rows could not be refreshed. {result.message}")

    def _failed(self, batch_id: int, action: Action, error: Exception) -> Result:
        self.session.expire_all()
        work = self.work_on(find_batch(self.session, self.types, batch_id, lock=True))
        reason = in_words(error)
        work.batch.failure = f"{action.capitalize()} failed: {reason}"
        work.batch.version += 1
        work.record(FAILURE, work.batch.failure)
        self.session.flush()
        return Result(
            f"{work.batch} was not {action.done}, because its handler failed ({reason})."
            " Everything is as it was before.",
            failed=True,
        )


def held_refusal(batch: Batch, action: Action, holder: Job) -> str:
    """Return the sentences by which ``action`` is refused while a job has the batch."""
    return (
        f"{batch} was not {action.done}. It is {holder.standing} at this moment: wait until that has ended."
    )


def refuse_stale(batch: Batch, action: Action, version: int | None) -> None:
    """Raise ``Conflict`` if ``batch`` is no longer at ``version``, which the person who wants ``action`` looked at."""
    if version is not None and version != batch.version:
        raise Conflict(
            f"{batch} was changed since you opened its page, so it was not {action.done}."
            " Look at it again, then decide."
        )


def in_words(error: Exception) -> str:
    """Return what a handler's ``error`` says, for people: one line, without what belongs into the log only."""
    # The statement and its values, which SQLAlchemy adds, belong into the log, not onto a page.
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = storable(str(cause)).strip().partition("\n")[0]
    if isinstance(cause, MemoryError):
        said = said or "there was not enough memory"
    return f"{type(cause).__name__}: {said}"[:_LONGEST_REASON]
