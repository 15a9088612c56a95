"""The job service of an application, ``registry["jobs"]``: enqueue, cancel and retry jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import URL
from sqlalchemy.orm import Session

from batchbook.db import utc_now
from batchbook.db.engine import database_url
from batchbook.db.write_lock import is_busy
from batchbook.errors import Conflict
from batchbook.jobs import lease
from batchbook.jobs.enqueue import JobRequest, add_job, notify_workers
from batchbook.jobs.job_progress import request_cancel, request_process_end, unresponsive_notes
from batchbook.jobs.models import Job, JobState
from batchbook.jobs.settings import MODE, JobSettings, Mode
from batchbook.jobs.store import JobStore
from batchbook.jobs.supervision import RunningAttempts
from batchbook.jobs.tasks import JobContext, JobResult, Tasks
from batchbook.progress import NoProgress
from batchbook.services import Services


class JobService:
    """The jobs of one application."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self.settings = JobSettings.read(settings)
        self.tasks = Tasks()
        #: The attempts at jobs that run in this process.
        self.running = RunningAttempts(self.settings)
        #: What processes that run jobs do when they start, and every hour, with its services.
        self.upkeep: list[Callable[[Services], None]] = []
        #: What runs jobs in this process, if anything does.
        self.worker: Any = None
        #: What the time is; schedules are kept by it.
        self.clock: Callable[[], datetime] = utc_now
        #: Set when a job was asked for in this process.
        self.asked = threading.Event()

    @property
    def in_background(self) -> bool:
        """Whether jobs run outside the request."""
        return self.settings.mode is not Mode.INLINE

    def refuse_inline(self, consequence: str) -> None:
        """Raise ``Conflict``, with the ``consequence`` in words, where actions run at once and never as jobs."""
        if not self.in_background:
            raise Conflict(f"The setting {MODE.name} is “{Mode.INLINE}”, {consequence}. Nothing was done.")

    def is_big(self, rows: int) -> bool:
        """Return whether what touches that many rows is more than somebody should wait for, so that a job does it."""
        return self.in_background and rows > self.settings.big_rows

    @property
    def url(self) -> URL:
        """Where the application's database is."""
        return database_url(self._settings)

    @cached_property
    def store(self) -> JobStore:
        """Where progress is."""
        return JobStore(self.url)

    def ask(self, session: Session, order: JobRequest) -> Job:
        """Ask for a job within the caller's transaction; raises as :func:`~batchbook.jobs.enqueue.add_job` does."""
        job = add_job(session, order, self.tasks[order.task].done)
        notify_workers(session, self.asked.set)
        return job

    def request_cancel(self, job: Job, by: str) -> None:
        """Note that ``by`` wants the job cancelled, wherever it runs."""
        request_cancel(self.store, job, by)

    def close(self) -> None:
        """Close the connections; what is asked for after that opens new ones."""
        store: JobStore | None = self.__dict__.pop("store", None)
        if store is not None:
            store.close()


def cancel_job(services: Services, session: Session, job: Job, by: str) -> str:
    """Cancel a job for ``by``: at once if it has not begun, else it stops as soon as it can; return the sentence for that.

    While it runs, ``session`` is not touched: it would wait, on SQLite, for the very job. Raises
    :class:`~batchbook.errors.Conflict` for one that has ended.
    """
    if job.has_ended:
        raise Conflict(f"That has ended already. {job.message}")
    services.get(JobService).request_cancel(job, by)
    dropped = None if job.state == JobState.RUNNING else _cancelled_if_writable(services, session, job, by)
    return dropped or "It stops as soon as it can, and nothing of it is kept."


def end_process(services: Services, job: Job, by: str) -> str:
    """Have the process ended that runs a job which does not react; return the sentence for that.

    Raises :class:`~batchbook.errors.Conflict` for a job that does not run, or that may still end by itself.
    """
    jobs = services.get(JobService)
    noted = unresponsive_notes(jobs.store, [job]).get(job.id)
    if job.state != JobState.RUNNING or noted is None or noted.since is None:
        raise Conflict(
            f"The process that runs {job} need not be ended: the job has ended, or still reacts. Nothing was done."
        )
    request_process_end(jobs.store, job, by)
    return f"The process {job.owner} will be ended within seconds, and the job with it."


def force_cancel(services: Services, session: Session, job: Job, by: str) -> str:
    """Cancel a job for ``by`` as :func:`cancel_job` does; if it does not react, its process is ended."""
    running = job.state == JobState.RUNNING
    if running:
        request_process_end(services.get(JobService).store, job, by)
    said = cancel_job(services, session, job, by)
    return f"{said} If it does not react, the process {job.owner} is ended." if running else said


def _cancelled_if_writable(services: Services, session: Session, job: Job, by: str) -> str | None:
    try:
        return cancel_unstarted_job(services, session, job, by)
    except Exception as error:
        if not is_busy(error):
            raise
        return (
            None  # The cancel request is noted all the same: whoever takes the job ends it before it begins.
        )


def cancel_unstarted_job(services: Services, session: Session, job: Job, by: str) -> str | None:
    """Cancel a job that waits or is scheduled, for ``by``; return the sentence that says so, ``None`` if it has begun."""
    message = f"{job.subject} was not {job.done}: {by} cancelled that before it began."
    jobs: JobService = services.get(JobService)
    if not lease.cancel_unstarted(session, job, message, jobs.settings.keep):
        return None
    task = jobs.tasks[job.task]
    task.ended(JobContext(services, session, job, NoProgress()), JobResult(message))
    return message


def retry_job(services: Services, session: Session, job: Job, by: str) -> Job:
    """Ask for ``job`` again, for ``by``; return the new one.

    Raises :class:`~batchbook.errors.Conflict` for one that did not go wrong, and where nobody would run it, else as the
    task's ``again`` does.
    """
    jobs: JobService = services.get(JobService)
    jobs.refuse_inline("so no job can be asked for")
    if not job.went_wrong:
        raise Conflict(
            f"{str(job).capitalize()} is {JobState(job.state).label.lower()}; only what failed or was cancelled can be tried"
            " again. Nothing was done."
        )
    return jobs.tasks[job.task].again(services, session, job, by)
