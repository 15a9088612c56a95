"""Execution of one job: acquire its lease, do the work and write the result in one transaction."""

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

from batchbook.db.connecting import ALLOW_IDLE
from batchbook.db.transactions import is_transient, transaction_scope
from batchbook.errors import BatchbookError, Busy, Misuse, is_interrupt, reason_of
from batchbook.jobs import lease
from batchbook.jobs.attempt import Attempt
from batchbook.jobs.job_progress import (
    Cancelled,
    HandedBack,
    JobProgress,
    Stopped,
    StopSignal,
    cancel_requests_of,
    forget_progress,
)
from batchbook.jobs.models import REFUSED_KEY, Job, JobState
from batchbook.jobs.service import JobService
from batchbook.jobs.supervision import EndProcess, LimitReached, Supervisor
from batchbook.jobs.tasks import JobContext, JobResult, Task
from batchbook.progress import NoProgress, Progress
from batchbook.services import Services
from batchbook.words import counted

log = logging.getLogger(__name__)

T = TypeVar("T")

#: The pause before a retry while the database is busy, at first and at most, in seconds.
_RETRY_PAUSE, _LONGEST_RETRY_PAUSE = 0.2, 3.0
#: Names a transaction on PostgreSQL after its process, and lifts the limit for transactions without a statement.
_NAME = "SELECT set_config('application_name', :name, true)"
_NAME_AND_ALLOW_IDLE = f"{_NAME}, {ALLOW_IDLE}"


class DatabaseBusy(Exception):  # noqa: N818 - It says what happened.
    """A transient database error, ``orig``, within the work of a job rather than around it."""

    def __init__(self, orig: Exception) -> None:
        super().__init__(str(orig))
        self.orig = orig


