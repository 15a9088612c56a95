"""Execution of one job: take its lease, do the work and write the result in one transaction."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from batchbook.db.transactions import transaction_scope
from batchbook.db.write_lock import is_transient
from batchbook.errors import BatchbookError, is_interrupt, reason_of
from batchbook.jobs import lease
from batchbook.jobs.job_progress import (
    Cancelled,
    HandedBack,
    JobProgress,
    Stopped,
    StopSignal,
    cancel_requests_of,
    forget_progress,
)
from batchbook.jobs.models import Job, JobState
from batchbook.jobs.service import JobService
from batchbook.jobs.supervision import Attempt, EndProcess, LimitReached, Supervisor
from batchbook.jobs.tasks import JobContext, JobResult, Task
from batchbook.progress import NoProgress, Progress
from batchbook.services import Services
from batchbook.words import counted

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How long to wait before what failed for a passing reason is tried again, at first and at the most, in seconds.
_RETRY_PAUSE, _LONGEST_RETRY_PAUSE = 0.2, 3.0


class DatabaseBusy(Exception):  # noqa: N818 - It says what happened.
    """The work of a job, not what is around it, met an error of the database that may pass by itself: ``orig``."""

    def __init__(self, orig: Exception) -> None:
        super().__init__(str(orig))
        self.orig = orig


class JobRun:
    """One attempt at one job, by the process called ``owner``.

    ``stopping`` says when the process must end; ``watch`` gets the progress as well, where somebody looks on.
    ``end_process`` ends the process for a job that cannot be ended otherwise.
    """

    def __init__(
        self,
        services: Services,
        owner: str,
        stopping: StopSignal | None = None,
        watch: Progress | None = None,
        end_process: EndProcess | None = None,
    ) -> None:
        self.services = services
        self.jobs: JobService = services.get(JobService)
        self.engine: Engine = services.get(Engine)
        self.owner = owner
        self._stopping = stopping or threading.Event()
        self._watch = watch or NoProgress()
        self._end_process = end_process

    def run(self, job_id: int, dispatch: int) -> bool:
        """Do the job if it still waits under that number of its dispatch; return whether it did."""
        job = self._patiently(lambda: self._take(job_id, dispatch))
        if job is None:
            return False
        self.run_taken(job)
        return True

    def run_taken(self, job: Job) -> None:
        """Do a job that this process has taken already."""
        log.info("Job %s begins: %s of %s for %s.", job.id, job.task, job.subject, job.asked_by)
        try:
            with Supervisor(self.jobs.running, self.jobs.store, Attempt(job), self._end_process) as attempt:
                message = self._patiently(lambda: self._try_a_few_times(attempt))
            self._ended(job, message)
        except lease.LostLease:
            log.warning(
                "Job %s was taken over by another process; nothing that was done here counts.", job.id
            )
        except HandedBack:
            self._give_back(job, counted=False)
        except (Cancelled, LimitReached) as reason:
            self._settle(job, *result_of_stop(job, reason))
        except BatchbookError as error:
            self._settle(job, JobState.FAILED, JobResult(error.message, failed=True))
        except BaseException as error:
            if is_interrupt(error):
                raise
            self._failed(job, error)  # It is logged; a task is somebody's code and may raise anything.

    def _task(self, job: Job) -> Task:
        return self.jobs.tasks[job.task]

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """Yield a session in a transaction that others can end if this process stops answering."""
        with transaction_scope(self.engine) as session:
            if self.engine.dialect.name == "postgresql":
                name = text("SELECT set_config('application_name', :name, true)")
                session.execute(name, {"name": self.owner})
            yield session

    def _take(self, job_id: int, dispatch: int) -> Job | None:
        with self._transaction() as session:
            job = lease.acquire(session, job_id, dispatch, self.owner)
            if job is None:
                return None
            if by := cancel_requests_of(self.jobs.store, [job]).get(job.id):
                self._end_unstarted(session, job, *result_of_stop(job, Cancelled(by)))
                return None
            if job.attempts > self.jobs.settings.attempts:
                ending = JobResult(_given_up_message(job), failed=True)
                self._end_unstarted(session, job, JobState.FAILED, ending)
                return None
            return job

    def _end_unstarted(self, session: Session, job: Job, state: JobState, ending: JobResult) -> None:
        self._end(session, job, state, ending)
        log.warning("Job %s ends before it begins: %s", job.id, ending.message)

    def _try_a_few_times(self, attempt: Attempt) -> str:
        """Do the job; do it anew where its own work meets a busy database, but not for ever: it may wait for itself."""
        pause = _RETRY_PAUSE
        for _ in range(self.jobs.settings.attempts - 1):
            try:
                return self._do(attempt)
            except DatabaseBusy as error:
                if self._stopping.is_set():
                    raise
                log.warning(
                    "Job %s meets a busy database; it is done anew.", attempt.job.id, exc_info=error.orig
                )
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_RETRY_PAUSE)
        return self._do(attempt)

    def _do(self, attempt: Attempt) -> str:
        job = attempt.job
        own = JobProgress(self.jobs.store, job, self._stopping)
        progress = _ProgressToBoth(own, self._watch, attempt)
        progress.report("begin", 0, None)
        with self._prepared(attempt, progress) as prepared, self._transaction() as session:
            lease.ensure_held(session, job)
            try:
                with attempt.interruptible(session):
                    ending = self._task(job).run(JobContext(self.services, session, job, progress, prepared))
            except Exception as error:
                if is_transient(error):
                    raise DatabaseBusy(error) from error
                raise
            own.check_cancelled()
            state = JobState.FAILED if ending.failed else JobState.DONE
            lease.finish(session, job, state, ending, self.jobs.settings.keep)
        return ending.message

    @contextmanager
    def _prepared(self, attempt: Attempt, progress: Progress) -> Iterator[Any]:
        job = attempt.job
        with ExitStack() as kept:
            with transaction_scope(self.engine, read_only=True) as session, attempt.interruptible(session):
                job_context = JobContext(self.services, session, job, progress)
                prepared = kept.enter_context(self._task(job).prepare(job_context))
            yield prepared

    def write_end(self, job: Job, state: JobState, ending: JobResult) -> bool:
        """Write down how a job ended whose process is gone; return whether that was still to be done."""
        with suppress(lease.LostLease):
            with self._transaction() as session:
                self._end(session, job, state, ending)
            self._ended(job, ending.message)
            return True
        return False

    def _settle(self, job: Job, state: JobState, ending: JobResult) -> None:
        def write() -> None:
            with self._transaction() as session:
                self._end(session, job, state, ending)

        with suppress(lease.LostLease):
            self._patiently(write)
            self._ended(job, ending.message)

    def _end(self, session: Session, job: Job, state: JobState, ending: JobResult) -> None:
        """Write down an end that the task itself could not, and tell it."""
        try:
            with session.begin_nested():
                self._task(job).note_result(JobContext(self.services, session, job, NoProgress()), ending)
        except Exception as error:  # A job must end, whatever a task does when it hears of that.
            if is_transient(error):
                raise
            log.exception("The task of job %s could not take note of its end", job.id)
        lease.finish(session, job, state, ending, self.jobs.settings.keep)

    def _failed(self, job: Job, error: BaseException) -> None:
        cause = error.orig if isinstance(error, DatabaseBusy) else error
        if is_transient(cause) and self._stopping.is_set():
            self._give_back(job, counted=False)
            return
        log.error("Job %s failed: %s of %s.", job.id, job.task, job.subject, exc_info=cause)
        why = f"because of an error ({reason_of(cause)}). Nothing was changed."
        if is_transient(cause):
            why = (
                f"because the database was busy or not there ({reason_of(cause)}), each of the"
                f" {counted(self.jobs.settings.attempts, 'time')} that it was tried. Nothing was changed. Try again later."
            )
        self._settle(job, JobState.FAILED, JobResult(f"{job.subject} was not {job.done}, {why}", failed=True))

    def _give_back(self, job: Job, *, counted: bool = True) -> None:
        def write() -> bool:
            with self._transaction() as session:
                return lease.release(session, job, counted=counted)

        if self._patiently(write):
            log.info("Job %s waits again.", job.id)

    def _ended(self, job: Job, message: str) -> None:
        forget_progress(self.jobs.store, job)
        log.info("Job %s ended: %s", job.id, message)

    def _patiently(self, action: Callable[[], T]) -> T:
        """Do ``action``, as often as it takes while the database is merely busy, unless the process must end."""
        pause = _RETRY_PAUSE
        while True:
            try:
                return action()
            except DBAPIError as error:
                if not is_transient(error) or self._stopping.is_set():
                    raise
                log.info("The database is busy; trying again: %s", error.orig)
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_RETRY_PAUSE)


class _ProgressToBoth:
    """Reports to the store and to whoever looks on, unless the attempt must not go on."""

    def __init__(self, first: Progress, second: Progress, attempt: Attempt) -> None:
        self._first, self._second, self._attempt = first, second, attempt

    def report(self, phase: str, done: int, total: int | None) -> None:
        self._attempt.check()
        self._first.report(phase, done, total)
        self._second.report(phase, done, total)


def result_of_stop(job: Job, reason: Stopped) -> tuple[JobState, JobResult]:
    """Return how a job ends that was stopped for a ``reason``: a cancel request or a limit."""
    if isinstance(reason, LimitReached):
        return JobState.FAILED, JobResult(reason.message, failed=True)
    if isinstance(reason, Cancelled):
        return JobState.CANCELLED, JobResult(_cancelled_message(job, reason))
    raise TypeError(f"{reason!r} is no end of a job.")


def _cancelled_message(job: Job, wish: Cancelled) -> str:
    when = f" after {counted(wish.done, 'row')}" if wish.done else ""
    return (
        f"{job.subject} was not {job.done}: {wish.by} cancelled that{when}. Nothing of it was kept; everything is as"
        " it was before."
    )


def _given_up_message(job: Job) -> str:
    return (
        f"The process that worked on {job.subject} was killed {counted(job.attempts - 1, 'time')}, so this was given up."
        " Nothing was changed. Try again when it is known why; an administrator finds more in the log."
    )