class JobRun:
    """The execution of jobs by the process called ``owner``.

    ``stopping`` is set when the process must end; ``watch`` receives the progress too. ``end_process`` ends the process
    for a job that cannot be stopped in any other way.
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
        """Run a job if it still waits under that ``dispatch``; return whether it ran."""
        job = self._retry_while_busy(lambda: self._take(job_id, dispatch))
        if job is None:
            return False
        self.run_taken(job)
        return True

    def run_taken(self, job: Job) -> None:
        """Run a job whose lease this process has already acquired."""
        log.info("Job %s started: %s of %s for %s.", job.id, job.task, job.subject, job.asked_by)
        try:
            with Supervisor(self.jobs.running, self.jobs.store, Attempt(job), self._end_process) as attempt:
                message = self._retry_while_busy(lambda: self._try_repeatedly(attempt))
            self._note_end(job, message)
        except lease.LostLease:
            log.warning("Job %s was taken over by another process; its work here was rolled back.", job.id)
        except HandedBack:
            self._hand_back(job)
        except (Cancelled, LimitReached) as reason:
            self._finish_failed(job, *result_of_stop(job, reason))
        except BatchbookError as error:
            data = {} if isinstance(error, (Misuse, Busy)) else {REFUSED_KEY: True}
            self._finish_failed(job, JobState.FAILED, JobResult(error.message, failed=True, data=data))
        except BaseException as error:
            if is_interrupt(error):
                raise
            self._note_failure(job, error)  # It is logged; the code of a task may raise anything.

    def _task(self, job: Job) -> Task:
        return self.jobs.tasks[job.task]

    @contextmanager
    def _transaction(self, job_id: int, *, read_only: bool = False, long: bool = False) -> Iterator[Session]:
        """Yield a session in a transaction for a job, which other processes can terminate if this one hangs.

        In a ``long`` one, code may take its time between two statements.
        """
        with transaction_scope(self.engine, read_only=read_only, acted_by=f"job {job_id}") as session:
            if self.engine.dialect.name == "postgresql":
                name = text(_NAME_AND_ALLOW_IDLE if long else _NAME)
                session.execute(name, {"name": self.owner})
            yield session

    def _take(self, job_id: int, dispatch: int) -> Job | None:
        with self._transaction(job_id) as session:
            job = lease.acquire(session, job_id, dispatch, self.owner)
            if job is None:
                return None
            if by := cancel_requests_of(self.jobs.store, [job]).get(job.id):
                self._finish_unstarted(session, job, *result_of_stop(job, Cancelled(by)))
                return None
            if job.attempts > self.jobs.settings.attempts:
                job_result = JobResult(_given_up_message(job), failed=True)
                self._finish_unstarted(session, job, JobState.FAILED, job_result)
                return None
            return job

    def _finish_unstarted(self, session: Session, job: Job, state: JobState, job_result: JobResult) -> None:
        self._write_failure(session, job, state, job_result)
        log.warning("Job %s ended before it started: %s", job.id, job_result.message)

    def _try_repeatedly(self, attempt: Attempt) -> str:
        """Do the work of a job; repeat it while the database is busy, but not for ever: the job may be waiting for itself."""
        pause = _RETRY_PAUSE
        for _ in range(self.jobs.settings.attempts - 1):
            try:
                return self._work(attempt)
            except DatabaseBusy as error:
                if self._stopping.is_set():
                    raise
                log.warning("The database is busy; job %s is repeated.", attempt.job.id, exc_info=error.orig)
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_RETRY_PAUSE)
        return self._work(attempt)

    def _work(self, attempt: Attempt) -> str:
        job = attempt.job
        own = JobProgress(self.jobs.store, job, self._stopping)
        progress = _ProgressToBoth(own, self._watch, attempt)
        progress.report("begin", 0, None)
        with (
            self._prepared(attempt, progress) as prepared,
            self._transaction(job.id, long=True) as session,
        ):
            lease.ensure_held(session, job)
            try:
                with attempt.interruptible(session):
                    job_result = self._task(job).run(
                        JobContext(self.services, session, job, progress, prepared)
                    )
            except Exception as error:
                if is_transient(error):
                    raise DatabaseBusy(error) from error
                raise
            own.check_cancelled()
            state = JobState.FAILED if job_result.failed else JobState.DONE
            lease.finish(session, job, state, job_result, self.jobs.settings.keep)
        return job_result.message

    @contextmanager
    def _prepared(self, attempt: Attempt, progress: Progress) -> Iterator[Any]:
        job = attempt.job
        with ExitStack() as kept:
            with (
                self._transaction(job.id, read_only=True, long=True) as session,
                attempt.interruptible(session),
            ):
                job_context = JobContext(self.services, session, job, progress)
                prepared = kept.enter_context(self._task(job).prepare(job_context))
            yield prepared

    def write_end(self, job: Job, state: JobState, job_result: JobResult) -> bool:
        """Write the result of a job whose process is gone; return whether this call did so."""
        with suppress(lease.LostLease):
            with self._transaction(job.id) as session:
                self._write_failure(session, job, state, job_result)
            self._note_end(job, job_result.message)
            return True
        return False

    def _finish_failed(self, job: Job, state: JobState, job_result: JobResult) -> None:
        def write() -> None:
            with self._transaction(job.id) as session:
                self._write_failure(session, job, state, job_result)

        with suppress(lease.LostLease):
            self._retry_while_busy(write)
            self._note_end(job, job_result.message)

    def _write_failure(self, session: Session, job: Job, state: JobState, job_result: JobResult) -> None:
        """Write the result of a job whose work was not done, after its task has noted the result."""
        try:
            with session.begin_nested():
                self._task(job).note_result(JobContext(self.services, session, job, NoProgress()), job_result)
        except Exception as error:  # A job must end, whatever its task does here.
            if is_transient(error):
                raise
            log.exception("The task of job %s could not note its result", job.id)
        lease.finish(session, job, state, job_result, self.jobs.settings.keep)

    def _note_failure(self, job: Job, error: BaseException) -> None:
        cause = error.orig if isinstance(error, DatabaseBusy) else error
        if is_transient(cause) and self._stopping.is_set():
            self._hand_back(job)
            return
        log.error("Job %s failed: %s of %s.", job.id, job.task, job.subject, exc_info=cause)
        why = f"because of an error ({reason_of(cause)}). Nothing was changed."
        if is_transient(cause):
            why = (
                f"because the database was busy or unavailable ({reason_of(cause)}) on each of"
                f" {counted(self.jobs.settings.attempts, 'try', 'tries')}. Nothing was changed. Try again later."
            )
        self._finish_failed(
            job, JobState.FAILED, JobResult(f"{job.subject} was not {job.done}, {why}", failed=True)
        )

    def _hand_back(self, job: Job) -> None:
        def write() -> bool:
            with self._transaction(job.id) as session:
                return lease.release(session, job, counted=False)

        if self._retry_while_busy(write):
            log.info("Job %s is waiting again.", job.id)

    def _note_end(self, job: Job, message: str) -> None:
        forget_progress(self.jobs.store, job)
        log.info("Job %s ended: %s", job.id, message)

    def _retry_while_busy(self, action: Callable[[], T]) -> T:
        """Return the result of ``action``; repeat it while the database is busy, unless the process must end."""
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
    """Progress that is reported to two receivers, unless the attempt must stop."""

    def __init__(self, first: Progress, second: Progress, attempt: Attempt) -> None:
        self._first, self._second, self._attempt = first, second, attempt

    def report(self, phase: str, done: int, total: int | None) -> None:
        self._attempt.check()
        self._first.report(phase, done, total)
        self._second.report(phase, done, total)


def result_of_stop(job: Job, reason: Stopped) -> tuple[JobState, JobResult]:
    """Return the final state and the result of a job that was stopped for a ``reason``: a cancel request or a limit."""
    if isinstance(reason, LimitReached):
        return JobState.FAILED, JobResult(reason.message, failed=True)
    if isinstance(reason, Cancelled):
        return JobState.CANCELLED, JobResult(_cancelled_message(job, reason))
    raise TypeError(f"{reason!r} is not a final result of a job.")


def _cancelled_message(job: Job, request: Cancelled) -> str:
    when = f" after {counted(request.done, 'row')}" if request.done else ""
    return (
        f"{job.subject} was not {job.done}: {request.by} cancelled the job{when}. None of its work was kept; everything"
        " is as it was before."
    )


def _given_up_message(job: Job) -> str:
    return (
        f"The process that worked on {job.subject} was killed {counted(job.attempts - 1, 'time')}, so the job was given"
        " up. Nothing was changed. Ask an administrator to look for the cause in the log before you try again."
    )
